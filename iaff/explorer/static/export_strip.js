// The figure strip: photo, seeds, the map of each round, ground truth, beside each other as in the paper's figures.
import { Sheet, inks } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { credit } from "./export_words.js";
import { head } from "./export_picture.js";
import { Layers } from "./layers.js";
import { Painter } from "./painter.js";
import { ABOUT, percent } from "./stages.js";

const TILE = 176; // CSS px, of a tile's width
const GAP = 8;
const WORDS = 20; // px, of a caption's height
export const CHOICES = ["unary", "confident"]; // rows that may stand above the refined maps

/** Why there is no strip of that trace, or "". */
export const noStrip = ({ T }) => (T ? "" : "This trace has no rounds.");

/** Promise that the refined maps of all rounds are there; long walks take their time. */
export async function refinedAll(trace) {
  const waiting = () => Array.from({ length: trace.T }, (_, i) => trace.refined(i + 1)).includes(null);
  while (waiting()) await new Promise((wake) => setTimeout(wake, 60));
}

/** The strip as a canvas; `rows`: which of CHOICES stand above the refined maps. */
export function strip(app, root, scale, rows = []) {
  const { trace } = app,
    chosen = [...CHOICES.filter((stage) => rows.includes(stage) && trace.has(stage, 1)), "refined"],
    before = ["photo", ...(trace.seeds ? ["seeds"] : [])],
    columns = before.length + trace.T + (trace.truth ? 1 : 0),
    height = Math.round((TILE * trace.H) / trace.W),
    sheet = new Sheet(columns * (TILE + GAP) - GAP, inks(root));
  const by = app.run?.name ? `Run ${app.run.name} · ` : "",
    scored = trace.meta.rounds.some(({ figures }) => Number.isFinite(figures?.refined?.miou));
  head(sheet, app.title.textContent, [
    `${by}refined maps of rounds 1 to ${trace.T}${scored ? " · percentages: mIoU of this photo" : ""}`,
  ]);
  chosen.forEach((stage, i) => {
    const tiles = Array.from({ length: trace.T }, (_, t) => ({ stage, round: t + 1, at: before.length + t }));
    if (i === 0) before.forEach((name, at) => tiles.push({ stage: name, round: 1, at }));
    if (stage === "refined" && trace.truth) tiles.push({ stage: "truth", round: 1, at: columns - 1 });
    row(sheet, app, tiles, height, scale);
  });
  sheet.gap(6);
  sheet.flow(legendOf(seenAs(app, chosen), sheet));
  if (credit(app.origin)) sheet.text(credit(app.origin), { size: 12, colour: sheet.ink.soft });
  return sheet.canvas(scale);
}

/** Tiles {stage, round, at} (column) with their captions. */
function row(sheet, app, tiles, height, scale) {
  const font = sheet.font(12.5);
  sheet.add(height + WORDS + 6, (c, y) => {
    for (const { stage, round, at } of tiles) {
      const x = at * (TILE + GAP);
      c.drawImage(tile(app, stage, round, height, scale), x, y, TILE, height);
      Object.assign(c, { font, fillStyle: sheet.ink.ink, textBaseline: "middle" });
      c.fillText(caption(app.trace, stage, round), x, y + height + WORDS / 2 + 1, TILE);
    }
  });
}

function caption({ meta }, stage, round) {
  if (stage === "truth") return "ground truth";
  if (stage === "photo" || stage === "seeds") return stage;
  const figures = meta.rounds[round - 1].figures ?? {},
    score = figures[stage]?.miou;
  const name = stage === "refined" ? `round ${round}` : `${ABOUT[stage].short}, round ${round}`;
  return Number.isFinite(score) ? `${name} · ${percent(score)}` : name;
}

/** One map over the photo, in canvas px. */
function tile(app, stage, round, height, scale) {
  const { trace } = app,
    canvas = new OffscreenCanvas(TILE * scale, height * scale),
    state = { ...app.state, diff: null, wipe: null, truth: null, over: null },
    view = { scale: canvas.width / trace.W, left: 0, top: 0 };
  const pane = {
    trace,
    view,
    spec: { stage, round },
    app: { state, blink: false },
    layers: Layers.of(trace, app.state),
    overlays: () => [],
    difference: () => null,
  };
  const painter = new Painter(pane, canvas);
  painter.resized(scale);
  painter.draw();
  return canvas;
}

/** The app as if it showed all kinds of the strip's maps, for the legend. */
function seenAs(app, chosen) {
  const { trace } = app,
    state = { ...app.state, truth: null, diff: null, wipe: null, panes: 1, x: null },
    pane = (stage) => ({ trace, spec: { stage, round: 1 }, difference: () => null, query: {} }),
    panes = [trace.seeds && pane("seeds"), pane("unary"), chosen.includes("confident") && pane("confident")].filter(
      Boolean,
    );
  return Object.assign(Object.create(app), { state, picture: { panes, difference: () => null } });
}
