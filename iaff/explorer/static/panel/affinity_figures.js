// Leak and reach of the affinity that a pane shows.
import { perRound } from "../state/state.js";
import { cellMap, median, whyNoMap } from "../engine/cell_maps.js";
import { boundaryLabels, boundaryOf, leakRate } from "../engine/leaks.js";

/** Whether a pane shows something that an affinity belongs to, and that has rows. */
export const hasRows = ({ trace, spec: { stage, round } }) =>
  Boolean(trace) && perRound(stage) && !whyNoMap(trace, round, "reach");

/** Mean leak over the chosen boundary, 0..1; null while it is being computed, NaN where nothing can leak. */
function leak({ trace, spec, shared }) {
  const labels = boundaryLabels(trace, spec.round, boundaryOf(trace, shared.state));
  return labels && leakRate(trace, spec.round, labels);
}

/** Mean leak over the chosen boundary, 0..1, or null. */
export function leakOf(scene) {
  const rate = hasRows(scene) ? leak(scene) : null;
  return Number.isFinite(rate) ? rate : null;
}

export const leakIsOpen = (scene) => hasRows(scene) && leak(scene) === null;

/** The map of reach. It takes the longest, and is asked for last: null before. */
const reach = (scene) =>
  hasRows(scene) && scene.labels() && !leakIsOpen(scene) ? cellMap(scene.trace, scene.spec.round, "reach", "") : null;

/** Median reach in cells, of all cells or of those that are known so far, or null. */
export function reachOf(scene) {
  const { values = null } = reach(scene) ?? {};
  return values && median(values);
}

export function reachIsOpen(scene) {
  const { values, known, total } = reach(scene) ?? {};
  return hasRows(scene) && (!values || known < total);
}
