// What is right, wrong and changed of label maps: numbers in, numbers out.
import assert from "node:assert/strict";
import test from "node:test";
import {
  changeKinds,
  changesBetween,
  correctionKinds,
  countKinds,
  errorKinds,
} from "../../iaff/explorer/static/engine/errors.js";
import { miou } from "../../iaff/explorer/static/engine/score.js";

const map = (text) => Uint8Array.from(text.split(/\s+/), Number);

test("each pixel is right, missed, false, of the wrong class, unknown, or void", () => {
  const truth = map("0 0 0   7 7 7 7   9 255 255"),
    labels = map("0 7 255 7 0 9 255 9 0   255");
  assert.deepEqual([...errorKinds(labels, truth)], [1, 3, 5, 1, 2, 4, 5, 1, 0, 0]);
  assert.deepEqual(countKinds(errorKinds(labels, truth), 5), [2, 3, 1, 1, 1, 2]);
});

test("changes are gained, lost or flipped without truth, and become right or wrong with it", () => {
  const before = map("0 7 7 255 7   0 9 0"),
    after = map("7 0 9 7   255 0 7 255");
  assert.deepEqual([...changeKinds(before, after)], [1, 2, 3, 1, 2, 0, 3, 0]);
  const truth = map("7 7 7 7 0 0 8 255");
  assert.deepEqual([...correctionKinds(before, after, truth)], [1, 2, 2, 1, 3, 0, 3, 0]);
});

test("the numbers of a change are those of the definition, also backwards", () => {
  let seed = 7;
  const pick = (ids) => ids[(seed = (seed * 16807) % 2147483647) % ids.length],
    random = (ids) => Uint8Array.from({ length: 500 }, () => pick(ids)),
    [before, after, truth] = [random([0, 3, 8, 255]), random([0, 3, 5]), random([0, 3, 8, 255])];
  const { counts, of, unknown, objects, miou: mean, classes } = changesBetween({ before, after, truth }),
    where = (holds) => [...truth.keys()].filter((p) => truth[p] !== 255 && holds(p)).length,
    right = (labels) => (p) => labels[p] === truth[p];
  assert.equal(
    of,
    where(() => true),
  );
  assert.equal(counts[0] - counts[1], where(right(after)) - where(right(before)));
  assert.ok(counts.every((count) => count > 20) && unknown);
  assert.deepEqual(
    objects,
    [before, after].map((m) => m.filter((id) => id !== 0 && id !== 255).length / 500),
  );
  assert.deepEqual(mean, [miou(before, truth), miou(after, truth)]);
  assert.deepEqual(
    classes.map(({ id }) => id).sort((a, b) => a - b),
    [0, 3, 5, 8],
  );
  for (const { id, iou, change } of classes) {
    const expected = [before, after].map((labels) => {
      const union = where((p) => labels[p] === id || truth[p] === id);
      return union ? where((p) => labels[p] === id && truth[p] === id) / union : null;
    });
    assert.deepEqual(iou, expected, `IoU of class ${id}`);
    assert.equal(change, expected[1] - expected[0]);
  }
  const sizes = classes.map(({ change }) => Math.abs(change));
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
    "the largest change first",
  );
  const back = changesBetween({ before: after, after: before, truth });
  assert.deepEqual(back.counts, [counts[1], counts[0], counts[2]]);
  const blind = changesBetween({ before, after });
  assert.deepEqual([blind.miou, blind.classes, blind.of], [null, [], 500]);
});
