// Seeds at thresholds of one's choice, against iaff.method.seeds on the same traces, and what an affinity makes of them.
import "./browser.js";
import assert from "node:assert/strict";
import {
  activationHistogram,
  carriedSeeds,
  seedFigures,
  seedsAt,
  seedsFollow,
} from "../../iaff/explorer/static/engine/seeds.js";
import { assertNear, assertSame, openTrace, sum, testAgainstPython, until } from "./oracles.js";

testAgainstPython("seeds are the trace's and Python's", "seeds", async (context, { found }) => {
  for (const { trace: path, asked, trained } of found) {
    const trace = await openTrace(context, path),
      channel = new Uint8Array(256).fill(255);
    trace.meta.class_ids.forEach((id, k) => (channel[id] = k));
    if (trained) {
      assertSame(seedsAt(trace, trained.fg, trained.bg), trained.seeds, "as trained");
      assert.ok(seedsFollow(trace));
    }
    for (const { fg, bg, expected } of asked)
      assertSame(
        seedsAt(trace, fg, bg).map((id) => channel[id]),
        expected,
        `thresholds ${fg}, ${bg}`,
      );
  }
});

testAgainstPython("figures of the seeds are Python's", "seeds", async (context, { figures }) => {
  const trace = await openTrace(context, figures.trace),
    got = seedFigures(trace, trace.seeds),
    counts = activationHistogram(trace, 40);
  for (const name of ["precision", "unknown", "background"]) assertNear([got[name]], [figures[name]], 1e-9, name);
  assertNear([got.object + got.background + got.unknown], [1], 1e-9, "all shares");
  assert.deepEqual(
    counts.map((row) => row.length),
    [40, 40],
  );
  assert.equal(sum(counts.map(sum)), trace.seeds.length);
});

testAgainstPython("seeds are carried by a scan", "seeds", async (context, { carried }) => {
  for (const { trace: path, moved, arrived } of carried) {
    const trace = await openTrace(context, path),
      { n, K } = trace,
      got = carriedSeeds(trace, 2);
    assertNear(got.arrived, arrived, 1e-3, "arrived");
    const total = new Float32Array(n);
    got.alpha.forEach((v, i) => (total[i % n] += v));
    for (let p = 0; p < n; p++) {
      if (arrived[p] > 0) assertNear([total[p]], [1], 1e-4, `sum at ${p}`);
      if (arrived[p] <= 0.01) continue;
      for (let k = 0; k < K; k++)
        assertNear([got.alpha[k * n + p]], [moved[k * n + p] / arrived[p]], 1e-3, `channel ${k} at ${p}`);
    }
  }
});

testAgainstPython("seeds carried by a walk leave the refined map alone", "seeds", async (context, { walked }) => {
  const trace = await openTrace(context, walked.trace),
    { alpha, arrived } = await until(() => carriedSeeds(trace, 1));
  assertNear(arrived, walked.arrived, 1e-3, "arrived");
  assertNear(await until(() => trace.refined(1)), walked.refined, 1e-3, "refined");
  assert.ok(alpha.every(Number.isFinite));
});
