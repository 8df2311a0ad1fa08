// The view as a picture: its panes at any resolution, with title, legend, scale and credit around them.
import { Sheet, inks } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { aboutView, credit, scaleNote } from "./export_words.js";

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
 * it is; `aim` sets the panes before each look at them, as an answer that comes meanwhile shows the page's own view.
 */
export async function settled(app, panes = app.picture.panes, aim = () => {}) {
  const short = () => panes.filter((pane) => pane.trace && inexact(app, pane));
  await ended(() => {
    aim();
    return short().some((pane) => !pane.affinity().broken);
  });
  aim();
  return !short().length;
}

function inexact(app, pane) {
  const { trace, spec } = pane,
    affinity = pane.affinity();
  if (!affinity?.steps) return false;
  if (spec.stage === "refined" && !trace.refined(spec.round)) return true;
  const at = pane.asks() && app.at();
  if (!at) return false;
  pane.ask(at);
  return affinity.at < affinity.steps;
}

/** A figure of the view as it is, `scale` px to a CSS px. */
export function viewPicture(app, root, scale) {
  return apart(app, () => {
    const panes = drawPanes(app, scale),
      sheet = new Sheet(Math.max(ROOM, panes.width), inks(root));
    head(sheet, app.title.textContent, aboutView(app));
    sheet.add(panes.height, (c, y) => c.drawImage(panes.canvas, 0, y, panes.width, panes.height));
    sheet.gap(10);
    sheet.flow(legendOf(app, sheet));
    foot(sheet, app);
    return sheet.canvas(scale);
  });
}

/** Title and lines above a figure. */
export function head(sheet, title, lines) {
  sheet.text(title, { size: 17, weight: 650 });
  for (const line of lines) sheet.text(line, { colour: sheet.ink.soft });
  sheet.gap(10);
}

function foot(sheet, app) {
  const { main } = app.picture,
    note = [scaleNote(app), credit(app.origin)].filter(Boolean).join(" · ");
  sheet.gap(6);
  if (app.state.zoom > 1) scaleBar(sheet, main.view.scale / main.dpr);
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

/** Runs `work`, which draws panes at other resolutions; the page is as before afterwards. */
export function apart({ picture }, work) {
  try {
    return work();
  } finally {
    picture.fit();
  }
}

/** All panes as they lie on the screen: {canvas, width, height}, the last two in CSS px. */
function drawPanes({ picture, state }, scale) {
  const home = picture.grid.getBoundingClientRect(),
    places = picture.panes.map((pane) => {
      const box = pane.node.getBoundingClientRect();
      return { pane, x: Math.round(box.left - home.left), y: Math.round(box.top - home.top) };
    }),
    width = Math.max(...places.map(({ pane, x }) => x + pane.width)),
    height = Math.max(...places.map(({ pane, y }) => y + pane.height)),
    canvas = new OffscreenCanvas(width * scale, height * scale),
    c = canvas.getContext("2d");
  for (const { pane } of places) pane.fit(pane.width, pane.height, scale); // all first: a pane may compare two others
  for (const { pane, x, y } of places) {
    c.setTransform(1, 0, 0, 1, x * scale, y * scale);
    drawPane(c, pane, scale);
  }
  if (!picture.wipe.node.hidden) drawWipe(c, picture.main, state, scale);
  return { canvas, width, height };
}

/** One pane with its title (if `titled`) and note, in canvas px; the pane must be fitted to that scale. */
export function drawPane(c, pane, scale, titled = true) {
  if (pane.trace) {
    pane.draw();
    c.drawImage(pane.base, 0, 0);
    c.drawImage(pane.over, 0, 0);
  } else {
    c.fillStyle = "#808690";
    c.fillRect(0, 0, pane.width * scale, pane.height * scale);
  }
  c.save();
  c.scale(scale, scale);
  if (titled && !pane.caption.hidden) label(c, pane.caption.textContent, 8, 8);
  if (!pane.notice.hidden) label(c, pane.notice.textContent, pane.width / 2, pane.height - 36, "center");
  c.restore();
}

/** White words on a dark plate, as the page has them on its panes. */
function label(c, words, x, y, align = "left") {
  Object.assign(c, { font: LABEL, textBaseline: "middle", textAlign: "left" });
  const width = c.measureText(words).width + 18,
    left = { left: x, center: x - width / 2, right: x - width }[align];
  c.fillStyle = "rgb(10 12 16 / .78)";
  c.beginPath();
  c.roundRect(left, y, width, 24, 7);
  c.fill();
  c.fillStyle = "#fff";
  c.fillText(words, left + 9, y + 12.5);
}

const LABEL = '12.5px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';

function drawWipe(c, main, { wipe, diff, round }, scale) {
  const x = (main.width * wipe) / 100;
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.fillStyle = "rgb(0 0 0 / .5)";
  c.fillRect(x - 2, 0, 4, main.height);
  c.fillStyle = "#fff";
  c.fillRect(x - 1, 0, 2, main.height);
  label(c, `round ${diff}`, x - 8, 10, "right");
  label(c, `round ${round}`, x + 8, 10);
}
