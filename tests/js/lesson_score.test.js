// What a guess in a lesson is held against.
import assert from "node:assert/strict";
import test from "node:test";
import { exact } from "../../iaff/explorer/static/lessons/lesson_score.js";

test("a guess on a walk that does not end has no score", async () => {
  const walk = { steps: 9, at: 3, broken: true },
    trace = { n: 4, K: 1 },
    pane = { spec: { by: "walk" }, trace, asks: () => true, ask() {}, affinity: () => walk };
  assert.equal(await exact(pane, "walk", { x: 0, y: 0 }), null);
  walk.at = 9;
  assert.equal((await exact(pane, "walk", { x: 0, y: 0 })).length, 4);
});
