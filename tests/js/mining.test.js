// Confident regions at thresholds of one's choice, against iaff.method.mining on the same traces.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import {
  calibration,
  confidentAt,
  follows,
  regionFigures,
  tradeOff,
  tradeOffRun,
  verdictsAt,
} from "../../iaff/explorer/static/engine/mining.js";
import { assertNear, assertSame, openTrace, testAgainstPython } from "./oracles.js";

testAgainstPython("confident regions are the trace's and Python's", "mining", async (context, { regions }) => {
  for (const { trace: path, t, stored, asked } of regions) {
    const trace = await openTrace(context, path);
    assertSame(confidentAt(trace, t), stored, "as trained");
    assert.ok(follows(trace, t));
    for (const { tau, tauBg, expected } of asked)
      assertSame(confidentAt(trace, t, { tau, tauBg }), expected, `tau ${tau}, of the background ${tauBg}`);
  }
});

testAgainstPython("figures are Python's", "mining", async (context, { figures }) => {
  for (const { trace: path, t, at, expected } of figures) {
    const trace = await openTrace(context, path),
      got = regionFigures(trace, t, at);
    for (const name of ["coverage", "precision", "relabelled"]) assertNear([got[name]], [expected[name]], 1e-9, name);
    assert.equal(got.samples, expected.samples);
  }
});

// Regions that no threshold gives are shown as they are, and known as such.
testAgainstPython("other modes of mining are not guessed", "mining", async (context, { other_mode: other }) => {
  const trace = await openTrace(context, other.trace),
    verdict = verdictsAt(trace, 1);
  assert.ok(!follows(trace, 1));
  assert.ok(follows(trace, 2));
  const first = [...new Set(other.cells)].sort((a, b) => a - b).slice(0, 40);
  for (const s of first) {
    const counts = new Map();
    other.cells.forEach((id, p) => {
      if (id === s) counts.set(other.channels[p], (counts.get(other.channels[p]) ?? 0) + 1);
    });
    assert.equal(counts.get(verdict(s) ?? 255), Math.max(...counts.values()), `superpixel ${s}`);
  }
});

testAgainstPython("the trade-off goes through the figures", "mining", async (context, { curves }) => {
  for (const path of curves) {
    const trace = await openTrace(context, path);
    for (const background of [null, 0.9]) {
      const curve = tradeOff(trace, 1, background);
      assert.ok(curve.length > 10);
      for (const point of curve) {
        const figures = regionFigures(trace, 1, { tau: point.tau, tauBg: background ?? point.tau });
        assertNear([point.coverage], [figures.coverage], 1e-9, "coverage");
        assertNear([point.precision], [figures.precision], 1e-9, "precision");
      }
      assert.ok(background || curve.at(-1).coverage === 1);
    }
  }
});

test("trade-off and calibration of a run's histogram", () => {
  const histogram = { right: [0, 0, 30, 60], wrong: [0, 10, 10, 0], unknown: [5, 0, 0, 1] },
    curve = tradeOffRun(histogram),
    { bins, error } = calibration(histogram);
  assertSame(
    curve.map(({ tau }) => tau),
    [0.75, 0.5, 0.25],
    "tau",
  );
  assertNear(
    curve.map(({ coverage }) => coverage),
    [60 / 110, 100 / 110, 1],
    1e-9,
    "coverage",
  );
  assertNear(
    curve.map(({ precision }) => precision),
    [1, 0.9, 90 / 110],
    1e-9,
    "precision",
  );
  assert.deepEqual(
    bins.map(({ right }) => right),
    [null, 0, 0.75, 1],
  );
  assertNear([error], [(10 * 0.375 + 40 * 0.125 + 60 * 0.125) / 110], 1e-9, "error");
});
