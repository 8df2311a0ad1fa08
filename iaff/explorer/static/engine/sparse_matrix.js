// A step to any cells: (T x)[p] = (1 - sum_j w[p][j]) x[p] + sum_j w[p][j] x[partners[p][j]], as iaff.propagation.Sparse.
// Cells are numbered row * w + column; weights and partners are (n, k).

export class SparseMatrix {
  /**
   * @param {Uint16Array | null} partners null where k = n: then partner j is cell j
   * @param {Float32Array} weights
   * @param {number} h
   * @param {number} w
   */
  constructor(partners, weights, h, w) {
    const n = h * w;
    this.n = n;
    this.count = weights.length / n;
    this.weights = weights;
    this.partners = partners ?? Uint16Array.from({ length: n }, (_, q) => q);
    this.skip = partners ? this.count : 0; // from a cell's partners to those of the next: all cells may share theirs
    this.buffer = new Float32Array(n);
  }

  /** See matrices.js. Either way is one pass over the weights: the transpose needs no table of its own. */
  walk(x, transposed, steps, _from = -1, until = Infinity) {
    let [before, after] = [x, this.buffer],
      done = 0;
    while (done < steps && (done === 0 || performance.now() < until)) {
      transposed ? this.#tell(before, after) : this.#hear(before, after);
      [before, after] = [after, before];
      done++;
    }
    if (before !== x) x.set(before);
    return done;
  }

  #hear(x, out) {
    const { n, count, weights, partners, skip } = this;
    for (let p = 0, i = 0, at = 0; p < n; p++, at += skip) {
      const own = x[p];
      let change = 0;
      for (let j = at; j < at + count; j++, i++) change += weights[i] * (x[partners[j]] - own);
      out[p] = own + change;
    }
  }

  #tell(x, out) {
    const { n, count, weights, partners, skip } = this;
    out.fill(0);
    for (let p = 0; p < n; p++) {
      const value = x[p];
      if (value === 0) continue; // of a single cell's row the first step reads that row alone
      let rest = 1;
      for (let j = p * skip, i = p * count, end = i + count; i < end; j++, i++) {
        out[partners[j]] += weights[i] * value;
        rest -= weights[i];
      }
      out[p] += rest * value;
    }
  }
}
