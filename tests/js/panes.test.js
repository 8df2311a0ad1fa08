// Panes: what an entry of the address means, what stands beside what, and the same place in photos of other sizes.
import assert from "node:assert/strict";
import test from "node:test";
import { Scene } from "../../iaff/explorer/static/draw/scene.js";
import {
  besideChange,
  countChange,
  nextCount,
  paneChange,
  paneValues,
  photosBeside,
  specOf,
} from "../../iaff/explorer/static/state/panes.js";
import { allowedValue, fromQuery, toQuery } from "../../iaff/explorer/static/state/state.js";
import { ClassNumbers } from "../../iaff/explorer/static/trace/class_numbers.js";

const at = (query) => fromQuery(query);

test("an entry names a run or, after @, a photo, with dots in it or not", () => {
  const state = at(
    "?stage=refined&round=2&by=walk&panes=4&p2=unary.3.ial.plain.run&p3=...@own-abc123&p4=..none.@a.b.c",
  );
  assert.deepEqual(specOf(state, 1), { stage: "unary", round: 3, by: null, run: "plain.run", photo: null });
  assert.deepEqual(specOf(state, 2), { stage: "refined", round: 2, by: "walk", run: null, photo: "own-abc123" });
  assert.deepEqual(specOf(state, 3), { stage: "refined", round: 2, by: "none", run: null, photo: "a.b.c" });
  assert.deepEqual(photosBeside(state), ["own-abc123", "a.b.c"]);
  assert.deepEqual(photosBeside(state, 2), [], "of the panes that are shown");
  assert.ok(toQuery(state, "").includes("p3=...@own-abc123"), "readable in an address");
  assert.equal(paneValues(state, 2).source, "@own-abc123");
  assert.deepEqual(paneChange(state, 2, { source: "" }), { p3: null });
  assert.deepEqual(paneChange(state, 2, { round: "4" }), { p3: ".4..@own-abc123" });
  assert.deepEqual(specOf(at("?p2=...@"), 1).photo, null, "a name is missing");
  assert.equal(allowedValue("p2", "nothing...@x"), undefined);
});

test("a photo comes beside the main one, one pane each, and goes again", () => {
  let state = at("?stage=affinity");
  const press = (name) => (state = { ...state, ...besideChange(state, name) }),
    shown = () => [state.panes, state.p2, state.p3, state.p4];
  press("a");
  press("b");
  assert.deepEqual(shown(), [3, "...@a", "...@b", null]);
  press("a");
  assert.deepEqual(shown(), [2, "...@b", null, null]);
  for (const name of ["c", "d", "e"]) press(name);
  assert.deepEqual(shown(), [4, "...@b", "...@c", "...@e"], "of four panes the last is replaced");
  state = { ...state, panes: 4, p2: null, p3: ".2..", p4: null };
  press("a");
  assert.deepEqual(shown(), [4, "...@a", ".2..", null], "a copy of the main pane is replaced");
});

test("more panes show what is worth comparing, and leave nothing of it behind", () => {
  const cases = [
    ["refined", 5, "refined", 1, [".5..", ".3..", "difference..."]],
    ["unary", 2, "unary", 1, [".2..", "refined.2..", "difference..."]],
    ["superpixels", 3, "superpixels", 1, [".3..", ".2..", "confident.3.."]],
    ["affinity", 5, "affinity", 2, ["refined...", ".5..", "refined.5.."]],
    ["affinity", 2, "affinity", 2, ["refined...", ".1..", "refined.1.."]],
    ["confident", 1, "unary", 2, ["refined...", "affinity...", "difference..."]],
    ["seeds", 3, "seeds", 2, ["refined.3..", "affinity.3..", "unary.3.."]],
    ["cam", 0, "cam", 2, [null, null, null]],
  ];
  for (const [stage, T, main, round, [p2, p3, p4]] of cases) {
    let state = at(`?stage=${stage}&round=2`);
    const press = () => (state = { ...state, ...countChange(state, { T }, nextCount(state.panes)) });
    press();
    assert.deepEqual([state.panes, state.stage, state.p2, state.p3], [2, main, p2, null], stage);
    assert.equal(state.round, round, stage);
    press();
    assert.deepEqual([state.panes, state.p2, state.p3, state.p4], [4, p2, p3, p4], stage);
    press();
    assert.deepEqual([state.panes, state.p2, state.p3, state.p4], [1, null, null, null], stage);
  }
});

test("what the reader chose stays for the next time", () => {
  let state = at("?stage=refined&round=3&panes=2&p2=...@own-abc123");
  const press = () => (state = { ...state, ...countChange(state, { T: 5 }, nextCount(state.panes)) });
  press();
  assert.deepEqual([state.round, state.p2, state.p3], [3, "...@own-abc123", ".3.."]);
  press();
  assert.deepEqual([state.panes, state.p2, state.p3], [1, "...@own-abc123", null]);
  press();
  assert.deepEqual([state.panes, state.p2, state.p3], [2, "...@own-abc123", null]);
});

/** Scenes of photos of these sizes in one view; the first is the main one. */
function scenes(sizes, view) {
  const traces = sizes.map(([W, H]) => ({ W, H, n: 4, K: 1, once: (_, make) => make() })),
    shared = { state: { ...at(""), ...view }, origin: traces[0], scenes: [] };
  return traces.map((trace, index) => new Scene(shared, index, { trace, spec: specOf(shared.state, index) }));
}

test("panes of photos of other sizes show the same place, and ask there", () => {
  const [main, half, wide] = scenes(
      [
        [352, 264],
        [176, 132],
        [500, 100],
      ],
      { zoom: 2, cx: 200, cy: 90 },
    ),
    pane = [400, 300];
  for (const scene of [main, half, wide]) {
    const { W, H } = scene.trace,
      view = scene.place(...pane),
      middle = [(pane[0] / 2 - view.left) / view.scale / W, (pane[1] / 2 - view.top) / view.scale / H];
    assert.ok(Math.abs(middle[0] - 200 / 352) < 1e-9 && Math.abs(middle[1] - 90 / 264) < 1e-9);
    for (const [x, y] of [
      [0, 0],
      [200, 90],
      [351, 263],
    ]) {
      const here = scene.local({ x, y });
      assert.ok(Math.abs((here.x + 0.5) / W - (x + 0.5) / 352) <= 0.5 / W);
      assert.ok(Math.abs((here.y + 0.5) / H - (y + 0.5) / 264) <= 0.5 / H);
      const centre = [((x + 0.5) / 352) * W * view.scale + view.left, ((y + 0.5) / 264) * H * view.scale + view.top];
      assert.deepEqual(scene.under(...centre, view), { x, y }, "and back");
    }
  }
});

test("classes of one name have one number in all traces, whatever their files say", () => {
  const numbers = new ClassNumbers(["background", "bird", "cat", "dog"]),
    trace = (classes, class_ids) => ({
      meta: { classes, class_ids },
      seeds: Uint8Array.from([...class_ids, 255]),
      truth: Uint8Array.from([0, 1, 2, 3, 4, 255]),
      confident: [null, Uint8Array.from(class_ids)],
    });
  const own = numbers.apply(trace(["background", "dog"], [0, 3]));
  assert.deepEqual(
    [own.meta.class_ids, [...own.truth]],
    [
      [0, 3],
      [0, 1, 2, 3, 4, 255],
    ],
    "a run's trace stays",
  );
  const other = numbers.apply(trace(["background", "dog", "unicorn"], [0, 1, 2]));
  assert.deepEqual(other.meta.class_ids, [0, 3, 4]);
  assert.deepEqual(
    [[...other.seeds], [...other.confident[1]]],
    [
      [0, 3, 4, 255],
      [0, 3, 4],
    ],
  );
  assert.deepEqual([...other.truth.slice(0, 3), other.truth[5]], [0, 3, 4, 255]);
  assert.equal(new Set(other.truth).size, 6, "classes without a name stay apart from those with one");
  assert.equal(own.fileNumbers, undefined);
  assert.deepEqual(
    [...other.truth.map((id) => other.fileNumbers[id])],
    [0, 1, 2, 3, 4, 255],
    "exports have the file's",
  );
  assert.deepEqual(numbers.apply(trace(["background", "unicorn"], [0, 9])).meta.class_ids, [0, 4]);
  assert.deepEqual(numbers.apply(other).meta.class_ids, [0, 3, 4], "twice is once");
});
