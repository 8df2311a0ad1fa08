// Paths over the picture.
import "./browser.js";
import assert from "node:assert/strict";
import test from "node:test";
import { borders, outlines } from "../../iaff/explorer/static/draw/paint.js";

// Else every unit of the true border begins its dashes anew, and no dash is ever seen.
test("borders are drawn end to end", () => {
  const lines = [],
    path = { moveTo: (...at) => lines.push([at]), lineTo: (...at) => lines.at(-1).push(at) };
  outlines(path, borders([0, 0, 0, 0, 0, 7, 7, 0, 0, 7, 0, 0, 0, 0, 0, 9], 4, 4));
  const lengths = lines.map((line) => line.length - 1).sort((a, b) => a - b);
  assert.ok(["2,8", "1,1,8"].includes(String(lengths)), `lengths ${lengths}`);
  assert.equal(lines.filter((line) => String(line[0]) === String(line.at(-1))).length, 1, "closed lines");
  const steps = lines.flatMap((line) => line.slice(1).map((to, i) => [line[i], to]));
  for (const [[x, y], [nextX, nextY]] of steps) assert.equal(Math.abs(x - nextX) + Math.abs(y - nextY), 1);
  assert.equal(new Set(steps.map((ends) => ends.map(String).sort().join(" "))).size, 10);
});
