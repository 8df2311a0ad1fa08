// Leaks over boundaries between labels, against iaff.propagation on the same traces.
import "./browser.js";
import assert from "node:assert/strict";
import { boundaryLabels, leakMap, leakRate, rankedLeaks } from "../../iaff/explorer/static/engine/leaks.js";
import { assertNear, assertQuick, assertSame, openTrace, testAgainstPython, until } from "./oracles.js";

const LISTED = 40;

/** The same edges in the same order with the same flows; equal flows may change places. */
function checkRanking(got, expected) {
  assert.ok(expected.length > 5);
  assertNear(
    got.map(({ flow }) => flow),
    expected.map(({ flow }) => flow),
    1e-4,
    "flows",
  );
  expected.forEach(({ tied, direction, source, target, gate }, i) => {
    if (tied) return;
    const { direction: d, source: from, target: to } = got[i];
    assert.deepEqual({ direction: d, source: from, target: to }, { direction, source, target }, `edge ${i}`);
    assertNear([got[i].gate], [gate], 1e-6, `gate of edge ${i}`);
  });
}

testAgainstPython("labels, leaks, their rate and their ranking are Python's", "leaks", async (context, oracle) => {
  let slowest = 0,
    slowestMap = 0;
  for (const { trace: path, t, which, ...expected } of oracle.boundaries) {
    const trace = await openTrace(context, path),
      labels = boundaryLabels(trace, t, which),
      start = performance.now(),
      leaks = rankedLeaks(trace, t, labels, LISTED);
    slowest = Math.max(slowest, performance.now() - start);
    assertSame(labels, expected.labels, "labels");
    const before = performance.now(),
      map = leakMap(trace, t, labels);
    slowestMap = Math.max(slowestMap, performance.now() - before);
    assertNear(map, expected.map, 1e-4, "leak of every cell");
    assertNear([leakRate(trace, t, labels)], [expected.rate], 1e-5, "rate");
    checkRanking(leaks, expected.ranking);
  }
  for (const { trace: path, rate } of oracle.trained) {
    const trace = await openTrace(context, path);
    assertNear([leakRate(trace, 1, boundaryLabels(trace, 1, "truth"))], [rate], 1e-4, "rate, as trained");
  }
  assertQuick(context, "ranked leaks: slowest", slowest, 100);
  assertQuick(context, "leak map: slowest", slowestMap, 16);
});

testAgainstPython("void has no leak and counts as foreign", "leaks", async (context, { void: expected }) => {
  const trace = await openTrace(context, expected.trace);
  assertNear(leakMap(trace, 1, expected.labels), expected.map, 1e-4, "leak of every cell");
  checkRanking(rankedLeaks(trace, 1, expected.labels, LISTED), expected.ranking);
});

// Exact, from the worker; edges are not ranked; the refined map of the same walk is not disturbed.
testAgainstPython("the leak of a random walk comes later", "leaks", async (context, { walk }) => {
  const trace = await openTrace(context, walk.trace),
    { labels } = walk;
  await new Promise((wake) => {
    trace.onlater = () => leakMap(trace, 1, labels) && wake();
    assert.equal(leakMap(trace, 1, labels), null);
    trace.refined(1);
  });
  const refined = await until(() => trace.refined(1));
  assertNear(leakMap(trace, 1, labels), walk.map, 1e-3, "leak of every cell");
  assertNear(refined, walk.refined, 1e-3, "refined");
  assert.equal(rankedLeaks(trace, 1, labels), null);
});
