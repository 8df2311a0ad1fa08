// What is written on exported figures, and what their files are called.
import { ABOUT } from "../panel/stages.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { perRound, WAYS } from "../state/state.js";
import { number } from "../ui/format.js";
import { nameOf } from "../state/panes.js";
import { pinsOf } from "../state/pins.js";

/** A text as a part of a file name. */
export const slug = (text) =>
  text
    .normalize("NFKD")
    .replace(/\.(jpe?g|png|webp|gif|bmp|tiff?|ppm|safetensors)$/i, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60) || "photo";

/** "iaff_chelsea_round3_affinity.png" for a snapshot. */
export function fileName({ name, state }, ending) {
  const { stage, round, panes } = state,
    when = perRound(stage) ? `_round${round}` : "",
    many = panes > 1 ? `_${panes}panes` : "";
  return `iaff_${name}${when}_${stage}${many}${ending}`;
}

/** The lines above a figure of a snapshot: [which layer of which run, what is asked and how]. */
export function aboutView(shot) {
  const { state, scenes, run } = shot,
    when = perRound(state.stage) ? `, round ${state.round} of ${scenes[0].trace.T}` : "",
    what = scenes.length > 1 ? `${scenes.length} panes` : `${ABOUT[state.stage].name}${when}`;
  return [[run && `Run ${run}`, what].filter(Boolean).join(" · "), asked(shot), capital(how(shot))].filter(Boolean);
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What the pin, or the cursor, is asked, and the answer in numbers. */
function asked({ state, scenes, at }) {
  const scene = at && scenes.find((one) => one.trace && one.asks()),
    [pin] = pinsOf(state);
  if (!scene) return pin ? `Pinned: pixel ${pin.x}, ${pin.y}` : "";
  const { count, mass } = scene.ask(at),
    question = state.mode === "row" ? "Which pixels decide pixel" : "Where the label goes of pixel",
    which = scenes.length > 1 ? ` (in pane ${scene.index + 1})` : "";
  return `${question} ${at.x}, ${at.y} · reach: ${number(count)} cells hold 90 % of the mass${which}, mass ${mass.toFixed(mass < 10 ? 3 : 1)}`;
}

/** What is different from the plain view of the stage, or "". */
export function how({ state, scenes, edits }) {
  const [main] = scenes,
    pair = main.pair(),
    { by } = main.spec, // none while its answer is awaited
    over = main
      .overlays()
      .map(({ name, opacity }) => `${(ABOUT[name] ?? ABOUT_MAPS[name])?.short ?? name} (${opacity} % opaque)`);
  return [
    by && `by ${nameOf(by, state)}`,
    state.dir && `scan ${WAYS[state.dir]} alone`,
    state.passes && `${state.passes} passes`,
    pair && state.wipe !== null && `left of the line ${pair.names[0]}, right of it ${pair.names[1]}`,
    pair && state.wipe === null && `changes from ${pair.names.join(" to ")}`,
    over.length && `above it: ${over.join(", ")}`,
    state.cls && `classes shown: ${state.cls.replaceAll(",", ", ")}`,
    main.spec.stage === "cam" && camPart(main.layers),
    tried(state),
    main.leaks() && "marked: where most of another label comes in",
    edits && !edits.empty && "with walls, labels or gates set by hand",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Which scale or step of the climb of the CAM is shown alone, or "". */
function camPart(layers) {
  const [part, i] = layers.camPart();
  if (!part) return "";
  if (part === "cam_scales") return `of the photo at ${layers.trace.meta.cam_scales[i]} times its size alone`;
  return i ? `after step ${i} of the climb alone` : "of the photo before the climb alone";
}

const TRIED = { fg: "object seeds", bg: "background seeds", tau: "τ", taubg: "τ of background", purity: "purity" };

/** Thresholds that are tried in place of the run's. */
function tried(state) {
  const changed = Object.entries(TRIED).filter(([key]) => state[key] !== null);
  return changed.length ? `tried: ${changed.map(([key, name]) => `${name} ${state[key]}`).join(", ")}` : "";
}

/** "1 cell = 4 × 4 px of the photo (352 × 234 px)", and the zoom. */
export function scaleNote({ stride, W, H }, state) {
  const cell = `1 cell = ${stride} × ${stride} px of the photo (${W} × ${H} px)`;
  return state.zoom > 1 ? `${cell} · zoom ${state.zoom.toFixed(1)} ×` : cell;
}

/** Who took the photo, where the trace knows. */
export function credit({ meta: { credit: of } }) {
  const text = of ? [of.author, of.licence].filter(Boolean).join(", ") : "";
  return text && `Photo: ${text}`;
}
