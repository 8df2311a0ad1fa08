// Walls and labels that are painted on a photo: what follows from them, against iaff.propagation, and their undoing.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { Edits } from "../../iaff/explorer/static/engine/whatif.js";
import { variant } from "../../iaff/explorer/static/trace/variant.js";
import { assertNear, assertQuick, assertSame, openTrace, sum, testAgainstPython } from "./oracles.js";

/** Edits of a trace with strokes painted on it, which are [[x, y], [x, y], tool, channel, size]. */
function painted(trace, strokes) {
  const edits = new Edits(trace),
    cell = ([x, y]) => y * trace.w + x;
  for (const [from, to, ...brush] of strokes) edits.stroke(cell(from), cell(to), ...brush);
  return edits;
}

function rowOf(trace, t, p) {
  const out = new Float32Array(trace.n);
  trace.affinity(t).row(p, out);
  return out;
}

testAgainstPython("edits are what Python makes of them", "whatif", async (context, oracle) => {
  let slowest = 0;
  for (const { trace: path, passes, strokes, wall, label, refined } of oracle.painted) {
    const trace = await openTrace(context, path),
      edits = painted(trace, strokes),
      made = variant(trace, edits.change(passes)),
      start = performance.now(),
      got = made.refined(2);
    slowest = Math.max(slowest, performance.now() - start);
    assertSame(edits.wall, wall, "walls");
    assertSame(edits.label, label, "labels");
    assertNear(got, refined, 1e-4, "refined");
    const row = rowOf(variant(trace, edits.change()), 2, 30 * trace.w + 35);
    assertNear([sum(row)], [1], 1e-4, "sum of a row");
  }
  assertQuick(context, "what if, all classes: slowest", slowest, 50);
});

// However it is drawn: rows inside have no weight outside, rows outside none inside.
testAgainstPython("nothing passes a closed wall", "whatif", async (context, { fence }) => {
  const trace = await openTrace(context, fence.trace),
    edits = painted(trace, fence.strokes),
    { parts } = fence;
  assertSame(edits.wall, fence.wall, "walls");
  for (const p of fence.cells) {
    const row = rowOf(variant(trace, edits.change()), 1, p),
      here = row.filter((_, q) => parts[q] === parts[p]),
      elsewhere = row.filter((_, q) => parts[q] !== parts[p]);
    assertNear([sum(here)], [1], 1e-5, "on the same side");
    assertSame(
      elsewhere,
      elsewhere.map(() => 0),
      "beyond the wall",
    );
  }
});

testAgainstPython("no edit is the trace itself", "whatif", async (context, { unpainted }) => {
  const trace = await openTrace(context, unpainted),
    edits = new Edits(trace);
  assert.equal(edits.change().affinity(1), trace.affinity(1));
  assert.equal(edits.change(2).affinity(1), trace.affinity(1));
  assert.equal(edits.change(3).affinity(1).passes, 3);
});

/** As much of a trace as painting needs: a grid of 88 x 66 cells, scans, two classes. */
const paper = () => ({
  w: 88,
  h: 66,
  n: 88 * 66,
  K: 2,
  meta: { class_ids: [0, 2], classes: ["background", "cat"], rounds: [{ affinity: { kind: "scan" } }] },
});

test("strokes are undone and forgotten", () => {
  const edits = new Edits(paper()),
    count = () => [sum(edits.wall), edits.label.filter((k) => k !== -1).length],
    seen = [count()];
  const step = (act) => {
    act();
    seen.push(count());
  };
  step(() => {
    edits.stroke(100, 110, "wall");
    edits.stroke(110, 120, "wall");
  });
  step(() => edits.stroke(500, 500, "label", 1, 3));
  step(() => edits.stroke(500, 500, "label", 1, 3)); // changes nothing, and so is no step of its own
  step(() => edits.stroke(105, 105, "restore"));
  step(() => edits.reset());
  for (let i = 0; i < 5; i++) step(() => edits.undo());
  assert.deepEqual(
    seen.map(([walls]) => walls),
    [0, 21, 21, 21, 20, 0, 20, 21, 21, 0, 0],
  );
  assert.deepEqual(
    seen.map(([, labels]) => labels),
    [0, 0, 9, 9, 9, 0, 9, 9, 0, 0, 0],
  );
  assert.ok(edits.empty);
  assert.ok(!edits.canUndo);
});

test("a stroke that begins where nothing is to restore is undone whole", () => {
  const edits = new Edits(paper());
  edits.stroke(100, 110, "wall");
  edits.stroke(98, 98, "restore"); // pressed beside the wall, then dragged over it
  edits.stroke(98, 104, "restore");
  edits.stroke(104, 106, "restore");
  assert.equal(sum(edits.wall), 4);
  edits.undo();
  assert.equal(sum(edits.wall), 11);
});

test("a stroke after a reset is a step of its own", () => {
  const edits = new Edits(paper());
  edits.stroke(100, 110, "wall");
  edits.reset();
  edits.stroke(110, 120, "wall");
  edits.undo();
  assert.equal(sum(edits.wall), 0);
  edits.undo();
  assert.equal(sum(edits.wall), 11);
});

test("what was painted goes over to a newer trace of the photo", () => {
  const older = new Edits(paper()),
    newer = new Edits(paper());
  older.stroke(100, 110, "wall");
  older.stroke(500, 500, "label", 1, 3);
  assert.equal(new Edits({ ...paper(), w: 66 }).adopt(older), false);
  assert.equal(newer.adopt(older), true);
  assert.equal(newer.version, 1);
  assert.deepEqual([newer.wall, newer.label], [older.wall, older.label]);
  newer.undo();
  assert.ok(newer.label.every((k) => k === -1));
  assert.ok(older.label.some((k) => k === 1));
});
