// The view as a picture: its panes at any resolution, with title, legend, scale and credit around them.
import { Sheet, wrapped } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { aboutView, credit, scaleNote } from "./export_words.js";
import { drawPane } from "../draw/draw_pane.js";
import { paneTitle } from "../picture/pane.js";

const ROOM = 720; // px that a figure is wide at least, so that words have room
const BAR = 50; // px that a scale bar is long at least
const POLL_MS = 60,
  PATIENCE_MS = 30000;

/** Promise of the end of `waiting()`: whether it came within half a minute. */
export async function ended(waiting) {
  const end = performance.now() + PATIENCE_MS;
  while (waiting()) {
    if (performance.now() >= end) return false;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  return true;
}

/**
 * Long walks are answered bit by bit: waits until all that is drawn is exact, half a minute at most. Promise of whether
 * it is.
 */
export async function settled(scenes) {
  const short = () => scenes.filter((scene) => scene.trace && inexact(scene));
  await ended(() => short().some((scene) => !scene.affinity().broken));
  return !short().length;
}

function inexact(scene) {
  const { trace, spec } = scene,
    affinity = scene.affinity();
  if (!affinity?.steps) return false;
  if (spec.stage === "refined" && !trace.refined(spec.round)) return true;
  const { at } = scene.shared;
  if (!at || !scene.asks()) return false;
  scene.ask(at);
  return affinity.at < affinity.steps;
}

/** A figure of a snapshot, `scale` px to a CSS px; `ink`: see inks(). */
export function viewPicture(shot, ink, scale) {
  const panes = drawPanes(shot, scale),
    sheet = new Sheet(Math.max(ROOM, panes.width), ink);
  head(sheet, shot.title, aboutView(shot));
  sheet.add(panes.height, (c, y) => c.drawImage(panes.canvas, 0, y, panes.width, panes.height));
  sheet.gap(10);
  sheet.flow(legendOf(shot, sheet));
  foot(sheet, shot);
  return sheet.canvas(scale);
}

/** Title and lines above a figure. */
export function head(sheet, title, lines) {
  sheet.text(title, { size: 17, weight: 650 });
  for (const line of lines) sheet.text(line, { colour: sheet.ink.soft });
  sheet.gap(10);
}

function foot(sheet, { scenes, state, origin, layout }) {
  const note = [scaleNote(origin, state), credit(origin)].filter(Boolean).join(" · ");
  sheet.gap(6);
  if (state.zoom > 1) scaleBar(sheet, scenes[0].place(layout.width, layout.height).scale);
  sheet.text(note, { size: 12, colour: sheet.ink.soft });
}

/** A line of a round number of photo px; `size`: CSS px of one. */
function scaleBar(sheet, size) {
  const lengths = [1, 2, 5, 10, 20, 50, 100, 200],
    px = lengths.find((n) => n * size >= BAR) ?? lengths.at(-1),
    long = Math.min(px * size, sheet.width);
  sheet.add(20, (c, y) => {
    c.strokeStyle = sheet.ink.ink;
    c.lineWidth = 2;
    c.beginPath();
    c.moveTo(1, y + 5);
    c.lineTo(1, y + 15);
    c.moveTo(1, y + 10);
    c.lineTo(1 + long, y + 10);
    c.moveTo(1 + long, y + 5);
    c.lineTo(1 + long, y + 15);
    c.stroke();
    Object.assign(c, { font: sheet.font(12), fillStyle: sheet.ink.ink, textBaseline: "middle" });
    c.fillText(`${px} px`, long + 10, y + 10.5);
  });
}

/** All panes as they lie on the screen: {canvas, width, height}, the last two in CSS px. */
export function drawPanes({ scenes, layout }, scale) {
  const { columns, width, height, gap } = layout,
    rows = Math.ceil(scenes.length / columns),
    all = { width: columns * (width + gap) - gap, height: rows * (height + gap) - gap },
    canvas = new OffscreenCanvas(all.width * scale, all.height * scale),
    c = canvas.getContext("2d");
  scenes.forEach((scene, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    c.setTransform(1, 0, 0, 1, column * (width + gap) * scale, row * (height + gap) * scale);
    drawLabelled(c, scene, { width, height, scale }, scenes.length > 1);
  });
  return { canvas, ...all };
}

/** One pane with its title (if `titled`) and note, in canvas px. */
export function drawLabelled(c, scene, { width, height, scale }, titled) {
  const notice = scene.notice(),
    lines = (words) => wrapped(words, LABEL, width - 34);
  drawPane(c, scene, { width, height, scale });
  c.save();
  c.scale(scale, scale);
  const title = titled ? lines(paneTitle(scene)) : [];
  title.forEach((line, i) => label(c, line, 8, 8 + LINE * i));
  scene.twoRounds()?.rounds.forEach((round, i) => {
    const [x, side] = i ? [width - 8, "right"] : [8, "left"];
    label(c, `round ${round}`, x, 8 + LINE * title.length, side);
  });
  if (notice)
    lines(notice).forEach((line, i, all) => label(c, line, width / 2, height - 12 - LINE * (all.length - i), "center"));
  c.restore();
}

/** White words on a dark plate, as the page has them on its panes. */
function label(c, words, x, y, align = "left") {
  Object.assign(c, { font: LABEL, textBaseline: "middle", textAlign: "left" });
  const width = c.measureText(words).width + 18,
    left = { left: x, center: x - width / 2, right: x - width }[align];
  c.fillStyle = "rgb(10 12 16 / .78)";
  c.beginPath();
  c.roundRect(left, y, width, LINE, 7);
  c.fill();
  c.fillStyle = "#fff";
  c.fillText(words, left + 9, y + 12.5);
}

const LINE = 24; // CSS px
const LABEL = '12.5px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';
