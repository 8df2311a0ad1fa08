// One cell of a scan, term by term. Along one direction h = (1 - w1 - w2 - w3) x + w1 h1 + w2 h2 + w3 h3, where h1, h2, h3
// are those of the three neighbours on the line before; the mean of the four directions is what a pass makes of x.

/** The cell that gate k (0..2) of cell p listens to in direction d (0..3, the order of the gates), -1 beyond the grid. */
export function listenedTo({ w, h }, d, p, k) {
  const [before, beside] = [d % 2 ? 1 : -1, k - 1],
    x = (p % w) + (d < 2 ? before : beside),
    y = Math.floor(p / w) + (d < 2 ? beside : before);
  return x >= 0 && x < w && y >= 0 && y < h ? y * w + x : -1;
}

/**
 * The last pass of a Scan over a map x (n): {x: what that pass begins with, swept: what each of the four directions makes
 * of it, out: their mean, which is G x}; all (n).
 */
export function lastPass(scan, x) {
  let before = Float32Array.from(x);
  for (let pass = 1; pass < scan.passes; pass++) {
    const next = new Float32Array(scan.n);
    scan.applyOnce(before, next);
    before = next;
  }
  const sweep = (d) => {
    const out = new Float32Array(scan.n);
    scan.applyOnce(before, out, d);
    return out;
  };
  return { x: before, swept: [0, 1, 2, 3].map(sweep), out: sweep() };
}

/**
 * The sum at cell p in direction d of such a pass: {own, heard: [three], sum}, each term {cell, weight, value, product};
 * a neighbour beyond the grid has the cell -1 and weighs nothing.
 */
export function termsAt(scan, { x, swept }, p, d) {
  const { gates, keep, n } = scan,
    term = (cell, weight, value) => ({ cell, weight, value, product: weight * value });
  const own = term(p, keep[d * n + p], x[p]);
  const heard = [0, 1, 2].map((k) => {
    const cell = listenedTo(scan, d, p, k);
    return cell < 0 ? term(-1, 0, 0) : term(cell, gates[(3 * d + k) * n + p], swept[d][cell]);
  });
  return { own, heard, sum: heard.reduce((sum, { product }) => sum + product, own.product) };
}
