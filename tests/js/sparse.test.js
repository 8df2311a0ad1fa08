// Affinities whose cells have partners anywhere, against their dense matrix and against iaff.propagation.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { Sparse } from "../../iaff/explorer/static/engine/sparse.js";
import { boundaryLabels, leakMap, rankedLeaks } from "../../iaff/explorer/static/engine/leaks.js";
import { judge } from "../../iaff/explorer/static/lessons/lesson_score.js";
import { Edits } from "../../iaff/explorer/static/engine/whatif.js";
import { variant } from "../../iaff/explorer/static/trace/variant.js";
import { assertNear, assertQuick, assertSame, openTrace, testAgainstPython, until } from "./oracles.js";

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

testAgainstPython("sparse affinities on cells of 16 px are Python's", "sparse", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    labels = boundaryLabels(trace, 1, "truth");
  let slowest = 0;
  assert.equal(trace.stride, oracle.stride);
  assertSame(labels, oracle.labels, "truth at the centres of the cells");
  for (const { t, steps, asked, ...expected } of oracle.rounds) {
    const g = trace.affinity(t);
    assert.equal(g.steps, steps);
    for (const { what, x, y, expected: answer } of asked) {
      const out = new Float32Array(trace.n),
        start = performance.now();
      g[what](trace.cell(x, y), out);
      slowest = Math.max(slowest, performance.now() - start);
      await until(() => {
        g[what](trace.cell(x, y), out);
        return g.at === steps;
      });
      assertNear(out, answer, 1e-4, `${what} of round ${t} at ${x}, ${y}`);
    }
    assertNear(await until(() => trace.refined(t)), expected.refined, 1e-4, "refined");
    assertNear(trace.full("refined", t).alpha, expected.full, 1e-4, "refined, as large as the photo");
    assertNear(await until(() => leakMap(trace, t, labels)), expected.leak, 1e-4, "leak of every cell");
    assert.equal(rankedLeaks(trace, t, labels), null);
  }
  assertQuick(context, "sparse affinity, its first steps: slowest", slowest, 16);
});

testAgainstPython("a guess is judged in px of the photo", "sparse", async (context, { trace: path, stride }) => {
  const trace = await openTrace(context, path),
    values = Float32Array.from({ length: trace.n }, (_, p) => +(p % trace.w < 4)), // the four columns on the left
    { distance, near, width } = judge({ x: 9 * stride, y: 50 }, values, trace);
  assert.equal(distance, 6 * stride);
  assert.deepEqual(near, { x: 3.5 * stride, y: 3.5 * stride });
  assertNear([width], [2 * stride * Math.sqrt(Math.ceil(0.9 * 4 * trace.h) / Math.PI)], 1e-6);
});

// Their affinity is the trace's own: it is not ended with the edits.
testAgainstPython("labels are painted on them, walls are not", "sparse", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    edits = new Edits(trace);
  edits.stroke(3, 8, "wall");
  assert.ok(edits.empty && !edits.tools.includes("wall"));
  edits.stroke(3, 8, "label", 1);
  for (const t of [1, 2]) {
    const made = variant(trace, edits.change(3)),
      alpha = Float32Array.from(trace.unary(t), (v, i) => {
        const p = i % trace.n;
        return p < 3 || p > 8 ? v : +(i >= trace.n);
      }),
      expected = trace.affinity(t).carry(alpha, 2);
    assert.equal(made.affinity(t), trace.affinity(t));
    assertNear(await until(() => made.refined(t)), await until(() => expected.map), 1e-6, `round ${t}`);
    made.refined(t);
    made.close();
    assertNear(await until(() => trace.refined(t)), oracle.rounds[t - 1].refined, 1e-4, "the trace's own map");
  }
});
