// Seeds at thresholds of one's choice, as iaff/seeds.py finds them, and what the affinity makes of them.
// Sums and comparisons are in single precision, as there, so that the same thresholds give the same seeds.
import { cellAt } from "./grid.js";
import { carry } from "./stepped.js";
import { gridRegions } from "./mining.js";

const UNKNOWN = 255;
const DEFAULT = { fg: 0.3, bg: 0.05 }; // of iaff.config.Seeds, for traces that do not say
const EPSILON = Math.fround(1e-5);

/**
 * {fg, bg}, 0..1: the run's thresholds, or those that `state` has in their place.
 * @param {{meta: {thresholds?: Record<string, number>}}} trace
 * @param {{fg?: number, bg?: number}} [state]
 */
export function seedThresholds({ meta: { thresholds: own = {} } }, { fg = null, bg = null } = {}) {
  return { fg: fg ?? own.seed_fg ?? DEFAULT.fg, bg: bg ?? own.seed_bg ?? DEFAULT.bg };
}

/**
 * Whether the run averages the activation in superpixels; the default of iaff.config.Seeds where it does not say.
 * @param {{superpixels: Uint16Array?, meta: {thresholds?: Record<string, number>}}} trace
 */
export function averages({ superpixels, meta: { thresholds: own = {} } }) {
  return Boolean(superpixels && (own.seed_superpixels ?? 1));
}

/** One tag's activation, averaged in each superpixel and divided by its largest value. */
function averaged(map, cells, S) {
  const sums = new Float32Array(S),
    sizes = new Uint32Array(S);
  for (let p = 0; p < map.length; p++) {
    sums[cells[p]] += map[p];
    sizes[cells[p]]++;
  }
  const means = sums.map((v, s) => v / Math.max(1, sizes[s])),
    top = Math.fround(means.reduce((a, b) => Math.max(a, b), 0) + EPSILON);
  return Float32Array.from(cells, (s) => means[s] / top);
}

/** The strongest tag of every cell: {strength: Float32Array (n), tag: Uint8Array (n), index among the tags}. */
export function evidence(trace) {
  return trace.once("evidence", () => {
    const { n, K, S } = trace,
      cam = trace.cam(),
      strength = new Float32Array(n),
      tag = new Uint8Array(n),
      cells = averages(trace) && gridRegions(trace);
    for (let k = 0; k < Math.min(K - 1, cam.length / n); k++) {
      const plain = cam.subarray(k * n, (k + 1) * n),
        map = cells ? averaged(plain, cells, S) : plain;
      for (let p = 0; p < n; p++)
        if (map[p] > strength[p]) {
          strength[p] = map[p];
          tag[p] = k;
        }
    }
    return { strength, tag };
  });
}

/** Seeds at these thresholds, Uint8Array (n) of class ids, 255 unknown; the trace's own where it has no activation. */
export function seedsAt(trace, fg, bg) {
  if (!trace.tensors.has("cam")) return trace.seeds;
  const { strength, tag } = evidence(trace),
    ids = trace.meta.class_ids,
    [high, low] = [Math.fround(fg), Math.fround(bg)],
    out = new Uint8Array(trace.n).fill(UNKNOWN);
  for (let p = 0; p < out.length; p++) {
    const v = strength[p];
    if (v >= high && v > 0) out[p] = ids[tag[p] + 1];
    else if (v < low) out[p] = 0;
  }
  return out;
}

/** Whether the trace's seeds are what its activation and thresholds give. */
export function seedsFollow(trace) {
  return trace.once("seeds-follow", () => {
    const { fg, bg } = seedThresholds(trace);
    return trace.seeds !== null && seedsAt(trace, fg, bg).every((id, p) => id === trace.seeds[p]);
  });
}

/** Cells by strongest activation, in equal bins from 0 to 1, one Uint32Array (bins) a tag. */
export function activationHistogram(trace, bins = 50) {
  const { strength, tag } = evidence(trace),
    counts = Array.from({ length: Math.max(1, trace.K - 1) }, () => new Uint32Array(bins));
  for (let p = 0; p < trace.n; p++) counts[tag[p]][Math.min(bins - 1, Math.floor(strength[p] * bins))]++;
  return counts;
}

/** Shares (0..1) of the cells: object, background, unknown; precision against truth, as Partial, or null without. */
export function seedFigures(trace, seeds) {
  let object = 0,
    background = 0;
  for (const id of seeds)
    if (id === 0) background++;
    else if (id !== UNKNOWN) object++;
  const n = seeds.length,
    unknown = n - object - background;
  return { object: object / n, background: background / n, unknown: unknown / n, precision: precision(trace, seeds) };
}

function precision(trace, seeds) {
  const { truth, W, H } = trace;
  if (!truth) return null;
  let known = 0,
    right = 0;
  for (let y = 0, q = 0; y < H; y++)
    for (let x = 0; x < W; x++, q++) {
      const id = seeds[cellAt(trace, x, y)];
      if (id === UNKNOWN || truth[q] === UNKNOWN) continue;
      known++;
      if (id === truth[q]) right++;
    }
  return right / Math.max(1, known);
}

/**
 * The seeds, unknown as 0, carried by the affinity of round t, as Float32Arrays {alpha (K, h, w), arrived (n)}:
 * arrived is the share (0..1) of a cell's decision that any seed makes; alpha sums to 1 where it is not 0, else to 0.
 * Null for an affinity that cannot carry another map, and while a long walk is still under way.
 */
export function carriedSeeds(trace, t, seeds = trace.seeds) {
  const { K, n } = trace,
    map = moved(trace, t, seeds);
  if (!map) return null;
  const alpha = Float32Array.from(map),
    arrived = new Float32Array(n);
  for (let i = 0; i < K * n; i++) arrived[i % n] += alpha[i];
  for (let i = 0; i < K * n; i++) alpha[i] = arrived[i % n] > 0 ? alpha[i] / arrived[i % n] : 0;
  return { alpha, arrived };
}

/** G times the one-hot seeds, (K, h, w), or null; anew when the seeds have changed. */
function moved(trace, t, seeds) {
  const affinity = trace.affinity(t);
  if (!affinity.row) return null; // only one map is known
  const last = trace.once(`carrier${t}`, () => ({ close: () => last.moved?.close?.() }));
  if (!last.seeds || seeds.some((id, p) => id !== last.seeds[p])) {
    last.close();
    Object.assign(last, { seeds, moved: carry(affinity, oneHot(trace, seeds), trace.K) });
  }
  return last.moved.map;
}

function oneHot({ K, n, meta }, seeds) {
  const out = new Float32Array(K * n);
  seeds.forEach((id, p) => {
    if (id !== UNKNOWN) out[meta.class_ids.indexOf(id) * n + p] = 1;
  });
  return out;
}
