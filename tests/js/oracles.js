// What Python says of the same traces, as tests/oracles wrote it, and how the scripts' numbers are compared with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { floats, integers, parseSafetensors } from "../../iaff/explorer/static/trace/safetensors.js";
import { Trace } from "../../iaff/explorer/static/trace/trace.js";

const folder = process.env.IAFF_ORACLES;
const MISSING = "Python's answers are missing: pytest tests/unit/test_js.py computes them and runs this test";

/** A test against Python: `check(context, oracle)` gets what tests/oracles says of the topic. Left out without that. */
export function testAgainstPython(name, topic, check) {
  test(name, { skip: folder ? false : MISSING }, (context) => check(context, readOracle(topic)));
}

/** The topic's JSON, with its arrays as typed arrays. */
function readOracle(topic) {
  const { tensors } = parseSafetensors(readBuffer(`${folder}/${topic}.safetensors`));
  const array = (name) => {
    const tensor = tensors.get(name);
    return { F32: floats, I32: integers, U8: ({ bytes }) => bytes }[tensor.dtype](tensor);
  };
  return JSON.parse(readFileSync(`${folder}/${topic}.json`, "utf8"), (_, value) =>
    value?.array === undefined ? value : array(value.array),
  );
}

const readBuffer = (path) => new Uint8Array(readFileSync(path)).buffer;

/** The trace in a file; it is closed when the test ends. */
export async function openTrace(context, path) {
  const trace = await Trace.parse(readBuffer(path));
  context.after(() => trace.close());
  return trace;
}

/** Numbers that differ by at most `tolerance` each; NaN is near NaN alone. */
export function assertNear(got, expected, tolerance, what = "") {
  assert.equal(got.length, expected.length, `${what}: how many numbers`);
  let worst = 0,
    at = 0;
  for (let i = 0; i < got.length; i++) {
    const apart = Number.isNaN(got[i]) && Number.isNaN(expected[i]) ? 0 : Math.abs(got[i] - expected[i]);
    if (apart <= worst) continue;
    [worst, at] = [apart, i];
    if (Number.isNaN(apart)) break;
  }
  assert.ok(worst <= tolerance, `${what}: got ${got[at]} at ${at}, expected ${expected[at]} ± ${tolerance}`);
}

/** The same whole numbers, in order, whatever the type of the arrays. */
export function assertSame(got, expected, what = "") {
  assertNear(got, expected, 0, what);
}

/** Says how long something took; CI sets IAFF_TIMES, and then it fails beyond three times the aim. */
export function assertQuick(context, what, ms, aim) {
  context.diagnostic(`${what} ${ms.toFixed(1)} ms (aim ${aim})`);
  if (process.env.IAFF_TIMES) assert.ok(ms < 3 * aim, `${what} ${ms} ms, aim ${aim}`);
}

/** Resolves to what `ask` answers, once that is no longer null. */
export async function until(ask) {
  for (let answer = ask(); ; answer = ask()) {
    if (answer) return answer;
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

export const sum = (values) => values.reduce((a, b) => a + b, 0);
