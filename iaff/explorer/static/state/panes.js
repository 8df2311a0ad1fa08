// What each pane shows: the main one as the state says, the others as the state says but for what their own entry
// ("stage.round.by.source", each part may be empty) changes. The source is the name of a run, which has the same photo,
// or "@" and the name of another photo or trace that is open here.
import { CELL_MAPS, PROPAGATORS, STAGES, perRound } from "./state.js";

export const DIFFERENCE = "difference"; // a pane may show what differs between the first two
export const ERROR = "error"; // or what is wrong with a label map
const OWN_LAYERS = [...STAGES, ...CELL_MAPS, DIFFERENCE, ERROR];
export const COUNTS = [1, 2, 4];
const OTHERS = ["p2", "p3", "p4"]; // the entries of all panes but the main one
const PHOTO = "@";

// What may stand in the affinity's place, as the reader of a paper would call it.
export const BY = {
  ial: { name: "IAL", hint: "the run's own affinity" },
  none: { name: "no propagation", hint: "the unary map as it is (G = I)" },
  walk: { name: "random walk", hint: "over the photo's colours" },
  pamr: { name: "PAMR", hint: "pixel-adaptive refinement" },
  crf: { name: "dense CRF", hint: "where it is installed" },
};

const key = (i) => `p${i + 1}`;

/** The parts of an entry, as texts; "" where it follows the main pane. */
function partsOf(entry) {
  const [stage, round, by, ...source] = (entry ?? "...").split(".");
  return { stage, round, by, source: source.join(".") };
}

/** A photo as the source of a pane, and the other way round: its name, or null. */
export const photoSource = (name) => PHOTO + name;
export const photoOf = (source) => (source.startsWith(PHOTO) && source.slice(PHOTO.length)) || null;

/**
 * {stage, round, by, run, photo} of pane i (0 is the main one): `run` is the name of another run with the same photo,
 * `photo` that of another photo; null where it is the main pane's.
 */
export function specOf(state, i) {
  const main = { stage: state.stage, round: state.round, by: state.by, run: null, photo: null };
  const entry = i > 0 && state[key(i)];
  if (!entry) return main;
  const { stage, round, by, source } = partsOf(entry),
    photo = photoOf(source);
  return {
    stage: OWN_LAYERS.includes(stage) ? stage : main.stage,
    round: +round || main.round,
    by: by === "ial" ? null : PROPAGATORS.includes(by) ? by : main.by,
    run: photo ? null : source || null,
    photo,
  };
}

/** The change of state that gives pane i (from 1) these own values; null or "" follows the main pane. */
export function paneChange(state, i, change) {
  const now = { ...partsOf(state[key(i)]), ...change },
    text = [now.stage, now.round, now.by, now.source].map((v) => v ?? "").join(".");
  return { [key(i)]: text === "..." ? null : text };
}

/** The own values of pane i (from 1), "" where it follows the main pane. */
export const paneValues = (state, i) => partsOf(state[key(i)]);

/** The names of the photos that panes show beside the main one; of `count` panes, or of all that have an entry. */
export function photosBeside(state, count = COUNTS.at(-1)) {
  return OTHERS.slice(0, count - 1)
    .map((name) => photoOf(partsOf(state[name]).source))
    .filter(Boolean);
}

const asChange = (entries) => Object.fromEntries(OTHERS.map((name, i) => [name, entries[i] ?? null]));

/**
 * The change of state that puts a photo beside the main one, or takes it away where it stands there. It takes the place
 * of a pane that shows what the main one does, else one more pane, and of four the last.
 */
export function besideChange(state, name) {
  const source = photoSource(name),
    entries = OTHERS.slice(0, state.panes - 1).map((other) => state[other]),
    others = entries.filter((entry) => partsOf(entry).source !== source);
  if (others.length === entries.length) {
    const copy = entries.indexOf(null);
    others.splice(copy < 0 ? Math.min(others.length, OTHERS.length - 1) : copy, 1, `...${source}`);
  }
  return { panes: 1 + others.length, ...asChange(others) };
}

/**
 * What is worth comparing at a stage of a trace: {main, beside}, a change of the main pane, and the entries of the
 * others. At a stage with rounds its first and last round; at the affinity also what it makes of the map; with one
 * round alone the map before and after; at the stages before the rounds what becomes of them.
 */
export function worthComparing({ stage, round }, { T }) {
  const last = (name) => `${name}.${T}..`,
    other = `.${round === T ? 1 : T}..`;
  if (!T) return { main: {}, beside: [] };
  if (!perRound(stage)) return { main: {}, beside: ["refined", "affinity", "unary"].map(last) };
  if (stage === "affinity" && T === 1) return { main: {}, beside: ["refined...", "unary...", "photo..."] };
  if (stage === "affinity") return { main: {}, beside: ["refined...", other, `refined${other}`] };
  if (T === 1) return { main: { stage: "unary" }, beside: ["refined...", "affinity...", `${DIFFERENCE}...`] };
  const between = T > 2 ? `.${Math.ceil((T + 1) / 2)}..` : last(stage === "refined" ? "unary" : "refined"),
    changes = stage === "superpixels" ? last("confident") : `${DIFFERENCE}...`; // superpixels have no labels
  return { main: { round: 1 }, beside: [last(""), between, changes] };
}

/**
 * The change of state to `count` panes: what is worth comparing comes into those that have no entry yet, and leaves
 * again with the last of them; what was chosen stays for the next time.
 */
export function countChange(state, trace, count) {
  const entries = OTHERS.map((name) => state[name]),
    { main, beside } = worthComparing(state, trace);
  if (count > 1) {
    const fresh = entries.every((entry) => entry === null),
      filled = entries.map((entry, i) => entry ?? (i < count - 1 ? beside[i] : null));
    return { panes: count, ...(fresh && { ...main, diff: null, wipe: null }), ...asChange(filled) };
  }
  while (entries.length && (entries.at(-1) === null || entries.at(-1) === beside[entries.length - 1])) entries.pop();
  return { panes: count, ...asChange(entries) };
}

/** As many panes as come after these: one, two, four, one. */
export const nextCount = (count) => COUNTS.find((n) => n > count) ?? COUNTS[0];
