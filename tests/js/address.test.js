// The view in an address: what is read from it, and what is written back.
import assert from "node:assert/strict";
import test from "node:test";
import { allLines, lineAt, placeOf } from "../../iaff/explorer/static/state/line.js";
import { parameterWords, parametersOf, withParameters } from "../../iaff/explorer/static/state/parameters.js";
import { KEYS, VIEW, fromQuery, normalised, toQuery } from "../../iaff/explorer/static/state/state.js";

const start = () => Object.fromEntries(KEYS.map((key) => [key, VIEW[key].start]));

test("an address without a query is the view at its start, and the other way round", () => {
  assert.deepEqual(fromQuery(""), start());
  assert.equal(toQuery(start(), ""), "");
});

test("what is written is read again", () => {
  const shown = {
    img: "astronaut",
    stage: "refined",
    round: 3,
    x: 150,
    y: 120,
    pins: "3.4_5.6",
    zoom: 2.5,
    mode: "column",
    opacity: 55,
    scale: "linear",
    line: "left.12",
    over: "carried.40_unary.25",
    cls: "cat,dog",
    p2: "..none.",
    tau: 0.95,
    paint: "wall-20.10.1.30_class0-3.40.5.5",
    hide: "gallery_keys",
  };
  assert.deepEqual(fromQuery(toQuery({ ...start(), ...shown }, "")), { ...start(), ...shown });
});

test("values that the table does not allow are ignored; what belongs to others stays", () => {
  const query = "?img=nobody&stage=magic&round=-3&x=1e9&y=5&mode=diagonal&opacity=900&colour=red&__theme=dark",
    view = fromQuery(query);
  assert.deepEqual(view, { ...start(), img: "nobody" });
  assert.equal(toQuery(view, query), "?img=nobody&colour=red&__theme=dark");
});

test("values without what they belong to, and nonsense", () => {
  const lonely = "?pins=20.30&y=7&wipe=101&p2=unary.1&step=0&brush=magic.1.1&figs=all&paint=wall-1&hide=everything";
  assert.deepEqual(fromQuery(`${lonely}&over=seeds.101&lesson=`), start());
});

test("a text that is too long for an address stays out of it", () => {
  const classes = (count) => Array.from({ length: count }, (_, i) => `class number ${i}`).join(",");
  assert.match(toQuery({ ...start(), cls: classes(50) }, ""), /cls=/);
  assert.equal(toQuery({ ...start(), cls: classes(200) }, ""), "");
});

test("a view is brought to what a trace can show", () => {
  const trace = { W: 300, H: 200, T: 3, has: (stage, round) => stage !== "confident" || round < 2 },
    shown = { ...start(), stage: "confident", round: 77, x: 299, y: 199, pins: "0.0" };
  const { stage, round, x, y, pins } = normalised(shown, trace);
  assert.deepEqual([stage, round, x, y, pins], ["superpixels", 3, 299, 199, "0.0"]);
  assert.equal(shown.round, 77, "the state that is given stays as it is");
  assert.equal(normalised({ ...shown, x: 300 }, trace).x, null);
  assert.equal(normalised({ ...shown, pins: "0.200" }, trace).x, null);
  assert.deepEqual(normalised(shown, null), shown);
});

test("parameters of propagators are what the table knows, in its order, without defaults", () => {
  for (const [given, expected] of [
    ["walk-radius.7", "walk-radius.7"],
    ["similarity-k.8-temperature.0.5_walk-beta.0.125-radius.5", "walk-beta.0.125_similarity-temperature.0.5-k.8"],
    ["walk-radius.99_pamr-radius.7_magic-k.8", null],
    ["walk-radius", null],
    [null, null],
  ]) {
    const { params } = fromQuery(given ? `?params=${given}` : "");
    assert.equal(params, expected, String(given));
    assert.equal(fromQuery(toQuery({ ...fromQuery(""), params }, "")).params, expected);
  }
  assert.deepEqual(parametersOf("walk-radius.7", "walk"), { radius: 7, beta: 1, steps: 64 });
  assert.equal(withParameters("walk-radius.7", "walk", { radius: 5 }), null);
  assert.equal(withParameters("walk-radius.7", "crf", { colour: 20 }), "walk-radius.7_crf-colour.20");
  assert.equal(parameterWords("walk-radius.7-beta.2", "walk"), " (radius 7, β 2)");
});

test("the line of a scan is one that the trace has, at a stage that answers, in the direction that is asked", () => {
  const rounds = ["scan", "sparse"].map((kind) => ({ affinity: { kind } })),
    trace = { W: 300, H: 200, T: 2, w: 75, h: 50, meta: { rounds }, has: () => true },
    shown = { ...start(), stage: "affinity", line: "down.60" },
    line = (change) => normalised({ ...shown, ...change }, trace).line;
  assert.equal(line({}), "down.50", "no more lines than there are");
  assert.equal(line({ line: "right.60", dir: "right" }), "right.60");
  for (const change of [{ stage: "unary" }, { round: 2 }, { by: "walk" }, { dir: "right" }])
    assert.equal(line(change), null, JSON.stringify(change));
  for (const wrong of ["right", "right.0", "right.-1", "right.1.5", "across.3", "right.12345"])
    assert.equal(fromQuery(`?line=${wrong}`).line, null, wrong);
});

test("lines follow each other, direction after direction", () => {
  const grid = { w: 3, h: 2 };
  for (const [dir, lines] of [
    [null, ["right.1", "right.2", "right.3", "left.1", "left.2", "left.3", "down.1", "down.2", "up.1", "up.2", null]],
    ["up", ["up.1", "up.2", null]],
  ]) {
    const view = { ...start(), dir };
    assert.equal(allLines(view, grid), lines.length - 1);
    assert.deepEqual(
      lines.map((_, i) => lineAt(i + 1, view, grid)),
      lines,
    );
    assert.deepEqual(
      lines.map((line) => placeOf({ ...view, line }, grid)),
      lines.map((_, i) => i + 1),
    );
  }
});
