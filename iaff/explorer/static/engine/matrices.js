// The matrices that a Stepped affinity applies again and again, by its `kind`.
import { SparseMatrix } from "./sparse_matrix.js";
import { Stencil } from "./stencil.js";

/**
 * What one step does. `walk` walks on from `x` (n, overwritten) until `steps` are done or `until` (performance.now()) is
 * reached, and returns the steps; `from`: the one cell where x is not 0, or -1.
 *
 * @typedef {object} StepMatrix
 * @property {number} n cells
 * @property {number} count the most others that a cell listens to
 * @property {(x: Float32Array, transposed: boolean, steps: number, from?: number, until?: number) => number} walk
 */

/** Each is made of the affinity's `make`. @type {Record<"stencil" | "sparse", new (...make: any[]) => StepMatrix>} */
export const MATRICES = { stencil: Stencil, sparse: SparseMatrix };
