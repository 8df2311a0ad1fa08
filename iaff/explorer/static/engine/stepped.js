// G = T^steps, as an affinity that can be asked at once: the first steps are walked here, within a frame, all of them
// in a worker. T is the matrix of one step (see matrices.js). Rows and columns have the same form as a Scan's.
import { MATRICES } from "./matrices.js";
import { stepWorker } from "./worker.js";

const BUDGET_MS = 7;
const KEPT = 8; // exact answers, of rows and columns together

export class Stepped {
  /**
   * @param {keyof typeof MATRICES} kind of T
   * @param {any[]} make what T is made of, and last how often it is applied, from 1
   */
  constructor(kind, make) {
    this.kind = kind;
    this.make = make;
    this.matrix = new MATRICES[kind](...make);
    this.steps = make.at(-1);
    this.n = this.matrix.n;
    this.at = 0; // steps that the last answer had
    this.exact = new Map(); // question -> answer, the one that was asked for last at the end
    this.answered = 0; // how many answers became exact: what was read before may be read anew
    this.asked = []; // questions of this turn that have no exact answer yet, the newest at the end
    this.turn = false;
    this.maps = new Set(); // that are still being walked
    this.waiting = []; // their channels
    this.onlater = () => {};
  }

  row(p, out) {
    this.#query(p, out, true);
  }

  column(p, out) {
    this.#query(p, out, false);
  }

  #query(p, out, transposed) {
    const question = 2 * p + (transposed ? 1 : 0),
      exact = this.exact.get(question);
    this.#begin();
    if (exact) {
      this.#keep(question, exact);
      out.set(exact);
      this.at = this.steps;
      return;
    }
    out.fill(0);
    out[p] = 1;
    this.at = this.matrix.walk(out, transposed, this.steps, p, performance.now() + BUDGET_MS);
    if (this.at === this.steps) return;
    this.asked = [...this.asked.filter((other) => other !== question), question].slice(-KEPT);
  }

  /** What is asked in one turn of the page is walked to its end, the newest first; older questions are dropped. */
  #begin() {
    if (this.turn) return;
    this.turn = true;
    this.asked = [];
    queueMicrotask(() => {
      this.turn = false;
      this.#feed();
    });
  }

  #keep(question, answer) {
    this.exact.delete(question);
    this.exact.set(question, answer);
    if (this.exact.size > KEPT) this.exact.delete(this.exact.keys().next().value);
  }

  /**
   * G alpha, alpha (K, h, w), as {map, close()}: one step is walked at once. Else `map` is null until the worker has
   * walked all of them, then `later` is called (or when it cannot be); who no longer wants it closes it before.
   */
  carry(alpha, count, later = () => this.onlater()) {
    const { n } = this,
      out = Float32Array.from(alpha),
      carried = { map: null, later, close: () => this.#drop(carried) };
    let left = count;
    if (this.steps === 1) {
      for (let k = 0; k < count; k++) this.matrix.walk(out.subarray(k * n, (k + 1) * n), false, 1);
      carried.map = out;
      return carried;
    }
    this.maps.add(carried);
    const walk = (k) =>
      this.#send(out.slice(k * n, (k + 1) * n), false, (values) => {
        out.set(values, k * n);
        if (--left > 0 || !this.maps.delete(carried)) return;
        carried.map = out;
        carried.later();
      });
    for (let k = 0; k < count; k++) this.waiting.push({ carried, walk: () => walk(k) });
    this.#feed();
    return carried;
  }

  #drop(carried) {
    this.maps.delete(carried);
    this.waiting = this.waiting.filter((channel) => channel.carried !== carried);
  }

  // One vector at a time is with the worker, so that a question waits for one channel of a map at most.
  #feed() {
    if (this.answer || this.broken) return;
    const question = this.asked.findLast((one) => !this.exact.has(one));
    if (question === undefined) return void this.waiting.shift()?.walk();
    const x = new Float32Array(this.n);
    x[question >> 1] = 1;
    this.#send(x, Boolean(question & 1), (values) => {
      this.#keep(question, values);
      this.answered++;
      if (this.asked.includes(question)) this.onlater();
    });
  }

  #send(x, transposed, answer) {
    this.worker ??= this.#start();
    this.answer = answer;
    this.worker.postMessage({ x, transposed }, [x.buffer]);
  }

  #start() {
    const worker = stepWorker();
    worker.onmessage = ({ data }) => {
      const { answer } = this;
      this.answer = null;
      answer(data);
      this.#feed();
    };
    worker.onerror = () => {
      this.broken = true; // the first steps are all there is; the panel says so
      this.onlater();
      for (const { later } of this.maps) later();
    };
    worker.postMessage({ kind: this.kind, make: this.make });
    return worker;
  }

  /** Ends the worker and forgets what it was to walk. */
  close() {
    this.worker?.terminate();
    this.worker = this.answer = null;
    this.waiting = this.asked = [];
    this.maps.clear();
  }
}

/**
 * G alpha of any affinity, as {map, close?()}. `map` is null while steps are still to be walked; `later` is called when
 * it is there, in place of the affinity's own `onlater`.
 */
export const carry = (g, alpha, count, later) =>
  g.carry ? g.carry(alpha, count, later) : { map: g.propagate(alpha, count) };
