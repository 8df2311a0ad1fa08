// What the arithmetic of a cell is about, in a scene: of which map, in which direction, and what comes out.
import { DIRECTIONS } from "../state/state.js";
import { directionOf } from "../state/arithmetic.js";
import { lastPass, termsAt } from "../engine/arithmetic.js";
import { shownClasses } from "./layers.js";

/** The class that is reckoned with at a cell: of those that are shown, the one that the refined map believes in most. */
function classAt(trace, round, state, p) {
  const shown = shownClasses(trace.meta.classes, state),
    refined = trace.refined(round);
  return shown.reduce((best, yes, k) => {
    if (!yes) return best;
    return best < 0 || refined[k * trace.n + p] > refined[best * trace.n + p] ? k : best;
  }, -1);
}

/** The line of a cell in the order in which direction d (0..3) walks, from 0. */
export function lineOfCell({ w, h }, d, p) {
  const at = d < 2 ? p % w : Math.floor(p / w);
  return d % 2 ? (d < 2 ? w : h) - 1 - at : at;
}

/**
 * The cell whose arithmetic it is while a scan is watched: the one that goes on with the front from the pinned cell p, in its
 * row or column. Before the front has come to p, it is p. A row is walked backwards: then it is whom p hears through.
 */
function withFront({ w, h }, { direction: d, lines, total }, p, back) {
  const own = lineOfCell({ w, h }, d, p),
    line = back ? Math.max(0, Math.min(own, total - lines - 1)) : Math.max(own, lines - 1),
    at = d % 2 ? total - 1 - line : line;
  return d < 2 ? p - (p % w) + at : at * w + (p % w);
}

/** The scan over the unary probability of class k: the same for every cell, so that moving over them costs no scan. */
const passOf = (trace, scan, round, k) => lastPass(scan, trace.unary(round).subarray(k * trace.n, (k + 1) * trace.n));

const fromCell = new WeakMap(); // Scan: {p, pass}, which picture, numbers and panel ask for, one after the other

/** The scan over a map that is 1 at cell p and 0 elsewhere. */
function passFrom(scan, p) {
  if (fromCell.get(scan)?.p !== p) {
    const map = new Float32Array(scan.n);
    map[p] = 1;
    fromCell.set(scan, { p, pass: lastPass(scan, map) });
  }
  return fromCell.get(scan).pass;
}

/**
 * The arithmetic of cell p of a trace with a Scan: who decides it is asked of a class's probability, where its label goes of
 * a map that is 1 at p and 0 elsewhere. While a scan is watched, it goes on with the front.
 *
 * @param {any} trace
 * @param {import("../engine/scan.js").Scan} scan
 * @param {{round: number, state: any, p: number, walked: any}} asked `walked`: how far the scan has come, or null
 */
export function cellArithmetic(trace, scan, { round, state, p, walked }) {
  const back = state.mode === "row",
    k = back ? classAt(trace, round, state, p) : null,
    d = walked?.direction ?? DIRECTIONS.indexOf(directionOf(state)),
    cell = walked ? withFront(trace, walked, p, back) : p;
  const pass = k === null ? passFrom(scan, p) : trace.once(`pass${round}.${k}`, () => passOf(trace, scan, round, k)),
    values = pass.swept[d];
  return {
    d,
    k, // channel of the class, null for a label of its own
    cell,
    walked,
    passes: scan.passes,
    values: walked && !back ? values.map((h, q) => (lineOfCell(trace, d, q) < walked.lines ? h : NaN)) : values, // in the cells
    ...termsAt(scan, pass, cell, d),
    sums: pass.swept.map((h) => h[cell]), // of the four directions
    mean: pass.out[cell],
  };
}
