// Mining confident regions at thresholds of one's choice, as iaff/mining.py does it where superpixels are relabelled.
// Python compares in single precision; so does this, that no superpixel on a threshold falls to the other side.
import { argmax } from "./scan.js";
import { cellAt, onGrid } from "./grid.js";

const UNKNOWN = 255;
const DEFAULT = { tau: 0.7, purity: 0.8 }; // of iaff.config.Mining, for traces that do not say

/**
 * {tau, tauBg, purity}, 0..1: the run's, or what `state` has in their place; said: whether one of them names tau.
 * @param {{meta: {thresholds?: Record<string, number>}}} trace
 * @param {{tau?: number, taubg?: number, purity?: number}} [state]
 */
export function thresholdsAt({ meta: { thresholds: own = {} } }, { tau = null, taubg = null, purity = null } = {}) {
  const objects = tau ?? own.tau ?? DEFAULT.tau;
  return {
    tau: objects,
    tauBg: taubg ?? own.tau_background ?? objects,
    purity: purity ?? own.purity ?? DEFAULT.purity,
    said: (tau ?? own.tau) !== undefined,
  };
}

/** Superpixel of each cell of the grid, Uint16Array (n). */
export const gridRegions = (trace) => trace.once("grid-regions", () => onGrid(trace.superpixels, trace));

const largest = (table, s, count) => {
  let best = 0;
  for (let k = 1; k < count; k++) if (table[s * count + k] > table[s * count + best]) best = k;
  return best;
};

/**
 * What round t knows of each superpixel (S), whatever the thresholds; null without superpixels:
 * size (cells), unary (channel of most of its cells), share (of them, single precision), votes (S, K) in cells,
 * final (channel of the trace's confident map, 255 unknown); with region scores also best, label (channel of the best
 * score) and agreeing (cells whose unary label that is); with truth too: valid and right (px that are not void, and
 * whose class the label is).
 */
export function regionTable(trace, t) {
  if (!trace.superpixels) return null;
  return trace.once(`region-table${t}`, () => {
    const { K, S, n } = trace,
      cells = gridRegions(trace),
      unary = argmax(trace.unary(t), K, n),
      size = new Uint32Array(S),
      votes = new Uint32Array(S * K);
    for (let p = 0; p < n; p++) {
      size[cells[p]]++;
      votes[cells[p] * K + unary[p]]++;
    }
    const mostly = Uint8Array.from({ length: S }, (_, s) => largest(votes, s, K)),
      share = Float32Array.from({ length: S }, (_, s) => votes[s * K + mostly[s]] / Math.max(1, size[s]));
    const table = { size, votes, unary: mostly, share, final: finalLabels(trace, t, cells) };
    return trace.scores(t) ? { ...table, ...scored(trace, t, votes) } : table;
  });
}

/** Channel that the confident map gives most cells of each superpixel, 255 unknown. */
function finalLabels({ K, S, meta, confident }, t, cells) {
  const Y = confident[t - 1],
    kept = new Uint32Array(S * (K + 1)),
    channel = new Uint8Array(256).fill(K);
  meta.class_ids.forEach((id, k) => (channel[id] = k));
  Y?.forEach((id, p) => kept[cells[p] * (K + 1) + channel[id]]++);
  return Uint8Array.from({ length: S }, (_, s) => {
    const best = largest(kept, s, K + 1);
    return best < K && kept[s * (K + 1) + best] ? best : UNKNOWN;
  });
}

function scored(trace, t, votes) {
  const { K, S } = trace,
    scores = trace.scores(t),
    label = Uint8Array.from({ length: S }, (_, s) => largest(scores, s, K)),
    best = Float32Array.from(label, (k, s) => scores[s * K + k]),
    agreeing = Uint32Array.from(label, (k, s) => votes[s * K + k]);
  return { best, label, agreeing, ...(trace.truth && checked(trace, label)) };
}

/** Against truth at photo size, where every cell is a block of pixels. */
function checked(trace, label) {
  const { W, H, S, truth, meta } = trace,
    cells = gridRegions(trace),
    valid = new Uint32Array(S),
    right = new Uint32Array(S);
  for (let y = 0, q = 0; y < H; y++)
    for (let x = 0; x < W; x++, q++) {
      if (truth[q] === UNKNOWN) continue;
      const s = cells[cellAt(trace, x, y)];
      valid[s]++;
      if (truth[q] === meta.class_ids[label[s]]) right[s]++;
    }
  return { valid, right };
}

/** Whether superpixel s is sure enough; a function of s. */
function sureAt({ best, label }, { tau, tauBg }) {
  const bars = [Math.fround(tauBg), Math.fround(tau)];
  return (s) => best[s] >= bars[label[s] ? 1 : 0];
}

/**
 * The confident map at other thresholds, Uint8Array (n) of class ids, 255 unknown; the trace's own without scores.
 * @param trace
 * @param {number} t
 * @param {{tau?: number, tauBg?: number}} [thresholds]
 */
export function confidentAt(trace, t, { tau, tauBg } = {}) {
  const table = regionTable(trace, t);
  if (!table?.best) return trace.confident[t - 1];
  const ids = trace.meta.class_ids,
    sure = sureAt(table, thresholdsAt(trace, { tau, taubg: tauBg })),
    verdict = Uint8Array.from(table.label, (k, s) => (sure(s) ? ids[k] : UNKNOWN));
  return Uint8Array.from(gridRegions(trace), (s) => verdict[s]);
}

/** Whether the trace's confident map is what scores and thresholds alone give: other modes of mining give another. */
export function follows(trace, t) {
  return trace.once(`follows${t}`, () => {
    const Y = trace.confident[t - 1];
    return Boolean(Y && regionTable(trace, t)?.best) && confidentAt(trace, t).every((id, p) => id === Y[p]);
  });
}

/** What superpixels keep at these thresholds: a function from a superpixel to its label, as a channel, or null. */
export function verdictsAt(trace, t, at = thresholdsAt(trace)) {
  const table = regionTable(trace, t),
    own = thresholdsAt(trace),
    tried = at.tau !== own.tau || at.tauBg !== own.tauBg;
  if (!table.best || (!tried && !follows(trace, t))) return (s) => (table.final[s] === UNKNOWN ? null : table.final[s]);
  const sure = sureAt(table, at);
  return (s) => (table.size[s] && sure(s) ? table.label[s] : null);
}

/** What a final label (a channel, or null) makes of the unary one. */
export const kindOf = (final, unary) => (final === null ? "unknown" : final === unary ? "kept" : "relabelled");

/** "kept", "relabelled" or "unknown" for a superpixel at these thresholds; "" without confident regions. */
export const kindAt = (trace, t, id, at) =>
  trace.confident[t - 1] ? kindOf(verdictsAt(trace, t, at)(id), regionTable(trace, t).unary[id]) : "";

/**
 * Figures of the confident regions at these thresholds: coverage and, with truth, precision (else null), as Partial in
 * iaff/metrics.py; relabelled: share of the kept cells that the unary map labels otherwise; samples: superpixels that
 * teach the region network, of `regions` that have a cell.
 */
export function regionFigures(trace, t, at = {}) {
  const table = regionTable(trace, t),
    { size, share, agreeing, valid, right } = table,
    { tau, tauBg, purity } = { ...thresholdsAt(trace), ...at },
    sure = sureAt(table, { tau, tauBg }),
    pure = Math.fround(purity);
  let cells = 0,
    same = 0,
    known = 0,
    correct = 0,
    samples = 0,
    regions = 0;
  for (let s = 0; s < trace.S; s++) {
    if (size[s]) regions++;
    if (size[s] && share[s] >= pure) samples++;
    if (!sure(s)) continue;
    cells += size[s];
    same += agreeing[s];
    known += valid?.[s] ?? 0;
    correct += right?.[s] ?? 0;
  }
  const total = valid?.reduce((a, b) => a + b, 0);
  return {
    coverage: valid ? known / Math.max(1, total) : cells / trace.n,
    precision: valid ? correct / Math.max(1, known) : null,
    relabelled: (cells - same) / Math.max(1, cells),
    samples,
    regions,
  };
}

/**
 * Precision against coverage of this photo's pixels over tau, from the highest score down, as
 * [{tau, coverage, precision}]; null without truth. Background keeps its own threshold `tauBg`, or (null) shares tau.
 */
export function tradeOff(trace, t, tauBg = null) {
  const { best, label, valid, right } = regionTable(trace, t);
  if (!valid) return null;
  const fixed = (s) => tauBg !== null && !label[s],
    all = Array.from(best.keys()),
    swept = all.filter((s) => !fixed(s)).sort((a, b) => best[b] - best[a]),
    total = Math.max(
      1,
      valid.reduce((a, b) => a + b, 0),
    ),
    curve = [];
  let known = 0,
    correct = 0;
  const add = (s) => {
    known += valid[s];
    correct += right[s];
  };
  all.filter((s) => fixed(s) && best[s] >= Math.fround(tauBg)).forEach(add);
  swept.forEach((s, i) => {
    add(s);
    const last = i + 1 === swept.length || best[swept[i + 1]] < best[s]; // of those with this score
    if (known && last) curve.push({ tau: best[s], coverage: known / total, precision: correct / known });
  });
  return curve;
}

/** The bins of one round of a run's mining.json, {low, right, count}[]: superpixels whose truth is not void. */
const bins = ({ right, wrong }) => right.map((v, i) => ({ low: i / right.length, right: v, count: v + wrong[i] }));

/** The same trade-off for a run's histogram, in superpixels, with one tau for all: [{tau, coverage, precision}]. */
export function tradeOffRun(histogram) {
  const all = bins(histogram),
    total = all.reduce((sum, { count }) => sum + count, 0),
    curve = [];
  let known = 0,
    correct = 0;
  for (const { low, right, count } of all.reverse()) {
    known += count;
    correct += right;
    if (count) curve.push({ tau: low, coverage: known / total, precision: correct / known });
  }
  return curve;
}

/**
 * Whether the scores of a run's histogram mean what they say: {bins: [{low, high, score, right, count}], error};
 * score: the bin's middle, right: share of its superpixels that are right (null without any), error: the expected
 * calibration error, 0..1.
 */
export function calibration(histogram) {
  const all = bins(histogram),
    width = 1 / all.length,
    total = Math.max(
      1,
      all.reduce((sum, { count }) => sum + count, 0),
    );
  const rows = all.map(({ low, right, count }) => ({
    low,
    high: low + width,
    score: low + width / 2,
    right: count ? right / count : null,
    count,
  }));
  const error = rows.reduce((sum, { score, right, count }) => sum + (count ? count * Math.abs(right - score) : 0), 0);
  return { bins: rows, error: error / total };
}
