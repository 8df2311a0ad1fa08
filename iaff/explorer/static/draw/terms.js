// The terms of a cell's arithmetic on the picture: the cell, its three neighbours, and an arrow from each, as wide as its
// gate. The panel's formula has the same colours.
import { arrow } from "./arrow.js";

// The cell itself, and the neighbours in the order of the gates; none is a class's colour, all show on the glow.
export const OWN_COLOUR = "#ffffff";
export const TERM_COLOURS = ["#27e7ff", "#b5ff3c", "#ff6fe1"];
const CASING = "rgb(0 0 0 / .7)";
const HALF = 0.25; // of a cell, that an arrow reaches to either side of the border that it crosses
const WIDEST = 0.42; // of a cell, at a gate of 1
const EMPTY = 0.004; // gates below are drawn as nothing

/** A frame within cell p of a grid that is `w` cells wide, a cell `size` px and the line `width` px. */
export function frameCell(context, p, w, size, colour, width) {
  const inset = Math.min(width, size / 6),
    [x, y] = [(p % w) * size + inset, Math.floor(p / w) * size + inset];
  for (const [ink, wide] of [
    [CASING, 1.8 * width],
    [colour, width],
  ]) {
    context.lineWidth = wide;
    context.strokeStyle = ink;
    context.strokeRect(x, y, size - 2 * inset, size - 2 * inset);
  }
}

/**
 * The context's unit is a canvas px, `cell` px of it are one cell of the grid, which is `w` cells wide. `lit`: the term that
 * is pointed at, "own" or 0..2, else null.
 */
export function drawTerms(context, { cell: p, own, heard }, { w, cell, dpr, lit }) {
  const at = (q) => [(q % w) * cell, Math.floor(q / w) * cell];
  context.save();
  context.lineJoin = "round";
  const frame = (q, colour, strong) => frameCell(context, q, w, cell, colour, (strong ? 4 : 2) * dpr);
  heard.forEach((term, k) => term.cell >= 0 && frame(term.cell, TERM_COLOURS[k], lit === k));
  frame(own.cell, OWN_COLOUR, lit === "own");
  const [x, y] = at(p);
  heard.forEach((term, k) => {
    if (term.cell < 0 || term.weight < EMPTY) return;
    const [fromX, fromY] = at(term.cell),
      [middleX, middleY] = [(x + fromX + cell) / 2, (y + fromY + cell) / 2],
      [dx, dy] = [(x - fromX) * HALF, (y - fromY) * HALF];
    context.beginPath();
    arrow(
      context,
      [middleX - dx, middleY - dy],
      [middleX + dx, middleY + dy],
      Math.max(3 * dpr, WIDEST * cell * term.weight),
    );
    context.lineWidth = (lit === k ? 4 : 2) * dpr;
    context.strokeStyle = lit === k ? "#fff" : CASING;
    context.stroke();
    context.fillStyle = TERM_COLOURS[k];
    context.fill();
  });
  context.restore();
}
