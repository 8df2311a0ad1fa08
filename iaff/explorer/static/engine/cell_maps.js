// Maps of an affinity on the grid, a number for every cell: where other labels decide (leak), from how far it listens
// (reach), how much it keeps of itself (self-weight), how much its gates let through (gate strength).
import { Scan } from "./scan.js";
import { boundaryLabels, leakMap, linear } from "./leaks.js";
import { RowMaps } from "./row_maps.js";

const NO_ROUNDS = "This trace has no rounds, so there is no affinity to map.";
const COMPUTING = "Computing …";
const BROKEN = "This browser does not compute it.";
const NO_GATES = "This affinity is no scan: it has no gates.";

/**
 * A map of round t, {values, shown, known, total, why}. `values`: Float32Array (n), NaN where there is none, or not yet;
 * null where there is no map (yet), and `why` says so. Leak 0..1, NaN at void cells; reach in cells; self-weight and gate
 * strength 0..1. `shown`: the same for the eye, where cells that are not known yet stand for a known one beside them.
 * `known` of `total` cells are there; a total below n is a sample. While more is being computed, `trace.onlater` is
 * called at every step, and whoever is still interested asks again; else it is let be.
 *
 * @param {any} trace
 * @param {number} t
 * @param {string} name one of state/panes.js's CELL_MAPS
 * @param {string} which boundary the leak is about, "truth" or "labels", see boundaryLabels
 */
export function cellMap(trace, t, name, which) {
  const why = whyNoMap(trace, t, name);
  return why ? none(why) : MAPS[name](trace, t, trace.affinity(t), which);
}

/** Why there can be no such map of round t, in a sentence, or "". */
export function whyNoMap(trace, t, name) {
  if (!trace.T) return NO_ROUNDS;
  const g = trace.affinity(t);
  if (!linear(g)) return `${g.why} Without a matrix there is no such map.`;
  return name === "gates" && !(g instanceof Scan) ? NO_GATES : "";
}

const MAPS = {
  leak(trace, t, g, which) {
    const labels = boundaryLabels(trace, t, which),
      map = labels && leakMap(trace, t, labels);
    return map ? whole(map) : none(g.broken ? BROKEN : COMPUTING);
  },
  reach: (trace, t, g) => (still(g) ? whole(ones(trace)) : ofRows(trace, t, "reach")),
  selfweight(trace, t, g) {
    if (still(g)) return whole(ones(trace));
    // No path of one direction comes back to where it began, so that one pass leaves what each direction keeps. The
    // first cells of a direction have no gates and keep all, as `keep` has it.
    if (g instanceof Scan && g.passes === 1) return whole(trace.once(`self${t}`, () => meanKept(g)));
    return ofRows(trace, t, "self");
  },
  gates: (trace, t, g) => whole(trace.once(`strength${t}`, () => meanKept(g).map((kept) => 1 - kept))),
};

/** How many of a map's values lie in each of `bars` equal parts of a scale: `at(v)` is where, 0..1. */
export function counted(values, at, bars) {
  const counts = Array.from({ length: bars }, () => 0);
  for (const v of values) if (!Number.isNaN(v)) counts[barOf(at(v), bars)]++;
  return counts;
}

/** In which of `bars` equal parts of a scale a share 0..1 of it lies; what is beyond its ends, in the last. */
export const barOf = (share, bars) => Math.max(0, Math.min(bars - 1, Math.floor(bars * share)));

/** The middle one of a map's values, NaN where none is known. */
export function median(values) {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort(),
    half = sorted.length >> 1;
  if (!sorted.length) return NaN;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const still = (g) => g.by === "none"; // G = I
const ones = (trace) => trace.once("ones", () => new Float32Array(trace.n).fill(1));
const none = (why) => ({ values: null, shown: null, known: 0, total: 0, why });
const whole = (values) => ({ values, shown: values, known: values.length, total: values.length, why: "" });

function ofRows(trace, t, which) {
  const rows = trace.once(`rows${t}`, () => new RowMaps(trace.affinity(t), trace, () => trace.onlater()));
  rows.look();
  if (!rows.known) return none(rows.broken ? BROKEN : COMPUTING);
  const { known, order } = rows;
  return { values: rows[which], shown: rows.filled(rows[which]), known, total: order.length, why: "" };
}

/** What a cell keeps of itself, the mean over the four directions: Float32Array (n). */
function meanKept({ keep, n }) {
  return new Float32Array(n).map((_, p) => (keep[p] + keep[n + p] + keep[2 * n + p] + keep[3 * n + p]) / 4);
}
