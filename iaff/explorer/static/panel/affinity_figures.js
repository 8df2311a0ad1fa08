// Leak and reach of the affinity that a pane shows, in words.
import { perRound } from "../state/state.js";
import { cellMap, median, whyNoMap } from "../engine/cell_maps.js";
import { boundaryLabels, boundaryOf, leakRate } from "../engine/leaks.js";
import { number, percent } from "../ui/format.js";

const LATER = "…"; // what is still being computed

/** Whether a pane shows something that an affinity belongs to, and that has rows. */
export const hasRows = ({ trace, spec: { stage, round } }) =>
  Boolean(trace) && perRound(stage) && !whyNoMap(trace, round, "reach");

/** Mean leak over the chosen boundary. */
export function leakOf({ trace, spec, shared }) {
  const labels = boundaryLabels(trace, spec.round, boundaryOf(trace, shared.state)),
    rate = labels && leakRate(trace, spec.round, labels);
  return rate === null ? LATER : Number.isNaN(rate) ? "" : percent(rate);
}

/** Median reach of all cells, or of those that are known so far. It takes the longest, and is asked for last. */
export function reachOf(pane) {
  if (!pane.labels() || leakOf(pane) === LATER) return LATER;
  const { trace, spec } = pane,
    { values, known, total } = cellMap(trace, spec.round, "reach", "");
  if (!values) return LATER;
  return `${number(median(values))}${known < total ? ` ${LATER}` : ""}`;
}
