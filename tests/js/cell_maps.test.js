// Maps of the affinity, a number for every cell, against iaff.propagation on the same traces.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { cellMap, median } from "../../iaff/explorer/static/engine/cell_maps.js";
import { RowReach, coarseToFine } from "../../iaff/explorer/static/engine/rows.js";
import { Sparse } from "../../iaff/explorer/static/engine/sparse.js";
import { reach } from "../../iaff/explorer/static/engine/scan.js";
import { assertNear, assertQuick, openTrace, testAgainstPython } from "./oracles.js";

/** Resolves to a map of round t once `enough(map)`; asks as a page does, whenever there is more. */
function mapped(trace, t, name, enough) {
  return new Promise((wake) => {
    const look = () => {
      const map = cellMap(trace, t, name, "truth");
      if (!map.values || !enough(map)) return;
      trace.onlater = () => {};
      wake(map);
    };
    trace.onlater = look;
    look();
  });
}
const coarse =
  ({ cells }) =>
  ({ known }) =>
    known >= cells.length;

/** A map has Python's numbers at some cells. */
function checkCells({ values }, cells, expected, tolerance, what) {
  assertNear(
    Array.from(cells, (p) => values[p]),
    expected,
    tolerance,
    what,
  );
}

testAgainstPython("reach, self-weight and gate strength are Python's", "cell_maps", async (context, oracle) => {
  const { trace: path, t, ...expected } = oracle.all,
    trace = await openTrace(context, path),
    start = performance.now(),
    first = await mapped(trace, t, "reach", ({ known }) => known >= 363);
  assertQuick(context, "reach map: every 16th cell", performance.now() - start, 300);
  assert.ok(
    first.shown.every((v) => v > 0),
    "every cell stands for a known one",
  );
  const reach = await mapped(trace, t, "reach", ({ known, total }) => known === total);
  assertQuick(context, "reach map: all cells", performance.now() - start, 2000);
  assert.equal(reach.known, trace.n);
  checkCells(reach, expected.cells, expected.reach, 0, "reach");
  checkCells(cellMap(trace, t, "selfweight"), expected.cells, expected.self, 1e-5, "self-weight");
  assertNear(cellMap(trace, t, "gates").values, oracle.gates, 1e-5, "gate strength");
});

testAgainstPython("so they are of several passes, and of a walk", "cell_maps", async (context, { passes, walk }) => {
  for (const { trace: path, t, ...expected } of [passes, walk]) {
    const trace = await openTrace(context, path);
    // A weight at the edge of the 90 % may change sides.
    checkCells(await mapped(trace, t, "reach", coarse(expected)), expected.cells, expected.reach, 2, "reach");
    checkCells(await mapped(trace, t, "selfweight", coarse(expected)), expected.cells, expected.self, 1e-4, "self");
    if (path === walk.trace) assert.match(cellMap(trace, t, "gates").why, /no gates/);
  }
});

test("leak, reach and self-weight of any pairs are those of the dense matrix", async (context) => {
  const [h, w, steps, n] = [5, 6, 3, 30],
    random = (i) => Math.abs(Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1,
    weights = Float32Array.from({ length: n * n }, (_, i) => random(i) ** 8);
  for (let p = 0; p < n; p++) {
    const row = weights.subarray(p * n, (p + 1) * n),
      mass = row.reduce((a, b) => a + b, 0);
    row.forEach((v, q) => (row[q] = (0.9 * v) / mass)); // a tenth stays with the cell itself
  }
  const once = (p, q) => weights[p * n + q] + (p === q ? 0.1 : 0),
    cells = [...Array(n).keys()];
  let dense = cells.map((p) => cells.map((q) => (p === q ? 1 : 0)));
  for (let step = 0; step < steps; step++)
    dense = dense.map((row) => cells.map((q) => row.reduce((sum, v, k) => sum + v * once(k, q), 0)));
  const g = new Sparse(null, weights, h, w, steps),
    labels = Uint8Array.from(cells, (p) => (p === 7 ? 255 : p % w < 3 ? 0 : 2)),
    cache = new Map(),
    trace = { h, w, n, T: 1, K: 2, truth: labels, affinity: () => g };
  trace.once = (key, make) => cache.get(key) ?? cache.set(key, make()).get(key);
  cache.set("truth-grid", labels);
  context.after(() => [g, ...cache.values()].forEach((value) => value.close?.()));
  const foreign = (row, p) => row.reduce((sum, v, q) => sum + (labels[q] === labels[p] ? 0 : v), 0),
    holding = (row) => {
      const sorted = [...row].sort((a, b) => b - a);
      for (let held = 0, count = 0; ; count++)
        if (held >= 0.9) return count;
        else held += sorted[count];
    };
  const whole = ({ known, total }) => known === total,
    near = (map, expected, what) => assertNear(map.values, expected, 1e-4, what);
  near(
    await mapped(trace, 1, "leak", whole),
    dense.map((row, p) => (p === 7 ? NaN : foreign(row, p))),
    "leak",
  );
  near(await mapped(trace, 1, "reach", whole), dense.map(holding), "reach");
  near(
    await mapped(trace, 1, "selfweight", whole),
    dense.map((row, p) => row[p]),
    "self-weight",
  );
});

test("rows that nobody looks at any more are not asked", async (context) => {
  const { RowMaps } = await import("../../iaff/explorer/static/engine/row_maps.js"),
    { Scan } = await import("../../iaff/explorer/static/engine/scan.js");
  const [h, w] = [40, 40],
    gates = new Float32Array(12 * h * w);
  let answers = 0;
  await new Promise((wake) => {
    const rows = new RowMaps(new Scan(gates, h, w, 400), { h, w }, () => {
      answers++;
      assert.ok(rows.known > 0 && !rows.done);
      setTimeout(() => wake(assert.equal(rows.worker, null)), 400);
    });
    context.after(() => rows.close());
    rows.look();
  });
  assert.equal(answers, 1);
});

test("the reach of a row without sorting is that of the sorted row", () => {
  const n = 500,
    counter = new RowReach(n),
    rows = [
      (i) => 1 / (i + 1) ** 2,
      (i) => (i === 7 ? 1 : 0),
      () => 1 / n,
      (i) => Math.abs(Math.sin(i * i)) ** 9,
      (i) => (i % 3 ? 0.25 : 1e-7),
    ];
  for (const row of rows) {
    counter.row.forEach((_, i) => (counter.row[i] = row(i)));
    assert.equal(counter.count(), reach(counter.row, 0.9, new Float32Array(n), {}).count);
  }
});

test("cells are asked once each, or on a lattice where they cost too much", () => {
  const all = coarseToFine(13, 10, 1);
  assert.deepEqual([all.step, all.order.length, new Set(all.order).size], [1, 130, 130]);
  assert.equal(all.order[0], 4 * 10 + 4, "the middle of the first block");
  assert.equal(coarseToFine(66, 88, 1e9).step, 8);
  assert.equal(median(Float32Array.of(3, NaN, 1, 2)), 2);
});
