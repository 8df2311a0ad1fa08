// A step of a random walk over local pairs: (T x)[p] = (1 - sum_m w[m][p]) x[p] + sum_m w[m][p] x[p + offset_m].
// As iaff.propagation.RandomWalk; maps are row-major (h, w), weights (M, h, w), offsets (M, 2) as (row, column).

export class Stencil {
  constructor(offsets, weights, h, w) {
    const n = h * w,
      used = []; // offsets that any pixel listens to: the others may point anywhere
    for (let m = 0; 2 * m < offsets.length; m++)
      if (weights.subarray(m * n, (m + 1) * n).some((weight) => weight > 0)) used.push(m);
    const count = used.length;
    this.h = h;
    this.w = w;
    this.n = n;
    this.count = count;
    this.jumps = Int32Array.from(used, (m) => offsets[2 * m] * w + offsets[2 * m + 1]);
    this.far = used.reduce((far, m) => Math.max(far, Math.abs(offsets[2 * m])), 0); // rows that a step crosses
    this.margin = this.jumps.reduce((far, jump) => Math.max(far, Math.abs(jump)), 0);
    this.used = used;
    this.weights = weights;
    this.tables = [null, null]; // see #table
    this.keep = new Float32Array(n).fill(1);
    for (const m of used) for (let p = 0; p < n; p++) this.keep[p] -= Math.max(0, weights[m * n + p]);
    this.buffers = [0, 1].map(() => new Float32Array(n + 2 * this.margin)); // zeros around: no test at the borders
  }

  /** See matrices.js. */
  walk(x, transposed, steps, from = -1, until = Infinity) {
    const table = this.#table(transposed),
      row = Math.floor(from / this.w),
      rows = from < 0 ? [0, this.h - 1] : [row, row]; // where x is not 0
    let [before, after] = this.buffers,
      done = 0;
    before.fill(0);
    after.fill(0);
    before.set(x, this.margin);
    while (done < steps && (done === 0 || performance.now() < until)) {
      rows[0] = Math.max(0, rows[0] - this.far);
      rows[1] = Math.min(this.h - 1, rows[1] + this.far);
      this.#step(table, before, after, rows);
      [before, after] = [after, before];
      done++;
    }
    x.set(before.subarray(this.margin, this.margin + this.n));
    return done;
  }

  /**
   * Pixel-major, so that a step is one pass over the pixels: what p hears from p + jump, or, for the transpose, what p is
   * told by p - jump. Made at the first walk that way: the page mostly asks for rows, and the worker for maps.
   */
  #table(transposed) {
    return (this.tables[Number(transposed)] ??= this.#made(transposed));
  }

  #made(transposed) {
    const { n, count, used, jumps } = this,
      weights = new Float32Array(n * count);
    used.forEach((m, i) => {
      const shift = transposed ? jumps[i] : 0;
      for (let p = 0; p < n; p++) {
        const weight = this.weights[m * n + p];
        if (weight > 0) weights[(p + shift) * count + i] = weight;
      }
    });
    return { weights, jumps: transposed ? jumps.map((jump) => -jump) : jumps };
  }

  #step({ weights, jumps }, x, out, rows) {
    const { w, count, keep, margin } = this,
      [first, last] = rows,
      end = (last + 1) * w;
    for (let p = first * w, i = p * count; p < end; p++) {
      const here = p + margin;
      let value = keep[p] * x[here];
      for (let m = 0; m < count; m++, i++) value += weights[i] * x[here + jumps[m]];
      out[here] = value;
    }
  }
}
