// The arithmetic of a cell, and what gates set by hand make of the toy grid, against iaff.propagation.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { lastPass, termsAt } from "../../iaff/explorer/static/engine/arithmetic.js";
import { Edits } from "../../iaff/explorer/static/engine/whatif.js";
import { read, withGate, written } from "../../iaff/explorer/static/state/hand_gates.js";
import { variant } from "../../iaff/explorer/static/trace/variant.js";
import { assertNear, assertSame, openTrace, sum, testAgainstPython } from "./oracles.js";

testAgainstPython(
  "each term, their sum and the mean of four directions are Python's",
  "arithmetic",
  async (context, { terms }) => {
    for (const { trace: path, t, terms: asked, out } of terms) {
      const trace = await openTrace(context, path),
        { n } = trace,
        scan = trace.affinity(t),
        pass = lastPass(scan, trace.unary(t).subarray(n, 2 * n));
      assertNear(pass.out, out, 1e-6, "what comes out");
      assertNear(pass.out, trace.refined(t).subarray(n, 2 * n), 1e-6, "which is the refined map");
      for (const { p, d, own, cells, weights, values, sum: expected } of asked) {
        const got = termsAt(scan, pass, p, d),
          of = (key) => got.heard.map((term) => term[key]);
        assertNear([got.own.weight, got.own.value], own, 1e-6, `${p} ${d}: self`);
        assertSame(of("cell"), cells, `${p} ${d}: whom it listens to`);
        assertNear(of("weight"), weights, 1e-6, `${p} ${d}: gates`);
        assertNear(of("value"), values, 1e-6, `${p} ${d}: neighbours`);
        assertNear([got.sum, pass.swept[d][p]], [expected, expected], 1e-6, `${p} ${d}: sum`);
        assertNear([got.own.product + sum(of("product"))], [got.sum], 1e-12, "of the products");
      }
    }
  },
);

testAgainstPython(
  "the toy's rows, with walls and gates set by hand, are Python's",
  "arithmetic",
  async (context, { toy }) => {
    assert.equal(toy.length, 9);
    for (const { trace: path, paint, gates, rows, refined } of toy) {
      const trace = await openTrace(context, path),
        edits = new Edits(trace);
      edits.take({ paint, gates });
      assert.equal(edits.texts.gates, gates);
      const made = variant(trace, edits.change()),
        out = new Float32Array(trace.n);
      rows.forEach((expected, d) => {
        for (let p = 0; p < trace.n; p++) {
          made.affinity(1).row(p, out, d < 4 ? d : undefined);
          assertNear(out, expected.subarray(p * trace.n, (p + 1) * trace.n), 1e-6, `${paint} ${gates} ${d} ${p}`);
        }
      });
      assertNear(made.refined(1), refined, 1e-6, `${paint} ${gates}: refined`);
    }
  },
);

test("a gate that is opened makes the others give way", () => {
  assert.deepEqual(withGate([250, 250, 250], 1, 400), [250, 400, 250]);
  assert.deepEqual(withGate([250, 250, 250], 1, 800), [100, 800, 100]);
  assert.deepEqual(withGate([0, 0, 0], 2, 1000), [0, 0, 1000]);
  for (let value = 0; value <= 1000; value += 7) assert.ok(sum(withGate([333, 333, 334], 0, value)) <= 1000);
});

test("gates by hand as a text: what lies beyond the grid or is too much is left out", () => {
  const grid = { w: 6, h: 6 },
    text = "right-3.2-500.0.250_up-0.5-0.1000.0";
  assert.equal(written(read(text, grid), grid), text);
  assert.equal(written(read("right-6.2-500.0.0_left-1.1-500.400.200", grid), grid), null);
  assert.equal(read(null, grid).size, 0);
});

/** As much of the toy as gates need. */
const paper = () => ({ w: 6, h: 6, n: 36, K: 2, meta: { rounds: [{ affinity: { kind: "scan" } }] } });

test("gates are set, taken back, restored and reset like walls", () => {
  const edits = new Edits(paper()),
    said = () => edits.texts.gates;
  assert.ok(edits.setGates(0, 15, [500, 0, 0]));
  assert.ok(edits.setGates(0, 15, [600, 0, 0], true)); // dragged on: one change
  assert.equal(said(), "right-3.2-600.0.0");
  edits.setGates(0, 0, [100, 100, 100]); // the first column hears nobody from the left
  assert.equal(said(), "right-0.0-0.0.0_right-3.2-600.0.0");
  edits.undo();
  assert.equal(said(), "right-3.2-600.0.0");
  edits.stroke(15, 15, "restore");
  assert.ok(edits.empty);
  edits.undo();
  edits.reset();
  assert.ok(edits.empty && edits.canUndo);
  edits.undo();
  assert.equal(said(), "right-3.2-600.0.0");
  edits.undo();
  assert.ok(edits.empty && !edits.canUndo);
});

test("no more gates are set than a link holds", () => {
  const edits = new Edits(paper());
  for (let i = 0; i < 40; i++) assert.ok(edits.setGates(i % 4, 7 + Math.floor(i / 4), [1, 1, 1]));
  assert.ok(!edits.setGates(0, 30, [1, 1, 1]));
  assert.ok(edits.setGates(0, 7, [2, 2, 2]));
});
