// An affinity whose cells may have partners anywhere, attention among them, as iaff.propagation.Sparse.
import { Stepped } from "./stepped.js";

export class Sparse extends Stepped {
  /** Of a sparse matrix, see sparse_matrix.js. */
  constructor(partners, weights, h, w, steps) {
    super("sparse", [partners, weights, h, w, steps]);
  }
}
