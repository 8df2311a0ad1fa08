// Traces by anyone: what breaks the format is refused in three parts.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { KeptTraces } from "../../iaff/explorer/static/trace/kept_traces.js";
import { TraceError } from "../../iaff/explorer/static/trace/trace.js";
import { openTrace, testAgainstPython } from "./oracles.js";

testAgainstPython("a trace that breaks the format is refused", "refused", async (context, { sound, refused }) => {
  for (const path of sound) await openTrace(context, path);
  for (const { name, trace, said } of refused)
    await assert.rejects(openTrace(context, trace), (error) => {
      assert.ok(error instanceof TraceError, `${name}: ${error.stack}`);
      assert.ok(error.got && error.expected && error.remedy, name);
      assert.ok(error.message.includes(said), `${name}: got "${error.message}", expected "${said}"`);
      return true;
    });
});

test("the traces that were asked for last are kept, and the shown one", async () => {
  const closed = [],
    kept = new KeptTraces((key) => key === 1);
  for (const key of [1, 2, 3, 4, 5, 6, 2, 7, 8]) await kept.of(key, async () => ({ close: () => closed.push(key) }));
  await new Promise((done) => setTimeout(done));
  assert.deepEqual(closed, [3]);
});
