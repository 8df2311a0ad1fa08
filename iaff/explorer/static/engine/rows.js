// Rows of an affinity, one cell after the other: how far each reaches, and how much it keeps of itself. Runs in a worker
// (rows_worker.js).
import { MATRICES } from "./matrices.js";
import { Scan } from "./scan.js";

const HELD = 0.9; // of a row's mass
const LATTICES = [8, 4, 2, 1]; // cells from one asked cell to the next, coarse to fine
const WORK = 2e10; // multiplications that a map may cost: some twenty seconds

/** The cell in the middle of the block of `step` x `step` cells that cell (r, c) of the grid h x w lies in. */
export function middleOf(r, c, step, h, w) {
  const middle = (v, size) => Math.min(size - 1, v - (v % step) + (step >> 1));
  return middle(r, h) * w + middle(c, w);
}

/**
 * In which order cells are asked: the middles of blocks of 8 x 8 cells first, of single ones last. Where all would cost
 * too much, a lattice of them: {order: Uint32Array, step}, cells from one asked cell to the next.
 */
export function coarseToFine(h, w, cost) {
  const asked = new Set();
  let step = LATTICES[0];
  for (const finer of LATTICES) {
    if (finer < step && Math.ceil(h / finer) * Math.ceil(w / finer) * cost > WORK) break;
    step = finer;
    for (let r = 0; r < h; r += step) for (let c = 0; c < w; c += step) asked.add(middleOf(r, c, step, h, w));
  }
  return { order: Uint32Array.from(asked), step };
}

/** What a worker makes an affinity of: of a Scan, or of one that is walked in steps (see stepped.js). */
export function recipeOf(g) {
  if (g instanceof Scan) return { kind: "scan", make: [g.gates, g.h, g.w, g.passes] };
  const { kind, make } = g;
  return { kind, make };
}

/** What then answers for rows: {n, row(p, out)}. */
export function rowsOf({ kind, make }) {
  if (kind === "scan") return new Scan(...make);
  const matrix = new MATRICES[kind](...make),
    steps = make.at(-1);
  const row = (p, out) => {
    out.fill(0);
    out[p] = 1;
    matrix.walk(out, true, steps, p);
  };
  return { n: matrix.n, row };
}

/** Multiplications that one row costs, about. */
export const costOf = (g) => g.n * (g instanceof Scan ? 16 * g.passes : g.steps * (1 + g.matrix.count));

const DROPPED = 18; // bits of a weight, so that those left rise with it and name its bucket
const BUCKETS = (0x3f800000 >>> DROPPED) + 2; // up to a weight of 1, and a little more by rounding

/** The smallest number of cells that hold 90 % of a row, as scan.js's `reach` has it, without sorting the row. */
export class RowReach {
  constructor(n) {
    this.row = new Float32Array(n);
    this.bits = new Uint32Array(this.row.buffer);
    this.sums = new Float64Array(BUCKETS);
    this.last = new Float32Array(n);
  }

  /** Of the weights in `row`, each 0..1. */
  count() {
    const { row, bits, sums, last } = this,
      n = row.length;
    sums.fill(0);
    let mass = 0;
    for (let p = 0; p < n; p++) {
      sums[bits[p] >>> DROPPED] += row[p];
      mass += row[p];
    }
    const enough = (HELD - 1e-6) * mass; // as iaff.propagation.reach
    let held = 0,
      bucket = BUCKETS - 1;
    while (bucket > 0 && held + sums[bucket] < enough) held += sums[bucket--];
    let count = 0,
      left = 0;
    for (let p = 0; p < n; p++) {
      const of = bits[p] >>> DROPPED;
      if (of > bucket) count++;
      else if (of === bucket) last[left++] = row[p];
    }
    const sorted = last.subarray(0, left).sort();
    while (left > 0 && held < enough) {
      held += sorted[--left];
      count++;
    }
    return count;
  }
}
