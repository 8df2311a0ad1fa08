// What each pane shows: the main one as the state says, the others as the state says but for what their own entry
// ("stage.round.by.run", each part may be empty) changes.
import { PROPAGATORS, STAGES } from "./state.js";
import { parameterWords } from "./parameters.js";

export const DIFFERENCE = "difference"; // a pane may show what differs between the first two
export const COUNTS = [1, 2, 4];

// What may stand in the affinity's place, as the reader of a paper would call it.
export const BY = {
  ial: { name: "IAL", hint: "the run's own affinity" },
  none: { name: "no propagation", hint: "the unary map as it is (G = I)" },
  walk: { name: "random walk", hint: "over the photo's colours" },
  pamr: { name: "PAMR", hint: "pixel-adaptive refinement" },
  crf: { name: "dense CRF", hint: "where it is installed" },
  similarity: { name: "similarity", hint: "of the unary network's features: an affinity that nobody learned" },
};

/** What a picture by a propagator is called: its name, and the parameters that are not as by default. */
export const nameOf = (by, { params }) => BY[by].name + (by === "ial" ? "" : parameterWords(params, by));

/** The propagators that stand in the affinity's place in any pane. */
export function shownPropagators(state) {
  const shown = Array.from({ length: state.panes }, (_, i) => specOf(state, i).by);
  return PROPAGATORS.filter((by) => shown.includes(by));
}

const key = (i) => `p${i + 1}`;

/** {stage, round, by, run} of pane i (0 is the main one). */
export function specOf(state, i) {
  const main = { stage: state.stage, round: state.round, by: state.by, run: null };
  const text = i > 0 && state[key(i)];
  if (!text) return main;
  const [stage, round, by, ...run] = text.split(".");
  return {
    stage: [...STAGES, DIFFERENCE].includes(stage) ? stage : main.stage,
    round: +round || main.round,
    by: by === "ial" ? null : PROPAGATORS.includes(by) ? by : main.by,
    run: run.join(".") || null,
  };
}

/** The change of state that gives pane i (from 1) these own values; null or "" follows the main pane. */
export function paneChange(state, i, change) {
  const [stage, round, by, ...run] = (state[key(i)] ?? "...").split("."),
    now = { stage, round, by, run: run.join("."), ...change },
    text = [now.stage, now.round, now.by, now.run].map((v) => v ?? "").join(".");
  return { [key(i)]: text === "..." ? null : text };
}

/** The own values of pane i (from 1), "" where it follows the main pane. */
export function paneValues(state, i) {
  const [stage, round, by, ...run] = (state[key(i)] ?? "...").split(".");
  return { stage, round, by, run: run.join(".") };
}
