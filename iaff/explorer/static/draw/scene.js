// What a pane shows: one trace as one of its layers, with the answer to the question that all panes share. It is drawn
// by draw_pane.js, on the page and on exported pictures alike.
import { CELL_MAPS, DIRECTIONS, perRound } from "../state/state.js";
import { DIFFERENCE, ERROR } from "../state/panes.js";
import { lineOf, linesOf } from "../state/line.js";
import { layersOver } from "../state/over.js";
import { Scan, reach, shares } from "../engine/scan.js";
import { askedLeaks, boundaryOf } from "../engine/leaks.js";
import { directionOf, reckons } from "../state/arithmetic.js";
import { cellArithmetic, lineOfCell } from "./cell_arithmetic.js";
import { barOf, cellMap } from "../engine/cell_maps.js";
import { scaleOf } from "./cell_maps.js";
import { differ } from "./difference.js";
import { COMPARED, Layers, isLabelled, labelStage } from "./layers.js";
import { inOrder, pairOfPanes, pairOfRounds } from "./pair.js";
import { place } from "./place.js";
import { MOST_PINS, pinsOf } from "../state/pins.js";

const REACH_SHARE = 0.9;
const NOTHING_BETWEEN = "Panes 1 and 2 do not both show labels of one size: nothing to compare.";
const NO_LAYER = "This trace has no such layer.";
const NO_TRUTH = "This trace holds no truth: nothing says what is wrong.";
const ASKING = ["affinity", "refined", ...CELL_MAPS]; // stages that answer what the cursor asks
const answer = () => ({ values: null, mass: 0, count: 0, level: 0, max: 0, shares: /** @type {any} */ ([]) });

/**
 * What the panes of a picture share. The page's own says at any time what is so now; `{ ...shared }` is a copy that
 * stays as it is.
 *
 * @typedef {object} Shared
 * @property {any} state the view, see state/state.js
 * @property {any} origin the photo's trace as it was opened
 * @property {{x: number, y: number}?} at the pixel of that photo that is asked about
 * @property {number} region the superpixel that is outlined, or -1
 * @property {any} leak an edge that is pointed at in the list of leaks, see engine/leaks.js
 * @property {any} term of the arithmetic that is pointed at, "own" or the number of a gate, 0..2; null for none
 * @property {any} range cells that are to be lit up: of some bars of a histogram, {name of the map, first, last, bars}
 * @property {number?} blink a round that is shown in the chosen one's place, for as long as a key is held
 * @property {any} edits what was painted, see engine/whatif.js
 * @property {any} guess a guess at a lesson's question, see guess.js
 * @property {number} stroke how much thicker and larger than usual pins, lines and patterns are drawn
 * @property {Scene[]} scenes of all panes, the main one first
 */

export class Scene {
  /**
   * @param {Shared} shared
   * @param {number} index of the pane, 0 is the main one
   * @param {any} shown {trace, spec, why}: see show()
   */
  constructor(shared, index, { trace = null, spec, why = "" }) {
    this.shared = shared;
    this.index = index;
    this.trace = null;
    this.spec = spec;
    this.why = why;
    this.answers = Array.from({ length: MOST_PINS }, answer); // to each pin, or the first to what is pointed at
    if (trace) this.show(trace, spec, why);
  }

  /** A trace (or null) and what of it, {stage, round, by, run, photo}; `why` it is not the one that was asked for, or "". */
  show(trace, spec, why = "") {
    Object.assign(this, { spec, why });
    if (trace === this.trace) return;
    this.trace = trace;
    if (!trace) return;
    this.layers = new Layers(trace, this.shared.state);
    for (const one of this.answers) {
      if (one.values?.length !== trace.n) one.values = new Float32Array(trace.n);
      if (one.shares.length !== trace.K) one.shares = new Float32Array(trace.K);
    }
    if (this.scratch?.length !== trace.n) this.scratch = new Float32Array(trace.n);
  }

  /** Where the photo lies in a pane of that size: image px -> px of the pane, {scale, left, top}. */
  place(width, height) {
    const { zoom, cx, cy } = this.shared.state,
      [right, down] = this.ratio(),
      own = { zoom, cx: cx === null ? null : cx * right, cy: cy === null ? null : cy * down };
    return place(own, this.trace, width, height);
  }

  /** How much larger this trace's photo is than the main pane's, in x and y: panes are linked by relative position. */
  ratio() {
    const { origin } = this.shared;
    return origin ? [this.trace.W / origin.W, this.trace.H / origin.H] : [1, 1];
  }

  /** A pixel of the main pane's photo in this one's. */
  local({ x, y }) {
    const [right, down] = this.ratio();
    return {
      x: Math.min(this.trace.W - 1, Math.floor((x + 0.5) * right)),
      y: Math.min(this.trace.H - 1, Math.floor((y + 0.5) * down)),
    };
  }

  /** The other way round: the pixel of the main pane's photo under a point of this pane, where `view` has the photo. */
  under(left, top, view) {
    const { W, H } = this.shared.origin,
      [right, down] = this.ratio(),
      inside = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v)));
    return {
      x: inside((left - view.left) / view.scale / right, W),
      y: inside((top - view.top) / view.scale / down, H),
    };
  }

  /** What is said on the pane: why it shows nothing, or not what was asked for; "" where it does. */
  notice() {
    const { trace, spec, why } = this;
    if (trace && spec.stage === DIFFERENCE) return this.difference() ? "" : NOTHING_BETWEEN;
    if (why || !trace) return why;
    if (spec.stage === ERROR && !trace.truth) return NO_TRUTH;
    const lacks = this.index ? this.#lacks() : ""; // of the main pane the panel speaks
    return lacks || (this.cellMaps().find(({ map }) => !map.values)?.map.why ?? "");
  }

  #lacks() {
    const { trace, spec } = this;
    if (!trace.has(spec.stage, spec.round)) return NO_LAYER;
    return (spec.stage === "affinity" && trace.affinity(spec.round).why) || "";
  }

  /** The maps of the affinity that are shown, from below to above: [{name, map}], see engine/cell_maps.js. */
  cellMaps() {
    const { trace, spec, shared } = this,
      names = [spec.stage, ...this.overlays().map(({ name }) => name)].filter((name) => CELL_MAPS.includes(name));
    if (!trace || !names.length) return [];
    const which = boundaryOf(trace, shared.state);
    return names.map((name) => ({ name, map: cellMap(trace, spec.round, name, which) }));
  }

  /** Further layers, from below to above: [{name, opacity}]. */
  overlays() {
    return Object.entries(layersOver(this.shared.state)).map(([name, opacity]) => ({ name, opacity }));
  }

  /** Another round, where its map can be drawn beside this one's; else null. */
  other(round = this.shared.blink ?? this.shared.state.diff) {
    const { trace, spec } = this;
    return trace && round && round !== spec.round && round <= trace.T && COMPARED.includes(spec.stage) ? round : null;
  }

  /** Whether the round that is compared with can be drawn here. */
  comparable() {
    return this.other(this.shared.state.diff) !== null;
  }

  /** While two rounds are seen in one place: {rounds: the earlier and the later, seen: the one that is alone, or null}. */
  twoRounds() {
    const { blink, state } = this.shared,
      other = this.other();
    if (!other || (!blink && state.wipe === null)) return null;
    return { rounds: inOrder(other, this.spec.round), seen: blink ? other : null };
  }

  /** When in the training what is shown was made: its round, 0 before the first. */
  since() {
    return perRound(this.labelStage()) ? this.spec.round : 0;
  }

  /** The two label maps that are compared here, see pair.js, or null. */
  pair() {
    return this.spec.stage === DIFFERENCE ? pairOfPanes(this.shared.scenes) : pairOfRounds(this);
  }

  /** What changed from the one to the other, drawn; null where nothing is compared. */
  difference() {
    const pair = this.pair();
    if (!pair) return null;
    if (this.compared?.before !== pair.before || this.compared.after !== pair.after)
      this.compared = { ...pair, drawn: differ(pair) };
    return this.compared.drawn;
  }

  /** Class ids of what is shown at photo size, where that is a label map; null elsewhere. */
  labels() {
    const { spec, trace, layers } = this;
    return trace && isLabelled(spec.stage) ? layers.labels(this.labelStage(), spec.round) : null;
  }

  /** The stage whose label map is shown, or whose errors would be. */
  labelStage() {
    return labelStage(this.spec.stage, this.shared.state.stage);
  }

  /** Its errors where they are shown, see Layers.errors(); else null. */
  errors() {
    const { trace, spec, layers } = this,
      shown = spec.stage === ERROR || this.overlays().some(({ name }) => name === ERROR);
    return trace && shown ? layers.errors(this.labelStage(), spec.round) : null;
  }

  /** The largest leaks of the affinity while they are looked at, {leaks, chosen}; else null. */
  leaks() {
    const { trace, spec, why } = this,
      { state } = this.shared;
    if (!trace?.T || why || state.tab !== "leaks" || !perRound(spec.stage)) return null;
    return askedLeaks(trace, { ...state, round: spec.round });
  }

  /** The cells that are to be lit up, (n) of 1 and 0, while the leaks' tab is there; else null. */
  lit() {
    const { trace, spec, shared } = this,
      { range, state } = shared;
    if (!range || state.tab !== "leaks" || !trace?.T) return null;
    const { name, first, last, bars } = range,
      { shown } = cellMap(trace, spec.round, name, boundaryOf(trace, state)),
      { at } = scaleOf(name, trace.n);
    const there = (v) => !Number.isNaN(v) && first <= barOf(at(v), bars) && barOf(at(v), bars) <= last;
    return shown && Uint8Array.from(shown, (v) => (there(v) ? 1 : 0));
  }

  /** The affinity that answers, or null. */
  affinity() {
    const affinity = this.trace?.T ? this.trace.affinity(this.spec.round) : null;
    return affinity && !affinity.why ? affinity : null;
  }

  /** Whether what the cursor asks is answered here. */
  asks() {
    return ASKING.includes(this.spec.stage) && Boolean(this.affinity());
  }

  /** The answer to the first pin, or to what is pointed at. */
  get query() {
    return this.answers[0];
  }

  /** Asks what is asked now, the first pin last: long walks go on with that. */
  answer() {
    const { at, state } = this.shared,
      more = pinsOf(state).slice(1);
    if (!this.asks()) return;
    for (let i = more.length; i > 0; i--) this.ask(more[i - 1], this.answers[i]);
    if (at) this.ask(at);
  }

  /** Whether the answer glows: where a map of the affinity is shown, it is an outline alone. */
  glows() {
    return this.spec.stage === "affinity" && this.asks() && !this.cellMaps().length;
  }

  /** The weight at the top of the glow's scale: of all panes' answers, or, where each has a scale of its own, of this. */
  glowTop() {
    const { scenes, state } = this.shared,
      sharing = state.glow === "own" ? [this] : scenes.filter((scene) => scene.glows());
    return Math.max(...sharing.map(({ query }) => query.max));
  }

  /**
   * A number for each cell, where cells are large enough to hold one: of the arithmetic that is open, of the answer that
   * glows, or the probability of the class that wins there; null at other stages.
   */
  numbers() {
    const { trace, spec, query, shared } = this,
      stage = shared.state.truth === "filled" ? "truth" : spec.stage;
    if (!trace?.T || this.cellMaps().length) return null;
    const arithmetic = this.arithmetic();
    if (arithmetic) return arithmetic.values;
    if (this.glows()) return shared.at ? this.#reached(query.values) : null;
    const map = stage === "unary" ? trace.unary(spec.round) : stage === "refined" && trace.refined(spec.round);
    return map ? trace.once(`wins-${stage}${spec.round}`, () => winning(map, trace.n)) : null;
  }

  /** A column's values as far as a scan has come that is watched; NaN beyond. */
  #reached(values) {
    const walked = this.walked(),
      beyond = walked && this.shared.state.mode === "column";
    return beyond
      ? values.map((v, p) => (lineOfCell(this.trace, walked.direction, p) < walked.lines ? v : NaN))
      : values;
  }

  /** The arithmetic of the cell that is asked about, see cell_arithmetic.js; null where it is closed, or there is none. */
  arithmetic() {
    const { trace, spec } = this,
      { state, at } = this.shared,
      scan = this.affinity();
    if (!at || !reckons(state) || !this.asks() || !(scan instanceof Scan)) return null;
    const { x, y } = this.local(at);
    return cellArithmetic(trace, scan, { round: spec.round, state, p: trace.cell(x, y), walked: this.walked() });
  }

  /**
   * How far the scan has come, {dir, direction, lines, total}, see state/line.js, where its affinity is one; else null.
   * Panes are linked by relative position: on another grid it is the same share of the lines.
   */
  walked() {
    const { shared, trace } = this,
      line = lineOf(shared.state);
    if (!line || !this.asks() || !this.affinity().partial) return null;
    const total = linesOf(line.dir, trace),
      share = line.lines / linesOf(line.dir, shared.origin ?? trace);
    return { ...line, lines: Math.min(total, Math.ceil(share * total)), total };
  }

  /** Row or column of G for the pixel, into `into`: weights, mass, reach, share of each class. */
  ask(at, into = this.query) {
    const { trace, spec } = this,
      { state } = this.shared,
      { mode } = state,
      dir = directionOf(state),
      affinity = this.affinity(),
      { x, y } = this.local(at),
      p = trace.cell(x, y),
      walked = this.walked(),
      one = dir === null || !affinity.partial ? undefined : DIRECTIONS.indexOf(dir);
    if (walked) affinity.partial(p, walked.direction, walked.lines, mode === "row", into.values);
    else mode === "row" ? affinity.row(p, into.values, one) : affinity.column(p, into.values, one);
    reach(into.values, REACH_SHARE, this.scratch, into);
    const map = mode === "row" ? trace.unary(spec.round) : trace.refined(spec.round);
    map ? shares(into.values, map, trace.K, into.shares) : into.shares.fill(0);
    return into;
  }
}

/** Of maps (K, n) the largest value of each cell, (n). */
function winning(maps, n) {
  const most = maps.slice(0, n);
  maps.forEach((v, i) => (most[i % n] = Math.max(most[i % n], v)));
  return most;
}

/** The maps of the affinity that any scene shows, each as the first of them has it: [{name, map, n}]. */
export function shownMaps(scenes) {
  const found = new Map();
  for (const scene of scenes)
    for (const { name, map } of scene.cellMaps())
      if (!found.has(name)) found.set(name, { name, map, n: scene.trace.n });
  return [...found.values()];
}

/** A scene alone in its picture, apart from any page: `shared` as it is now, but for its scenes. */
export function aloneScene(shared, shown) {
  const own = { ...shared, scenes: [] },
    scene = new Scene(own, 0, shown);
  own.scenes.push(scene);
  return scene;
}
