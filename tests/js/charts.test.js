// The charts' data: figures that are given here, without a page.
import assert from "node:assert/strict";
import test from "node:test";
import { plots } from "../../iaff/explorer/static/charts/chart_data.js";

/** The lines of each chart by its title, as [x, y]. */
const drawn = (sources) =>
  Object.fromEntries(
    plots(sources, "#000", "light").map(({ title, traces }) => [title, traces.map(({ x, y }) => [x, y])]),
  );

test("what has no figures has no chart", () => {
  assert.deepEqual(drawn([]), {});
  const young = { kind: "run", name: "young", figures: { rounds: [{ round: 1, reach: 3, leak: null }] } };
  assert.deepEqual(drawn([young]), { Reach: [[[1], [3]]] });
});

test("the paper's energies are never joined", () => {
  const energy = (t) => ({ unary: 3 / t, refined: 1 / t }),
    rounds = [1, 2].map((round) => ({ round, energy: { paper: energy(round), ref: energy(round) } })),
    sources = ["run", "photo", "other"].map((kind) => ({ kind, name: kind, figures: { rounds } })),
    { "Energy J ref": joined, "Energy J of the paper": steps } = drawn(sources);
  const each = (...one) => sources.flatMap(() => one);
  assert.deepEqual(
    joined.map(([, y]) => y),
    each([3, 1.5], [1, 0.5]),
  );
  assert.deepEqual(
    steps.map(([, y]) => y),
    each([3, 1], [1.5, 0.5]),
    "a line for each round of each source",
  );
  const places = steps.map(([x]) => x);
  assert.deepEqual(
    places.map((x) => x.map(Math.round)),
    each([1, 1], [2, 2]),
  );
  assert.equal(new Set(places.flat()).size, 12, "no step lies upon another");
});

test("one class stands in the place of the mean", () => {
  const rounds = [0.25, 0.5].map((v, i) => ({ round: i + 1, refined: { miou_tags: 0.9, iou_tags: { "a. b": v } } })),
    [first] = plots([{ kind: "run", name: "run", figures: { rounds } }], "#000", "light", "a. b");
  assert.equal(first.title, "IoU of a. b");
  assert.deepEqual(
    first.traces.map(({ y }) => y),
    [[25, 50]],
  );
});
