// What was painted, on the picture.
import { classColour, css, hatch } from "./colour.js";
import { cellOutline } from "./paint.js";
import { ERASED, NONE } from "../state/painted.js";

const WALL = "wall";
const LARGEST_CORNER = 22; // canvas px
const THICKEST = 5; // canvas px of an outline
const drawn = new WeakMap(); // of edits: {version, sheets}

/** Marks the cells of which gates were set by hand: a corner that is turned down. */
function drawGates(context, { gates, trace }, cell) {
  const { n, w } = trace,
    size = Math.max(4, Math.min(cell / 4, LARGEST_CORNER));
  context.save();
  context.fillStyle = "#fff";
  context.strokeStyle = "rgb(8 10 16 / .8)";
  context.lineWidth = size / 8;
  for (const p of new Set([...gates.keys()].map((key) => key % n))) {
    const [right, top] = [((p % w) + 1) * cell, Math.floor(p / w) * cell];
    context.beginPath();
    context.moveTo(right - size, top);
    context.lineTo(right, top);
    context.lineTo(right, top + size);
    context.closePath();
    context.fill();
    context.stroke();
  }
  context.restore();
}

/** [{value, cells, outline}]: what is painted as paths in units of cells; made once for each version. */
function sheets(edits) {
  const { wall, label, trace, version } = edits;
  if (drawn.get(edits)?.version !== version) {
    const painted = [...new Set(label)].filter((k) => k !== NONE),
      made = painted.map((k) => ({ value: k, ...sheet(label, k, trace) }));
    if (wall.includes(1)) made.push({ value: WALL, ...sheet(wall, 1, trace) });
    drawn.set(edits, { version, sheets: made });
  }
  return drawn.get(edits).sheets;
}

/**
 * What is painted: walls dark, labels in their class's colour, erased cells hatched as unknown, and where gates were set.
 * The context's unit is a canvas px, `cell` px of it are one grid cell; `ids` are the channels' class ids.
 */
export function drawEdits(context, edits, cell, ids) {
  context.save();
  context.scale(cell, cell);
  context.strokeStyle = "#fff";
  context.lineWidth = Math.max(1, Math.min(cell / 7, THICKEST)) / cell;
  for (const { value, cells, outline } of sheets(edits)) {
    context.fillStyle = fill(context, value, cell, ids);
    context.fill(cells);
    context.stroke(outline);
  }
  context.restore();
  drawGates(context, edits, cell);
}

function fill(context, value, cell, ids) {
  if (value === WALL) return "rgb(8 10 16 / .88)";
  if (value !== ERASED) return css(classColour(ids[value]));
  const pattern = hatch(context, Math.max(1, cell / 8));
  pattern.setTransform(new DOMMatrix().scale(1 / cell));
  return pattern;
}

/** The cells of a map that hold a value, and their outline, as paths in units of cells. */
function sheet(map, value, { w, h }) {
  const inside = map.map((v) => (v === value ? 1 : 0)),
    cells = new Path2D(),
    outline = new Path2D();
  inside.forEach((yes, p) => yes && cells.rect(p % w, Math.floor(p / w), 1, 1));
  cellOutline(outline, inside, 1, w, h);
  return { cells, outline };
}
