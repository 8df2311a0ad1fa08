// What-if: walls and labels painted on one photo, gates set by hand, and the refined map that follows from them.
import { Scan } from "./scan.js";
import * as handGates from "../state/hand_gates.js";
import { listenedTo } from "./arithmetic.js";
import { ERASED, NONE, read, written } from "../state/painted.js";

export const TOOLS = ["wall", "label", "erase", "restore"];
const REMEMBERED = 60; // strokes, and gates that were set

export class Edits {
  /** `trace`: as it came, not a variant of it. */
  constructor(trace) {
    const { n } = trace;
    this.trace = trace;
    this.version = 0;
    this.past = [];
    this.last = null;
    this.wall = new Uint8Array(n); // 1: no gate leads here or away
    this.label = new Int16Array(n).fill(NONE); // painted channel, NONE or ERASED
    this.gates = new Map(); // set by hand, of all rounds: see state/hand_gates.js
  }

  /** What can be painted with here. */
  get tools() {
    return cuttable(this.trace) ? TOOLS : TOOLS.filter((tool) => tool !== "wall");
  }

  /** Whether nothing is painted or set. */
  get empty() {
    return !this.wall.includes(1) && !this.gates.size && this.label.every((k) => k === NONE);
  }

  /**
   * Paints a straight line of cells, `size` wide. Tools: "wall"; "label" (the unary map says `channel` there, for
   * sure); "erase" (it says nothing there: all classes alike); "restore" (nothing is painted there). A stroke that
   * begins where the last one ended goes on with it: one undo takes back both. The line is 4-connected, so that no
   * gate, which may point to a diagonal neighbour, slips through a diagonal wall. Nothing happens unless the trace
   * is `paintable`, and the tool one of its `tools`.
   */
  stroke(from, to, tool, channel = 0, size = 1) {
    if (!paintable(this.trace) || !this.tools.includes(tool)) return;
    const before = this.#now(),
      goesOn = this.last?.to === from && this.last.tool === tool,
      kept = goesOn && this.last.kept; // what was there before the stroke
    let changed = false;
    for (const p of line(from, to, this.trace.w))
      for (const q of disc(p, size, this.trace)) changed = this.#paint(q, tool, channel) || changed;
    this.last = { to, tool, kept: kept || changed };
    if (!changed) return;
    if (!kept) this.#keep(before);
    this.version++;
  }

  /**
   * Sets the three gates of a cell in a direction, in thousandths, in sum at most 1000; those that would leave the grid stay
   * 0. `goesOn`: with the last change of the same gates, so that one undo takes back both. False, and nothing happens, where the trace
   * has no gates, or as many are set as a link holds.
   */
  setGates(d, p, three, goesOn = false) {
    const key = handGates.gateKey(d, p, this.trace.n);
    if (!cuttable(this.trace) || (!this.gates.has(key) && this.gates.size >= handGates.MOST_GATES)) return false;
    if (!goesOn || this.last?.gate !== key) this.#keep(this.#now());
    this.gates.set(key, inside(this.trace, d, p, three));
    this.last = { gate: key };
    this.version++;
    return true;
  }

  #paint(p, tool, channel) {
    const wall = { wall: 1, restore: 0 }[tool] ?? this.wall[p],
      label = { label: channel, erase: ERASED, restore: NONE }[tool] ?? this.label[p],
      freed = tool === "restore" && this.#free(p),
      changed = wall !== this.wall[p] || label !== this.label[p] || freed;
    this.wall[p] = wall;
    this.label[p] = label;
    return changed;
  }

  /** Whether gates of the cell were set; they are the trace's again. */
  #free(p) {
    return [0, 1, 2, 3].filter((d) => this.gates.delete(handGates.gateKey(d, p, this.trace.n))).length > 0;
  }

  /** Takes everything away; can be undone. */
  reset() {
    if (this.empty) return;
    this.#keep(this.#now());
    this.wall.fill(0);
    this.label.fill(NONE);
    this.gates = new Map();
    this.last = null;
    this.version++;
  }

  /**
   * Takes over what is painted on another trace of the same photo: its run has grown meanwhile. False, and nothing
   * happens, unless grid and classes are the same and this trace is paintable too.
   */
  adopt({ trace, wall, label, gates, past }) {
    const form = ({ w, h, meta }) => JSON.stringify([w, h, meta.class_ids, meta.classes]);
    if (form(trace) !== form(this.trace) || !paintable(this.trace)) return false;
    this.past = [...past];
    this.#put({ wall, label, gates });
    return true;
  }

  /** What is painted and set as the state has it: {paint, gates}, each a text or null. */
  get texts() {
    if (this.said?.version !== this.version) {
      const texts = { paint: written(this, this.trace.w), gates: handGates.written(this.gates, this.trace) };
      this.said = { version: this.version, texts };
    }
    return this.said.texts;
  }

  /**
   * Paints and sets what a state says, and nothing else; one undo takes it back. Nothing unless the trace is `paintable`,
   * and no wall or gate unless it is `cuttable`.
   */
  take({ paint, gates }) {
    const now = this.texts;
    if ((paint === now.paint && gates === now.gates) || !paintable(this.trace)) return;
    this.#keep(this.#now());
    this.#put({ ...read(paint, this.trace), gates: handGates.read(gates, this.trace) });
  }

  get canUndo() {
    return this.past.length > 0;
  }

  undo() {
    const before = this.past.pop();
    if (before) this.#put(before);
  }

  #put({ wall, label, gates }) {
    if (cuttable(this.trace)) {
      this.wall.set(wall);
      this.gates = insideAll(this.trace, gates);
    }
    this.label.set(label);
    this.last = null;
    this.version++;
  }

  #now() {
    return { wall: this.wall.slice(), label: this.label.slice(), gates: new Map(this.gates) };
  }

  #keep(before) {
    this.past.push(before);
    if (this.past.length > REMEMBERED) this.past.shift();
  }

  /**
   * What is different under these edits and so many passes (null: the trace's own), for variant.js. The answer keeps
   * to what is painted now.
   */
  change(passes = null) {
    const { trace, version } = this,
      { wall, label, gates } = this.#now(),
      change = { key: `edits${version}.${passes ?? ""}` };
    if (cuttable(trace)) change.affinity = (t) => affinity(trace, t, { wall, gates }, passes);
    if (label.some((k) => k !== NONE)) change.unary = (t) => painted(trace.unary(t), label, trace.K);
    return change;
  }
}

/** Whether there is an affinity that can carry what is painted. */
export const paintable = ({ meta }) =>
  meta.rounds.length > 0 && meta.rounds.every(({ affinity }) => affinity.kind !== "map");

/** Whether all rounds have gates: walls cut those, and scans alone run in passes. */
export const cuttable = ({ meta }) =>
  paintable({ meta }) && meta.rounds.every(({ affinity }) => affinity.kind === "scan");

function affinity(trace, t, { wall, gates }, passes) {
  const g = trace.affinity(t),
    other = gates.size || wall.includes(1);
  if (!other && (passes ?? g.passes) === g.passes) return g;
  return new Scan(other ? changed(g, wall, gates) : g.gates, g.h, g.w, passes ?? g.passes);
}

/** Three gates without those that would leave the grid. */
const inside = (trace, d, p, three) => three.map((gate, k) => (listenedTo(trace, d, p, k) < 0 ? 0 : gate));

/** All that were set, so. */
function insideAll(trace, gates) {
  const { n } = trace;
  return new Map([...gates].map(([key, three]) => [key, inside(trace, Math.floor(key / n), key % n, three)]));
}

/**
 * Gates of a Scan with those that were set by hand, and 0 where the cell itself or its neighbour is a wall: then a cell keeps
 * what it does not hear.
 */
function changed(g, wall, byHand) {
  const { n } = g,
    gates = g.gates.slice();
  for (const [key, three] of byHand)
    three.forEach((gate, k) => (gates[(3 * Math.floor(key / n) + k) * n + (key % n)] = gate / handGates.WHOLE));
  for (let d = 0; d < 4; d++)
    for (let k = 0; k < 3; k++) {
      const by = g.jump(d, k);
      for (let p = 0, i = (3 * d + k) * n; p < n; p++, i++) if (gates[i] > 0 && (wall[p] || wall[p + by])) gates[i] = 0;
    }
  return gates;
}

/** The unary map (K, n) with what is painted. */
function painted(alpha, label, K) {
  const n = label.length,
    out = alpha.slice();
  for (let p = 0; p < n; p++) {
    if (label[p] === NONE) continue;
    for (let k = 0; k < K; k++) out[k * n + p] = label[p] === ERASED ? 1 / K : k === label[p] ? 1 : 0;
  }
  return out;
}

/** Cells from one to another, each beside the last, never across a corner. */
function* line(from, to, w) {
  let x = from % w,
    y = Math.floor(from / w);
  const across = (to % w) - x,
    down = Math.floor(to / w) - y,
    [nx, ny] = [Math.abs(across), Math.abs(down)];
  for (let i = 0, j = 0; ; ) {
    yield y * w + x;
    if (i === nx && j === ny) return;
    if ((1 + 2 * i) * ny < (1 + 2 * j) * nx) {
      x += Math.sign(across);
      i++;
    } else {
      y += Math.sign(down);
      j++;
    }
  }
}

/** Cells of a round brush around p, `size` wide. */
function* disc(p, size, { w, h }) {
  const x = p % w,
    y = Math.floor(p / w),
    low = -Math.floor((size - 1) / 2),
    middle = low + (size - 1) / 2;
  for (let r = low; r < low + size; r++)
    for (let c = low; c < low + size; c++) {
      const inside = x + c >= 0 && x + c < w && y + r >= 0 && y + r < h;
      if (inside && (r - middle) ** 2 + (c - middle) ** 2 <= (size / 2) ** 2) yield (y + r) * w + x + c;
    }
}
