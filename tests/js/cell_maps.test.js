// Maps of the affinity, a number for every cell, against iaff.propagation on the same traces.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { cellMap, median } from "../../iaff/explorer/static/engine/cell_maps.js";
import { RowReach, coarseToFine } from "../../iaff/explorer/static/engine/rows.js";
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
