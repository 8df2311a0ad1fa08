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

/**
 * The arithmetic of cell p of a trace with a Scan: who decides it is asked of a class's probability, where its label goes of
 * a map that is 1 at p and 0 elsewhere.
 *
 * @param {any} trace
 * @param {import("../engine/scan.js").Scan} scan
 * @param {{round: number, state: any, p: number}} asked
 */
export function cellArithmetic(trace, scan, { round, state, p }) {
  const { n } = trace,
    k = state.mode === "row" ? classAt(trace, round, state, p) : null,
    d = DIRECTIONS.indexOf(directionOf(state) ?? DIRECTIONS[0]);
  const map = k === null ? new Float32Array(n) : trace.unary(round).subarray(k * n, (k + 1) * n);
  if (k === null) map[p] = 1;
  const pass = lastPass(scan, map);
  return {
    d,
    k, // channel of the class, null for a label of its own
    cell: p,
    passes: scan.passes,
    values: pass.swept[d], // of all cells
    ...termsAt(scan, pass, p, d),
    sums: pass.swept.map((h) => h[p]), // of the four directions
    mean: pass.out[p],
  };
}
