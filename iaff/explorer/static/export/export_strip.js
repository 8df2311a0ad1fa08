// The figure strip: photo, seeds, the map of each round, ground truth, beside each other as in the paper's figures.
import { Sheet, inks } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { credit, how, runOf } from "./export_words.js";
import { ended, head } from "./export_picture.js";
import { Layers } from "../draw/layers.js";
import { Painter } from "../draw/painter.js";
import { miou } from "../engine/score.js";
import { ABOUT } from "../panel/stages.js";
import { percent } from "../ui/format.js";

const TILE = 176; // CSS px, of a tile's width
const GAP = 8;
const WORDS = 20; // px, of a caption's height
export const CHOICES = ["unary", "confident"]; // rows that may stand above the refined maps

const MAPS = { unary: "unary maps", confident: "confident regions", refined: "refined maps" };
const listed = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");

/** What a trace's strip shows. */
export const stripWords = ({ seeds, truth }) =>
  `${["Photo", seeds && "seeds", "every round", truth && "ground truth"].filter(Boolean).join(", ")}, beside each other.`;

/** Why there is no strip of that trace, or "". */
export const noStrip = ({ T }) => (T ? "" : "This trace has no rounds.");

/** Promise that the refined maps of all rounds are there; long walks take their time. It fails with a sentence. */
export async function refinedAll(trace) {
  const missing = () => Array.from({ length: trace.T }, (_, i) => i + 1).filter((t) => !trace.refined(t));
  await ended(() => {
    const rounds = missing();
    return rounds.length > 0 && !rounds.some((t) => trace.affinity(t).broken);
  });
  if (missing().length) throw new Error("The maps of the random walk did not come.");
}

/** The strip as a canvas; `rows`: which of CHOICES stand above the refined maps. */
export function strip(app, root, scale, rows = []) {
  const { trace } = app,
    chosen = [...CHOICES.filter((stage) => rows.includes(stage) && trace.has(stage, 1)), "refined"],
    before = ["photo", ...(trace.seeds ? ["seeds"] : [])],
    columns = before.length + trace.T + (trace.truth ? 1 : 0),
    height = Math.round((TILE * trace.H) / trace.W),
    sheet = new Sheet(columns * (TILE + GAP) - GAP, inks(root));
  const seen = seenAs(app, chosen),
    run = runOf(app),
    scored = Array.from({ length: trace.T }, (_, t) => score(app, "refined", t + 1)).some(Number.isFinite);
  const parts = [
    run && `Run ${run}`,
    `${listed(chosen.map((stage) => MAPS[stage]))} of rounds 1 to ${trace.T}`,
    how(seen),
    scored && "percentages: mIoU of this photo",
  ];
  head(sheet, app.title.textContent, [parts.filter(Boolean).join(" · ")]);
  chosen.forEach((stage, i) => {
    const tiles = Array.from({ length: trace.T }, (_, t) => ({ stage, round: t + 1, at: before.length + t }));
    if (i === 0) before.forEach((name, at) => tiles.push({ stage: name, round: 1, at }));
    if (stage === "refined" && trace.truth) tiles.push({ stage: "truth", round: 1, at: columns - 1 });
    row(sheet, app, tiles, height, scale, chosen.length === 1);
  });
  sheet.gap(6);
  sheet.flow(legendOf(seen, sheet));
  if (credit(app.origin)) sheet.text(credit(app.origin), { size: 12, colour: sheet.ink.soft });
  return sheet.canvas(scale);
}

/** Tiles {stage, round, at} (column) with their captions; `alone`: there is no other row. */
function row(sheet, app, tiles, height, scale, alone) {
  const font = sheet.font(12.5);
  sheet.add(height + WORDS + 6, (c, y) => {
    for (const { stage, round, at } of tiles) {
      const x = at * (TILE + GAP);
      c.drawImage(tile(app, stage, round, height, scale), x, y, TILE, height);
      Object.assign(c, { font, fillStyle: sheet.ink.ink, textBaseline: "middle" });
      c.fillText(caption(app, stage, round, alone), x, y + height + WORDS / 2 + 1, TILE);
    }
  });
}

function caption(app, stage, round, alone) {
  if (stage === "truth") return "ground truth";
  if (stage === "photo" || stage === "seeds") return stage;
  const share = score(app, stage, round),
    name = alone ? `round ${round}` : `${ABOUT[stage].short}, round ${round}`;
  return Number.isFinite(share) ? `${name} · ${percent(share)}` : name;
}

/** mIoU (0..1) of a map: the trace's own figure, or measured where the map is not its own; no number without one. */
function score({ trace, origin }, stage, t) {
  if (trace === origin) return trace.meta.rounds[t - 1].figures?.[stage]?.miou;
  if (stage === "confident" || !trace.truth) return null;
  const ids = trace.meta.class_ids;
  return trace.once(`miou-${stage}${t}`, () =>
    miou(
      trace.full(stage, t).label.map((k) => ids[k]),
      trace.truth,
    ),
  );
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
    layers: new Layers(trace, app.state),
    overlays: () => [],
    difference: () => null,
  };
  const painter = new Painter(pane, canvas);
  painter.resized(scale);
  painter.draw();
  return canvas;
}

/** The app as if it showed all kinds of the strip's maps and nothing else, for the words and the legend. */
function seenAs(app, chosen) {
  const { trace } = app,
    { by } = app.picture.main.spec,
    plain = { truth: null, diff: null, wipe: null, dir: null, panes: 1, x: null },
    others = app.state.by ? { passes: null } : {}, // another propagator knows neither passes nor what was painted
    state = { ...app.state, ...plain, ...others },
    main = { spec: { by }, overlays: () => [], leaks: null },
    pane = (stage) => ({ trace, spec: { stage, round: 1 }, difference: () => null, query: {} }),
    panes = [trace.seeds && pane("seeds"), pane("unary"), chosen.includes("confident") && pane("confident")].filter(
      Boolean,
    );
  return Object.assign(Object.create(app), {
    state,
    edits: app.state.by ? null : app.edits,
    picture: { main, panes, difference: () => null },
    comparable: () => false,
  });
}
