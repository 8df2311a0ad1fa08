// What a valid trace obeys, as iaff/trace/schema.py has it. Every breach is a TraceError with got, expected, remedy.
import { gridSize } from "../engine/grid.js";
import { parseJson } from "./json.js";
import { REWRITE, TraceError, integers } from "./safetensors.js";

const LARGEST = 4096; // px
const LARGEST_STRIDE = 64; // px
const MOST_CELLS = 2 ** 16; // of a sparse affinity: their numbers have 16 bits
const STEPS = { scan: ["passes", 64], stencil: ["steps", 4096], sparse: ["steps", 4096] }; // by kind, and at most
const SUM_TOLERANCE = 0.02,
  GATE_TOLERANCE = 1e-3;
const UNKNOWN = 255;

const fail = (got, expected) => {
  throw new TraceError(got, expected, REWRITE);
};
const whole = (v, low, high) => Number.isInteger(v) && v >= low && v <= high;
const text = (v) => typeof v === "string";
const list = (v, of) => Array.isArray(v) && v.every(of);
const object = (v) => typeof v === "object" && v !== null && !Array.isArray(v);

/** The description, parsed and checked. */
export function checkMeta(json) {
  let meta;
  try {
    meta = parseJson(json);
  } catch (error) {
    fail(`The trace's description is not JSON (${error.message}).`, "Expected the description that iaff writes.");
  }
  const must = (ok, what) => ok || fail(`The trace's description has a wrong "${what}".`, "Expected what iaff writes.");
  must(object(meta), "whole");
  must(text(meta.name), "name");
  const { size, grid, stride, classes, class_ids: ids, tags, rounds } = meta;
  must(list(size, (v) => whole(v, 1, LARGEST)) && size.length === 2, "size");
  must(stride === undefined || whole(stride, 1, LARGEST_STRIDE), "stride");
  must(list(grid, (v) => whole(v, 1, LARGEST)) && String(grid) === String(gridSize(size, stride)), "grid");
  must(list(classes, text) && classes.length > 0 && classes.length <= UNKNOWN, "classes");
  must(list(ids, (v) => whole(v, 0, UNKNOWN - 1)) && new Set(ids).size === classes.length, "class_ids");
  must(ids.length === classes.length, "class_ids");
  must(list(tags, text), "tags");
  must(list(rounds, object), "rounds");
  rounds.forEach(({ affinity: a }, i) => must(object(a) && known(a), `affinity of round ${i + 1}`));
  decorations(meta);
  return meta;
}

/** Whether an affinity is of a kind that there is, and applied a number of times that is possible. */
function known(affinity) {
  if (affinity.kind === "map") return text(affinity.why);
  const [key, most] = Object.hasOwn(STEPS, affinity.kind) ? STEPS[affinity.kind] : [];
  return Boolean(key) && whole(affinity[key], 1, most);
}

const number = (v) => typeof v === "number" && Number.isFinite(v);
const share = (v) => number(v) && v >= 0 && v <= 1;

/** What only decorates must not be able to break the page, nor to reach into its styles: else it goes. */
function decorations(meta) {
  const keep = (key, ok) => ok(meta[key]) || delete meta[key];
  const entries = (key, ok) => {
    keep(key, object);
    meta[key] &&= Object.fromEntries(Object.entries(meta[key]).filter(([, v]) => ok(v)));
  };
  for (const key of ["figures", "run", "cam_climb"]) keep(key, object);
  for (const key of ["title", "note"]) keep(key, text);
  keep("proposed", (v) => list(v, text));
  keep("cam_scales", (v) => list(v, number));
  entries("tag_scores", share);
  entries("tag_sure", share);
  entries("thresholds", share);
  entries("credit", text);
  for (const round of meta.rounds) {
    if (!object(round.figures)) delete round.figures;
    if (!share(round.affinity.dropped)) delete round.affinity.dropped;
  }
}

function shaped(trace, name, dtype, shape) {
  const tensor = trace.tensors.get(name);
  if (!tensor) fail(`Tensor "${name}" is missing.`, "Expected every layer of schema 1 that is not optional.");
  if (tensor.dtype !== dtype || (shape && String(tensor.shape) !== String(shape)))
    fail(
      `Tensor "${name}" is ${tensor.dtype} (${tensor.shape.join(", ")}).`,
      `Expected ${dtype} (${shape?.join(", ")}).`,
    );
  return tensor;
}

/** The bytes of a picture. */
function picture(trace, name) {
  const { shape } = shaped(trace, name, "U8");
  if (shape.length !== 1) fail(`Tensor "${name}" is U8 (${shape.join(", ")}).`, "Expected U8 (n).");
}

/** Finite numbers of at most `top`, none negative. */
function inRange(trace, name, top) {
  const values = trace.floats(name);
  for (let i = 0; i < values.length; i++)
    if (!(values[i] >= 0 && values[i] <= top))
      fail(`Tensor "${name}" holds ${values[i]}.`, `Expected numbers from 0 to 1.`);
  return values;
}

function finite(trace, name) {
  const strange = trace.floats(name).find((v) => !Number.isFinite(v));
  if (strange !== undefined) fail(`Tensor "${name}" holds ${strange}.`, "Expected finite numbers.");
}

/** Whether the trace has this table, with a row for each superpixel. */
function ofRegions(trace, name, columns) {
  if (!trace.tensors.has(name)) return false;
  if (!trace.superpixels) fail(`Tensor "${name}" is there without its superpixels.`, "Expected them too.");
  return shaped(trace, name, "F16", [trace.S, columns]);
}

/** Sums over `count` planes of n numbers each; `ok` says which sums are right. */
function sums(values, from, count, n, name, ok, expected) {
  for (let p = 0; p < n; p++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += values[from + k * n + p];
    if (!ok(sum)) fail(`Tensor "${name}" sums to ${sum.toFixed(3)} at cell ${p}.`, expected);
  }
}

/** Shapes and values of all number layers. */
export function checkTensors(trace) {
  const { K, h, w, tensors, meta } = trace;
  for (const name of ["image", "seeds", "superpixels", "truth"])
    if (name === "image" || tensors.has(name)) picture(trace, name);
  if (tensors.has("cam")) {
    shaped(trace, "cam", "F16", [K - 1, h, w]);
    inRange(trace, "cam", 1.01);
  }
  if (tensors.has("cam_scales")) shaped(trace, "cam_scales", "U8", [meta.cam_scales?.length ?? 0, K - 1, h, w]);
  const climb = tensors.get("cam_climb");
  if (climb) shaped(trace, "cam_climb", "U8", [Math.max(2, climb.shape[0] ?? 0), K - 1, h, w]); // the photo, and steps
  meta.rounds.forEach(({ affinity }, i) => {
    const at = `rounds.${i + 1}.`;
    checkDistribution(trace, `${at}alpha_u`);
    if (tensors.has(`${at}confident`)) picture(trace, `${at}confident`);
    CHECKS[affinity.kind](trace, at);
  });
}

/** Weights of the neighbours at (row, column) `offset` are 0 where those lie outside the image. */
/** @param {ArrayLike<number>} offset row, column */
function inside(values, from, offset, { h, w }, name) {
  const [down, right] = [offset[0], offset[1]];
  for (let r = 0, i = from; r < h; r++)
    for (let c = 0; c < w; c++, i++) {
      const there = r + down >= 0 && r + down < h && c + right >= 0 && c + right < w;
      if (!there && values[i] > 0)
        fail(`Tensor "${name}" holds ${values[i]} for a neighbour outside the image.`, "Expected 0 there.");
    }
}

// Who is heard by the scans from the left, the right, above and below, as iaff.grid.gates_inside has it.
const NEIGHBOURS = [-1, 1, -1, 1].map((by, d) => [-1, 0, 1].map((side) => (d < 2 ? [side, by] : [by, side])));

const CHECKS = {
  scan: checkGates,
  stencil: checkStencil,
  sparse: checkSparse,
  map: (trace, at) => checkDistribution(trace, `${at}alpha_p`),
};

function checkDistribution(trace, name) {
  const { h, w, n, K } = trace;
  shaped(trace, name, "F16", [K, h, w]);
  const alpha = inRange(trace, name, 1 + SUM_TOLERANCE);
  sums(alpha, 0, K, n, name, (v) => Math.abs(v - 1) <= SUM_TOLERANCE, "Expected 1.");
}

function checkGates(trace, at) {
  const { h, w, n } = trace,
    name = `${at}gates`;
  shaped(trace, name, "F16", [4, 3, h, w]);
  const gates = inRange(trace, name, 1 + GATE_TOLERANCE);
  NEIGHBOURS.forEach((three, d) => {
    sums(gates, 3 * d * n, 3, n, name, (v) => v <= 1 + GATE_TOLERANCE, "Expected at most 1 over the neighbours.");
    three.forEach((offset, k) => inside(gates, (3 * d + k) * n, offset, trace, name));
  });
}

function checkStencil(trace, at) {
  const { h, w, n } = trace;
  const { shape } = shaped(trace, `${at}offsets`, "I32");
  if (shape.length !== 2 || shape[1] !== 2 || !shape[0])
    fail(`Tensor "${at}offsets" has shape (${shape.join(", ")}).`, "Expected (M, 2).");
  shaped(trace, `${at}weights`, "F16", [shape[0], h, w]);
  const weights = inRange(trace, `${at}weights`, 1 + GATE_TOLERANCE);
  sums(weights, 0, shape[0], n, `${at}weights`, (v) => v <= 1 + GATE_TOLERANCE, "Expected at most 1.");
  const offsets = integers(trace.tensors.get(`${at}offsets`));
  for (let m = 0; m < shape[0]; m++) inside(weights, m * n, offsets.subarray(2 * m, 2 * m + 2), trace, `${at}weights`);
}

function checkSparse(trace, at) {
  const { n, tensors } = trace,
    name = `${at}weights`,
    own = tensors.has(`${at}partners`);
  if (n > MOST_CELLS) fail(`The grid has ${n} cells.`, `Expected at most ${MOST_CELLS} for an affinity of this kind.`);
  const k = own ? Math.max(1, tensors.get(name)?.shape[1] ?? 1) : n;
  shaped(trace, name, "F16", [n, k]);
  const weights = inRange(trace, name, 1 + GATE_TOLERANCE);
  for (let p = 0, i = 0; p < n; p++) {
    let sum = 0;
    for (const end = i + k; i < end; i++) sum += weights[i];
    if (sum > 1 + GATE_TOLERANCE)
      fail(`Tensor "${name}" sums to ${sum.toFixed(3)} at cell ${p}.`, "Expected at most 1.");
  }
  if (own) checkPartners(integers(shaped(trace, `${at}partners`, "U16", [n, k])), weights, n, k, `${at}partners`);
}

/** Cells that there are, each at most once in a row where it has a weight. */
function checkPartners(partners, weights, n, k, name) {
  const last = new Int32Array(n).fill(-1); // row where each cell was found
  for (let p = 0, i = 0; p < n; p++)
    for (let j = 0; j < k; j++, i++) {
      const q = partners[i];
      if (q >= n) fail(`Tensor "${name}" holds cell ${q}.`, `Expected cells from 0 to ${n - 1}.`);
      if (!(weights[i] > 0)) continue;
      if (last[q] === p) fail(`Tensor "${name}" holds cell ${q} twice for cell ${p}.`, "Expected each at most once.");
      last[q] = p;
    }
}

/** Label maps, once decoded: only ids that the trace names; scores and places for every superpixel. */
export function checkLabels(trace) {
  const known = new Set([...trace.meta.class_ids, UNKNOWN]);
  const maps = [["seeds", trace.seeds], ...trace.confident.map((map, i) => [`rounds.${i + 1}.confident`, map])];
  for (const [name, map] of maps) {
    const strange = map?.find((id) => !known.has(id));
    if (strange !== undefined)
      fail(`The layer "${name}" holds class ${strange}.`, `Expected ${[...known].join(", ")}.`);
  }
  trace.meta.rounds.forEach((_, i) => {
    const at = `rounds.${i + 1}.`;
    if (ofRegions(trace, `${at}scores`, trace.K)) inRange(trace, `${at}scores`, 1.01);
    if (ofRegions(trace, `${at}embedding`, 2)) finite(trace, `${at}embedding`);
  });
}
