// The browser's random walk against iaff.propagation: the first steps at once, the exact end from a worker.
import "./browser.js";
import assert from "node:assert/strict";
import { Walk } from "../../iaff/explorer/static/engine/walk.js";
import { assertNear, assertQuick, openTrace, testAgainstPython, until } from "./oracles.js";

testAgainstPython(
  "rows, columns and the refined map are Python's",
  "walk",
  async (context, { trace: path, ...walk }) => {
    const trace = await openTrace(context, path),
      g = trace.affinity(1);
    let first = 0,
      whole = 0;
    for (const { what, p, expected } of walk.asked) {
      const out = new Float32Array(trace.n),
        start = performance.now();
      g[what](p, out);
      first = Math.max(first, performance.now() - start);
      await until(() => {
        g[what](p, out);
        return g.at === g.steps;
      });
      whole = Math.max(whole, performance.now() - start);
      assertNear(out, expected, 1e-3, `${what} ${p}`);
    }
    assertQuick(context, "random walk, its first steps: slowest", first, 16);
    assertQuick(context, "random walk, all steps: slowest", whole, 500);
    assertNear(await until(() => trace.refined(1)), walk.refined, 1e-3, "refined");
  },
);

// As many as there may be pins; each is exact in the end, none at first.
testAgainstPython("questions of one turn are all walked to their end", "walk", async (context, oracle) => {
  const { steps, asked } = oracle.long,
    trace = await openTrace(context, oracle.trace),
    walk = new Walk(...trace.affinity(1).make.slice(0, -1), steps);
  context.after(() => walk.close());
  const ask = () =>
    asked.map(({ what, p }) => {
      const values = new Float32Array(trace.n);
      walk[what](p, values);
      return { values, at: walk.at };
    });
  const answers = await new Promise((wake) => {
    walk.onlater = () => {
      const now = ask();
      if (now.every(({ at }) => at === steps)) wake(now);
    };
    assert.ok(ask().every(({ at }) => at < steps));
  });
  answers.forEach(({ values }, i) => assertNear(values, asked[i].expected, 1e-3, `question ${i}`));
});
