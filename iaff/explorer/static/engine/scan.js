// The four-direction scan, in the browser: the same recurrence as iaff/propagation, on plain Float32Arrays.
// A map is row-major (h, w); pixel p = row * w + column; gates are (4, 3, h, w).
// Along one direction  h[p] = (1 - sum_k g[k][p]) x[p] + sum_k g[k][p] h[neighbour k of p];  G = mean of the four.

/** How each direction walks: outer lines are visited in turn, inner pixels within a line are independent. */
function walks(h, w) {
  return [
    { lines: w, inner: h, line: 1, step: w, back: false }, // left -> right
    { lines: w, inner: h, line: 1, step: w, back: true }, //  right -> left
    { lines: h, inner: w, line: w, step: 1, back: false }, // top -> bottom
    { lines: h, inner: w, line: w, step: 1, back: true }, //  bottom -> top
  ];
}

const ALL = -1;

/**
 * G of one photo. Methods that take `d` answer for the mean of all directions, or, with d = 0..3 (the order of the
 * gates: to the right, left, down, up), for that direction's matrix G_d alone.
 */
export class Scan {
  /** gates: Float32Array (4*3*h*w), each >= 0 and at most 1 in sum over the three neighbours. */
  constructor(gates, h, w, passes = 1) {
    this.gates = gates;
    this.h = h;
    this.w = w;
    this.n = h * w;
    this.passes = passes;
    this.walks = walks(h, w);
    this.keep = new Float32Array(4 * this.n); // 1 - sum of gates: what a pixel takes from itself
    for (let d = 0; d < 4; d++)
      for (let p = 0, g = d * 3 * this.n; p < this.n; p++, g++)
        this.keep[d * this.n + p] = 1 - gates[g] - gates[g + this.n] - gates[g + 2 * this.n];
    this.buffer = new Float32Array(this.n);
    this.between = new Float32Array(this.n);
    this.lines = [0, 1].map(() => new Float32Array(Math.max(h, w)));
    this.point = new Float32Array(this.n);
  }

  /** Index of the neighbour 0..2 that a pixel's gate of direction d listens to, less the pixel's own index. */
  jump(d, neighbour) {
    const { line, step, back } = this.walks[d];
    return (back ? line : -line) + (neighbour - 1) * step;
  }

  /** out = G x. Nothing is allocated. */
  apply(x, out, d) {
    this.#passes(x, out, d, false);
  }

  /** out = G^T x. */
  applyTransposed(x, out, d) {
    this.#passes(x, out, d, true);
  }

  /** out = G x in one pass, however many `passes` say. */
  applyOnce(x, out, d) {
    this.#pass(x, out, d, false);
  }

  /**
   * Which pixels decide pixel p: e_p^T G. Sums to 1. With several passes one direction answers for G_d^passes: what it
   * would do if it alone ran as often. The mean over directions of such answers is not G's row, whose passes mix them.
   */
  row(p, out, d = ALL) {
    out.fill(0);
    if (d !== ALL) this.#backFrom(p, d, out, 1);
    else for (let e = 0; e < 4; e++) this.#backFrom(p, e, out, 0.25);
    for (let pass = 1; pass < this.passes; pass++) {
      this.between.set(out);
      this.#pass(this.between, out, d, true);
    }
  }

  /** Where the label of pixel p goes: G e_p. Directions and passes as in `row`. */
  column(p, out, d) {
    this.#mark(p);
    this.apply(this.point, out, d);
  }

  /**
   * One pass of direction d, stopped after `lines` of its `walks[d].lines` lines, to watch a label travel.
   * Column: what the visited lines hold of p's label; the lines still to come hold 0.
   * Row (`transposed`): the walk backwards from p, against the direction. What the lines already left have kept for
   * themselves, and on the others the weight that is still to be handed on; sums to 1 at every step.
   * With all lines these are the column and the row of one pass.
   */
  partial(p, d, lines, transposed, out) {
    this.#mark(p);
    out.fill(0);
    transposed ? this.#gather(d, this.point, out, 1, lines) : this.#spread(d, this.point, out, 1, lines);
  }

  /** alpha (K, h, w) -> G alpha, a new array. */
  propagate(alpha, channels) {
    const out = new Float32Array(alpha.length);
    for (let k = 0; k < channels; k++) {
      const cut = [k * this.n, (k + 1) * this.n];
      this.apply(alpha.subarray(...cut), out.subarray(...cut));
    }
    return out;
  }

  #mark(p) {
    this.point.fill(0);
    this.point[p] = 1;
  }

  #passes(x, out, d, transposed) {
    let from = x;
    for (let pass = 0; pass < this.passes; pass++) {
      if (pass > 0) {
        this.between.set(out);
        from = this.between;
      }
      this.#pass(from, out, d, transposed);
    }
  }

  #pass(x, out, d, transposed) {
    const one = d ?? ALL,
      first = one === ALL ? 0 : one,
      last = one === ALL ? 3 : one,
      share = one === ALL ? 0.25 : 1;
    out.fill(0);
    for (let e = first; e <= last; e++) {
      const { lines } = this.walks[e];
      transposed ? this.#gather(e, x, out, share, lines) : this.#spread(e, x, out, share, lines);
    }
  }

  // Adds share * G_d x, or of it what the first `count` lines hold.
  #spread(d, x, out, share, count) {
    const { inner, line, lines, step, back } = this.walks[d];
    const { gates, keep, buffer, n } = this;
    const g0 = d * 3 * n,
      g1 = g0 + n,
      g2 = g1 + n,
      k0 = d * n,
      previous = back ? line : -line;
    for (let s = 0; s < count; s++) {
      let p = (back ? lines - 1 - s : s) * line;
      for (let i = 0; i < inner; i++, p += step) {
        let value = x[p];
        if (s > 0) {
          const q = p + previous;
          value = keep[k0 + p] * value + gates[g1 + p] * buffer[q];
          if (i > 0) value += gates[g0 + p] * buffer[q - step];
          if (i < inner - 1) value += gates[g2 + p] * buffer[q + step];
        }
        buffer[p] = value;
        out[p] += share * value;
      }
    }
  }

  // Adds share * the row of G_d at one cell: the transpose from there on, where only a cone of cells takes part.
  #backFrom(start, d, out, share) {
    const { inner, line, lines, step, back } = this.walks[d];
    const { gates, keep, n } = this;
    const g0 = d * 3 * n,
      g1 = g0 + n,
      g2 = g1 + n,
      k0 = d * n,
      across = Math.floor(start / line) % lines,
      from = Math.floor(start / step) % inner;
    let [here, next] = this.lines,
      first = from,
      last = from,
      p0 = start - from * step;
    here[from] = 1;
    for (let s = back ? lines - 1 - across : across; s > 0; s--) {
      next.fill(0, Math.max(0, first - 1), last + 2);
      for (let i = first, p = p0 + first * step; i <= last; i++, p += step) {
        const value = here[i];
        out[p] += share * keep[k0 + p] * value;
        next[i] += gates[g1 + p] * value;
        if (i > 0) next[i - 1] += gates[g0 + p] * value;
        if (i < inner - 1) next[i + 1] += gates[g2 + p] * value;
      }
      if (first > 0) first--;
      if (last < inner - 1) last++;
      p0 += back ? line : -line;
      [here, next] = [next, here];
    }
    for (let i = first, p = p0 + first * step; i <= last; i++, p += step) out[p] += share * here[i];
  }

  // The transpose runs the same lines in the opposite order and hands each pixel's weight to its neighbours. After
  // `count` lines the rest of the weight lies where it waits to be handed on.
  #gather(d, x, out, share, count) {
    const { inner, line, lines, step, back } = this.walks[d];
    const { gates, keep, buffer, n } = this;
    const g0 = d * 3 * n,
      g1 = g0 + n,
      g2 = g1 + n,
      k0 = d * n,
      previous = back ? line : -line,
      left = Math.max(1, lines - count); // the first line has nobody to hand to
    buffer.set(x);
    for (let s = lines - 1; s >= 0; s--) {
      let p = (back ? lines - 1 - s : s) * line;
      for (let i = 0; i < inner; i++, p += step) {
        const value = buffer[p];
        if (value === 0) continue;
        if (s < left) {
          out[p] += share * value;
          continue;
        }
        const q = p + previous;
        out[p] += share * keep[k0 + p] * value;
        buffer[q] += gates[g1 + p] * value;
        if (i > 0) buffer[q - step] += gates[g0 + p] * value;
        if (i < inner - 1) buffer[q + step] += gates[g2 + p] * value;
      }
    }
  }
}

/** The smallest set of pixels that holds `share` of the mass: {mass, count, level}; a pixel is in it when
 *  its value is at least `level`. `scratch` has the length of `values` and is overwritten. */
export function reach(values, share, scratch, result) {
  scratch.set(values);
  scratch.sort();
  let mass = 0;
  for (let i = 0; i < scratch.length; i++) mass += scratch[i];
  let held = 0,
    i = scratch.length;
  const enough = (share - 1e-6) * mass; // as iaff.propagation.reach
  while (i > 0 && held < enough) held += scratch[--i];
  result.mass = mass;
  result.count = scratch.length - i;
  result.level = i < scratch.length ? scratch[i] : Infinity;
  result.max = scratch[scratch.length - 1];
  return result;
}

/** sum_p weights[p] alpha[k][p] for every k, written to `out` (K). */
export function shares(weights, alpha, channels, out) {
  const n = weights.length;
  for (let k = 0; k < channels; k++) {
    let sum = 0;
    for (let p = 0, a = k * n; p < n; p++, a++) sum += weights[p] * alpha[a];
    out[k] = sum;
  }
  return out;
}

/** Index of the largest channel of every pixel, Uint8Array (h*w). */
export function argmax(alpha, channels, n) {
  const out = new Uint8Array(n);
  for (let p = 0; p < n; p++) {
    let best = 0;
    for (let k = 1; k < channels; k++) if (alpha[k * n + p] > alpha[best * n + p]) best = k;
    out[p] = best;
  }
  return out;
}
