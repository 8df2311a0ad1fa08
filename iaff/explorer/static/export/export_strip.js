// The figure strip: photo, seeds, the map of each round, ground truth, beside each other as in the paper's figures.
import { Sheet } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { credit, how } from "./export_words.js";
import { ended, head } from "./export_picture.js";
import { drawPane } from "../draw/draw_pane.js";
import { Scene, aloneScene } from "../draw/scene.js";
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

/** The strip of a snapshot as a sheet, its maps at `scale`; `rows`: which of CHOICES stand above the refined maps; `ink`: see inks(). */
export function strip(shot, ink, scale, rows = []) {
  const { trace } = shot.scenes[0],
    chosen = [...CHOICES.filter((stage) => rows.includes(stage) && trace.has(stage, 1)), "refined"],
    before = ["photo", ...(trace.seeds ? ["seeds"] : [])],
    columns = before.length + trace.T + (trace.truth ? 1 : 0),
    height = Math.round((TILE * trace.H) / trace.W),
    sheet = new Sheet(columns * (TILE + GAP) - GAP, ink);
  const plain = plainMaps(shot, chosen),
    scored = Array.from({ length: trace.T }, (_, t) => score(plain, "refined", t + 1)).some(Number.isFinite);
  const parts = [
    shot.run && `Run ${shot.run}`,
    `${listed(chosen.map((stage) => MAPS[stage]))} of rounds 1 to ${trace.T}`,
    how(plain),
    scored && "percentages: mIoU of this photo",
  ];
  head(sheet, shot.title, [parts.filter(Boolean).join(" · ")]);
  chosen.forEach((stage, i) => {
    const tiles = Array.from({ length: trace.T }, (_, t) => ({ stage, round: t + 1, at: before.length + t }));
    if (i === 0) before.forEach((name, at) => tiles.push({ stage: name, round: 1, at }));
    if (stage === "refined" && trace.truth) tiles.push({ stage: "truth", round: 1, at: columns - 1 });
    row(sheet, plain, tiles, height, scale, chosen.length === 1);
  });
  sheet.gap(6);
  sheet.flow(legendOf(plain, sheet));
  if (credit(shot.origin)) sheet.text(credit(shot.origin), { size: 12, colour: sheet.ink.soft });
  return sheet;
}

/** Tiles {stage, round, at} (column) with their captions; `alone`: there is no other row. */
function row(sheet, plain, tiles, height, scale, alone) {
  const font = sheet.font(12.5);
  sheet.add(height + WORDS + 6, (c, y) => {
    for (const { stage, round, at } of tiles) {
      const x = at * (TILE + GAP);
      c.drawImage(tile(plain, stage, round, height, scale), x, y, TILE, height);
      Object.assign(c, { font, fillStyle: sheet.ink.ink, textBaseline: "middle" });
      c.fillText(caption(plain, stage, round, alone), x, y + height + WORDS / 2 + 1, TILE);
    }
  });
}

function caption(plain, stage, round, alone) {
  if (stage === "truth") return "ground truth";
  if (stage === "photo" || stage === "seeds") return stage;
  const share = score(plain, stage, round),
    name = alone ? `round ${round}` : `${ABOUT[stage].short}, round ${round}`;
  return Number.isFinite(share) ? `${name} · ${percent(share)}` : name;
}

/** mIoU (0..1) of a map: the trace's own figure, or measured where the map is not its own; no number without one. */
function score({ scenes, origin }, stage, t) {
  const { trace } = scenes[0];
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
function tile(plain, stage, round, height, scale) {
  const { trace } = plain.scenes[0],
    canvas = new OffscreenCanvas(TILE * scale, height * scale),
    scene = aloneScene({ ...plain, edits: null }, { trace, spec: { stage, round } }),
    view = { scale: canvas.width / trace.W, left: 0, top: 0 };
  drawPane(canvas.getContext("2d"), scene, { width: TILE, height, scale, view });
  return canvas;
}

/** A snapshot as if it showed all kinds of the strip's maps and nothing else, for the words and the legend. */
function plainMaps(shot, chosen) {
  const [{ trace, spec }] = shot.scenes,
    { by } = spec,
    bare = { truth: null, over: null, diff: null, wipe: null, dir: null, x: null, tab: "stage" },
    others = shot.state.by ? { passes: null } : {}, // another propagator knows neither passes nor what was painted
    plain = {
      ...shot,
      state: { ...shot.state, ...bare, ...others },
      edits: shot.state.by ? null : shot.edits,
      at: null,
      region: -1,
      blink: null,
      guess: null,
    };
  const stages = [trace.seeds && "seeds", "unary", chosen.includes("confident") && "confident"].filter(Boolean);
  plain.scenes = stages.map((stage, i) => new Scene(plain, i, { trace, spec: { stage, round: 1, by } }));
  return plain;
}
