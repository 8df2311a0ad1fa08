// Affinities whose cells have partners anywhere, against their dense matrix.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { Sparse } from "../../iaff/explorer/static/engine/sparse.js";
import { assertNear, until } from "./oracles.js";

const [H, W] = [5, 7];
const N = H * W;

/** {partners, weights}: k a row, different ones; rows sum to less than 1, and every seventh weight is 0. */
function made(k) {
  const partners = new Uint16Array(N * k),
    weights = new Float32Array(N * k);
  for (let p = 0, i = 0; p < N; p++)
    for (let j = 0; j < k; j++, i++) {
      partners[i] = k === N ? j : (3 * p + 4 * j) % N;
      weights[i] = i % 7 ? (0.9 / k) * (0.5 + 0.5 * Math.sin(i)) : 0;
    }
  return { partners, weights };
}

/** T^steps of them, (N, N); steps: a power of 2. */
function dense({ partners, weights }, k, steps) {
  const once = new Float64Array(N * N);
  for (let p = 0, i = 0; p < N; p++) {
    once[p * N + p] = 1;
    for (let j = 0; j < k; j++, i++) {
      once[p * N + p] -= weights[i];
      once[p * N + partners[i]] += weights[i];
    }
  }
  const squared = (a) =>
    a.map((_, i) => {
      let sum = 0;
      for (let q = 0; q < N; q++) sum += a[N * Math.floor(i / N) + q] * a[N * q + (i % N)];
      return sum;
    });
  let all = once;
  for (let step = 1; step < steps; step *= 2) all = squared(all);
  return all;
}

for (const [k, steps] of [
  [6, 1],
  [6, 64],
  [N, 1],
  [N, 4],
])
  test(`${k} partners, ${steps} steps: rows, columns and maps are the dense matrix's`, async (context) => {
    const { partners, weights } = made(k),
      g = new Sparse(k === N ? null : partners, weights, H, W, steps),
      expected = dense({ partners, weights }, k, steps),
      alpha = Float32Array.from({ length: 2 * N }, (_, i) => (1 + Math.cos(i)) / 2);
    context.after(() => g.close());
    for (const p of [0, 17, N - 1])
      for (const what of ["row", "column"]) {
        const out = new Float32Array(N);
        await until(() => {
          g[what](p, out);
          return g.at === steps;
        });
        assertNear(
          out,
          Float64Array.from(out, (_, q) => expected[what === "row" ? p * N + q : q * N + p]),
          1e-5,
          what,
        );
      }
    const carried = g.carry(alpha, 2);
    assert.equal(carried.map !== null, steps === 1, "one step is walked at once");
    const sums = Float64Array.from(alpha, (_, i) => {
      let sum = 0;
      for (let q = 0; q < N; q++) sum += expected[N * (i % N) + q] * alpha[N * Math.floor(i / N) + q];
      return sum;
    });
    assertNear(await until(() => carried.map), sums, 1e-5, "map");
  });

test("a map that is no longer wanted is not walked, and others are", async (context) => {
  const { partners, weights } = made(6),
    g = new Sparse(partners, weights, H, W, 5),
    alpha = new Float32Array(3 * N).fill(1);
  context.after(() => g.close());
  const unwanted = g.carry(alpha, 3, () => assert.fail("it was closed"));
  unwanted.close();
  await new Promise((later) => g.carry(alpha, 3, later));
  assert.equal(unwanted.map, null);
});
