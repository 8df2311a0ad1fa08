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
 * are still to be walked: `trace.onlater` is called when they are.
 */
export function leakMap(trace, t, labels) {
  const g = trace.affinity(t);
  if (!linear(g)) return null;
  return remember(trace, labels, `map${t}`, () => new Answer(g, labels, () => trace.onlater())).map;
}

/** Mean of the leak map (0..1), NaN where all is void; null where there is no map (yet). */
export function leakRate(trace, t, labels) {
  const map = leakMap(trace, t, labels);
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
 * What a state asks: {which, labels, leaks, chosen, lost}. Labels and leaks may be null (see above); `chosen` is the rank
 * of the leak at the pins, which in another round is another one's; null where none was chosen or it is not among them.
 * `lost`: the pins are at an edge, of a round where it was chosen, that is not among these.
 */
export function askedLeaks(trace, state) {
  const which = boundaryOf(trace, state),
    labels = boundaryLabels(trace, state.round, which),
    leaks = labels && rankedLeaks(trace, state.round, labels, LISTED),
    [p, q] = pinsOf(state).map(({ x, y }) => trace.cell(x, y));
  if (!leaks || state.leak === null || q === undefined) return { which, labels, leaks, chosen: null, lost: false };
  const there = (leak) => leak?.p === p && leak.q === q,
    rank = there(leaks[state.leak - 1]) ? state.leak : leaks.findIndex(there) + 1, // two directions may share an edge
    apart = Math.max(
      Math.abs((p % trace.w) - (q % trace.w)),
      Math.abs(Math.floor(p / trace.w) - Math.floor(q / trace.w)),
    );
  return { which, labels, leaks, chosen: rank || null, lost: !rank && apart === 1 };
}

/** Whether two leaks, of rounds that may differ, are the same edge in the same direction. */
export const sameEdge = (one, other) =>
  one?.p === other?.p && one?.q === other?.q && one?.direction === other?.direction;

/** Over which boundary a view seeks leaks: "truth", or "labels" where that is chosen or there is no truth. */
export const boundaryOf = (trace, state) => (state.leaks === "labels" || !trace.truth ? "labels" : "truth");

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
  constructor(g, labels, onlater) {
    const ids = known(labels),
      hot = oneHot(labels, ids),
      done = () => (this.map = moved.map && leaked(moved.map, labels, ids)),
      moved = carry(g, hot, ids.length, () => {
        done();
        onlater();
      });
    done();
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
