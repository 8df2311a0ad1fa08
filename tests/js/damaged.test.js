// Traces that were changed in one place: the browser reads and refuses the same ones as Python, in three parts.
import "./browser.js";
import assert from "node:assert/strict";
import { TraceError } from "../../iaff/explorer/static/trace/trace.js";
import { openTrace, testAgainstPython } from "./oracles.js";

testAgainstPython("damaged traces are read or refused as in Python", "damaged", async (context, { damaged }) => {
  const differ = [];
  let refused = 0;
  for (const { trace, said } of damaged) {
    const error = await openTrace(context, trace).then(
      () => null,
      (reason) => reason,
    );
    if (error) {
      assert.ok(error instanceof TraceError && error.got && error.expected && error.remedy, `${trace}: ${error.stack}`);
      refused++;
    }
    if (Boolean(error) !== Boolean(said))
      differ.push(`Python: ${said || "read"}; browser: ${error?.message ?? "read"}`);
  }
  assert.deepEqual(differ, []);
  context.diagnostic(`${refused} of ${damaged.length} refused by both`);
});
