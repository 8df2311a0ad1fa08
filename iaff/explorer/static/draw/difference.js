// What changed between two label maps, drawn: with truth, what became right or wrong; else what was gained or lost.
import { changeKinds, correctionKinds } from "../engine/errors.js";
import { CHANGES, CORRECTIONS, drawKinds } from "./kinds.js";

const UNKNOWN = 255,
  VOID = 255;

/** Of a pair (pair.js): {title, note, looks, map, masks, unknown, counts, shares}, see drawKinds(); shares of what counts. */
export function differ({ names, before, after, truth, trace }) {
  const drawn = truth
    ? drawKinds(correctionKinds(before, after, truth), CORRECTIONS, trace, 1)
    : drawKinds(changeKinds(before, after), CHANGES, trace, 1);
  const of = truth ? truth.reduce((sum, id) => sum + Number(id !== VOID), 0) : after.length,
    partial = truth && [before, after].some((labels) => labels.includes(UNKNOWN));
  return {
    ...drawn,
    title: `${names.join(" → ")}:`,
    note: partial ? "unknown counts as wrong" : "",
    shares: drawn.counts.map((count) => count / of),
  };
}
