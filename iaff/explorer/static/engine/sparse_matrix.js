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
    this.keep = new Float32Array(n);
    this.buffer = new Float32Array(n);
    for (let p = 0, i = 0; p < n; p++) {
      let sum = 0;
      for (const end = i + this.count; i < end; i++) sum += weights[i];
      this.keep[p] = 1 - sum;
    }
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
    const { n, count, weights, partners, skip, keep } = this;
    for (let p = 0, i = 0, at = 0; p < n; p++, at += skip) {
      let value = keep[p] * x[p];
      for (let j = at; j < at + count; j++, i++) value += weights[i] * x[partners[j]];
      out[p] = value;
    }
  }

  #tell(x, out) {
    const { n, count, weights, partners, skip, keep } = this;
    for (let p = 0; p < n; p++) out[p] = keep[p] * x[p];
    for (let p = 0; p < n; p++) {
      const value = x[p];
      if (value === 0) continue; // of a single cell's row the first step reads that row alone
      for (let j = p * skip, i = p * count, end = i + count; i < end; j++, i++) out[partners[j]] += weights[i] * value;
    }
  }
}
