// The browser's scan against iaff.propagation, on made-up and on trained traces.
import "./browser.js";
import assert from "node:assert/strict";
import { Scan, reach } from "../../iaff/explorer/static/engine/scan.js";
import { assertNear, assertSame, openTrace, sum, testAgainstPython } from "./oracles.js";

const answer = (g, what, p, d) => {
  const out = new Float32Array(g.n);
  g[what](p, out, d);
  return out;
};

testAgainstPython("the refined map, rows and columns are Python's", "scan", async (context, { rounds }) => {
  for (const { trace: path, t, refined, stored, points } of rounds) {
    const trace = await openTrace(context, path),
      { n, K } = trace,
      alpha = trace.unary(t),
      got = trace.refined(t);
    assertNear(got, refined, 1e-3, "refined");
    assertNear(got, stored, 1e-3, "refined, as iaff.trace has it");
    for (const { p, row, column } of points) {
      const gotRow = answer(trace.affinity(t), "row", p);
      assertNear(answer(trace.affinity(t), "column", p), column, 1e-3, "column");
      assertNear(gotRow, row, 1e-3, "row");
      assertNear([sum(gotRow)], [1], 1e-3, "sum of a row");
      // the row explains the label: its class shares are the refined map at this pixel
      const shares = Array.from({ length: K }, (_, k) => sum(gotRow.map((v, q) => v * alpha[k * n + q])));
      assertNear(
        shares,
        Array.from({ length: K }, (_, k) => got[k * n + p]),
        1e-3,
        "shares of the classes",
      );
    }
  }
});

testAgainstPython("label maps arrive exactly", "scan", async (context, { labels }) => {
  const trace = await openTrace(context, labels.trace);
  assertSame(trace.superpixels, labels.superpixels, "superpixels");
  assertSame(trace.seeds, labels.seeds, "seeds");
  assertSame(trace.truth, labels.truth, "truth");
  assertSame(trace.confident[1], labels.confident, "confident");
});

testAgainstPython("the reach is Python's", "scan", async (context, { reached: { trace: path, t, p, count } }) => {
  const trace = await openTrace(context, path),
    row = answer(trace.affinity(t), "row", p),
    got = reach(row, 0.9, new Float32Array(row.length), {});
  assert.ok(Math.abs(got.count - count) <= 1, `got ${got.count}, expected ${count}`);
});

testAgainstPython("each direction, and more passes, are Python's", "scan", async (context, { directions }) => {
  const trace = await openTrace(context, directions.trace);
  for (const { what, p, d, passes, expected } of directions.asked) {
    const g = new Scan(trace.affinity(2).gates, trace.h, trace.w, passes),
      got = answer(g, what, p, d ?? undefined);
    assertNear(got, expected, 1e-5, `${what} ${d} ${passes}`);
    if (what === "row") assertNear([sum(got)], [1], 1e-4, "sum of a row");
  }
});

/** When the scan of direction d visits each cell's line. */
function visits({ w, h, n }, d) {
  const lines = d < 2 ? w : h,
    line = (p) => (d < 2 ? p % w : Math.floor(p / w));
  return { lines, step: Array.from({ length: n }, (_, p) => (d % 2 ? lines - 1 - line(p) : line(p))) };
}

// A column grows line by line; a row's weight is never lost on its way; both end as the whole answer.
testAgainstPython("a label travels line by line", "scan", async (context, { travelling }) => {
  const trace = await openTrace(context, travelling.trace),
    scan = trace.affinity(2),
    { p } = travelling;
  const partial = (d, count, transposed) => {
    const out = new Float32Array(trace.n);
    scan.partial(p, d, count, transposed, out);
    return out;
  };
  travelling.directions.forEach(({ row, column }, d) => {
    const { lines, step } = visits(trace, d);
    for (const count of [0, 1, 20, 30, 45, 60, lines - 1, lines]) {
      assertNear(
        partial(d, count, false),
        column.map((v, q) => (step[q] < count ? v : 0)),
        1e-5,
        `column ${d} ${count}`,
      );
      const walking = partial(d, count, true),
        untouched = Math.min(lines - count, step[p] + 1) - 1;
      assertNear([sum(walking)], [1], 1e-4, "what is on its way");
      walking.forEach((v, q) => {
        if (step[q] >= lines - count) assertNear([v], [row[q]], 1e-5, `row ${d} ${count}, kept at ${q}`);
        if (step[q] < untouched) assert.equal(v, 0, `row ${d} ${count}, not yet at ${q}`);
      });
    }
    assert.equal(partial(d, 0, true)[p], 1);
    assertNear(partial(d, lines, true), row, 1e-5, `row ${d}`);
  });
});
