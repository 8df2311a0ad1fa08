// Leaks: where the affinity mixes labels that differ, as iaff/propagation/leaks.py has it. Maps are on the grid.
import { Scan, argmax } from "./scan.js";
import { onGrid } from "./grid.js";
import { carry } from "./stepped.js";
import { pinsOf } from "../state/pins.js";

const VOID = 255;
const LISTED = 40;

/**
 * Whose boundary a leak crosses: class ids, Uint8Array (n), 255 void. "truth" is sampled at the centres of the cells,
 * "labels" are what wins the refined map of round t. Null where the trace has no truth, or the map is not there yet.
 */
export function boundaryLabels(trace, t, which) {
  if (which === "truth") return trace.truth ? trace.once("truth-grid", () => onGrid(trace.truth, trace)) : null;
  const refined = trace.refined(t);
  if (!refined) return null;
  return trace.once(`labels-grid${t}`, () => argmax(refined, trace.K, trace.n).map((k) => trace.meta.class_ids[k]));
}

/**
 * The share of each cell's decision that other labels make: 1 - (G onehot(y))_{i, y_i}, Float32Array (n), NaN at void
 * cells, whose share of a decision counts as another label's. Null for a propagator without a matrix, and while steps
 * are still to be walked: the last `later` that was given is called when it has ended.
 */
export function leakMap(trace, t, labels, later) {
  const g = trace.affinity(t);
  if (!linear(g)) return null;
  const answer = remember(trace, labels, `map${t}`, () => new Answer(g, labels));
  if (later) answer.later = later;
  return answer.map;
}

/** Mean of the leak map (0..1), NaN where all is void; null where there is no map (yet). */
export function leakRate(trace, t, labels, later) {
  const map = leakMap(trace, t, labels, later);
  if (!map) return null;
  let sum = 0,
    count = 0;
  for (const leak of map) {
    if (Number.isNaN(leak)) continue;
    sum += leak;
    count++;
  }
  return sum / count;
}

/**
 * The edges of the scan between differently labelled, non-void cells over which most of other labels flows, largest
 * first, at most `count`; null unless the affinity is a scan. Of each: `direction` 0..3 and `neighbour` 0..2 of the
 * gate, the cells `source` and `target` as [x, y] and their indices `q` and `p`, their labels `from` and `to`, the
 * `gate` (0..1), and the `flow`: gate x the label mass other than the target's that the direction's scan carries at the
 * source, summed over passes.
 */
export function rankedLeaks(trace, t, labels, count = 20) {
  const g = trace.affinity(t);
  if (!(g instanceof Scan)) return null;
  return remember(trace, labels, `ranked${t}.${count}`, () => ranked(g, labels, count));
}

/**
 * What a state asks: {which, labels, leaks, chosen}. Labels and leaks may be null (see above); `chosen` is the rank of
 * the chosen leak, or null where the pins are no longer at it.
 */
export function askedLeaks(trace, state) {
  const which = state.leaks === "labels" || !trace.truth ? "labels" : "truth",
    labels = boundaryLabels(trace, state.round, which),
    leaks = labels && rankedLeaks(trace, state.round, labels, LISTED),
    [target, source] = pinsOf(state),
    leak = leaks?.[(state.leak ?? 0) - 1];
  const at = (pin, cell) => trace.cell(pin.x, pin.y) === cell,
    there = leak && source && at(target, leak.p) && at(source, leak.q);
  return { which, labels, leaks, chosen: there ? state.leak : null };
}

/** Whether an affinity has rows and columns. */
export const linear = (g) => Boolean(g && !g.why);

function remember(trace, labels, key, make) {
  const all = trace.once("leaks", () => new WeakMap());
  if (!all.has(labels)) all.set(labels, new Map());
  const known = all.get(labels);
  if (!known.has(key)) known.set(key, make());
  return known.get(key);
}

/** A leak map, now or later. */
class Answer {
  constructor(g, labels) {
    this.map = null;
    this.later = () => {};
    const ids = known(labels),
      hot = oneHot(labels, ids),
      done = (moved) => (this.map = leaked(moved, labels, ids));
    const moved = carry(g, hot, ids.length, () => {
      if (moved.map) done(moved.map);
      this.later();
    });
    if (moved.map) done(moved.map);
  }
}

const known = (labels) => [...new Set(labels)].filter((id) => id !== VOID);

/** A channel for each id: Float32Array (ids, n). */
function oneHot(labels, ids) {
  const n = labels.length,
    out = new Float32Array(ids.length * n);
  ids.forEach((id, c) => labels.forEach((label, p) => (out[c * n + p] = label === id ? 1 : 0)));
  return out;
}

/** `moved` is G onehot, (ids, n). */
function leaked(moved, labels, ids) {
  const n = labels.length,
    channel = channels(ids);
  return new Float32Array(n).map((_, p) => (labels[p] === VOID ? NaN : 1 - moved[channel[labels[p]] * n + p]));
}

/** Class id -> channel. */
function channels(ids) {
  const table = new Uint8Array(256);
  ids.forEach((id, c) => (table[id] = c));
  return table;
}

function ranked(g, labels, count) {
  const flow = flows(g, labels),
    crossing = [];
  flow.forEach((v, i) => v > 0 && crossing.push(i));
  crossing.sort((a, b) => flow[b] - flow[a] || a - b);
  return crossing.slice(0, count).map((i) => edge(g, labels, i, flow[i]));
}

/** What each gate lets through of labels other than its own cell's: Float32Array (4, 3, n), 0 off the boundaries. */
function flows(g, labels) {
  const { n, passes } = g,
    ids = known(labels),
    flow = new Float32Array(12 * n),
    carried = new Float32Array(ids.length * n),
    moved = new Float32Array(ids.length * n),
    alpha = oneHot(labels, ids);
  const scan = (from, to, d) => {
    for (let c = 0; c < ids.length; c++)
      g.applyOnce(from.subarray(c * n, (c + 1) * n), to.subarray(c * n, (c + 1) * n), d);
  };
  for (let pass = 0; pass < passes; pass++) {
    if (pass > 0) {
      scan(alpha, moved);
      alpha.set(moved);
    }
    for (let d = 0; d < 4; d++) {
      scan(alpha, carried, d);
      addForeign(flow, g, d, carried, labels, channels(ids));
    }
  }
  return flow;
}

function addForeign(flow, g, d, carried, labels, channel) {
  const { gates, n } = g,
    total = new Float32Array(n);
  for (let i = 0; i < carried.length; i++) total[i % n] += carried[i];
  for (let k = 0; k < 3; k++) {
    const by = g.jump(d, k);
    for (let p = 0, i = (3 * d + k) * n; p < n; p++, i++) {
      const gate = gates[i],
        q = p + by;
      if (gate === 0 || labels[p] === labels[q] || labels[p] === VOID || labels[q] === VOID) continue;
      flow[i] += gate * (total[q] - carried[channel[labels[p]] * n + q]);
    }
  }
}

function edge(g, labels, i, flow) {
  const p = i % g.n,
    direction = Math.floor(i / (3 * g.n)),
    neighbour = Math.floor(i / g.n) % 3,
    q = p + g.jump(direction, neighbour),
    at = (cell) => [cell % g.w, Math.floor(cell / g.w)];
  const ends = { p, q, target: at(p), source: at(q), from: labels[q], to: labels[p] };
  return { direction, neighbour, ...ends, gate: g.gates[i], flow };
}
