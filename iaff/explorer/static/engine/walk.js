// A long random walk as an affinity that can be asked at once: the first steps are walked here, within a frame, the
// whole walk in a worker. Rows, columns and maps have the same form as a Scan's.
import { Stencil } from "./stencil.js";
import { stencilWorker } from "./worker.js";

const BUDGET_MS = 7;
const KEPT = 8; // exact answers, of rows and columns together

export class Walk {
  constructor(offsets, weights, h, w, steps) {
    this.stencil = new Stencil(offsets, weights, h, w, steps);
    this.steps = steps;
    this.n = h * w;
    this.w = w;
    this.make = [offsets, weights, h, w, steps];
    this.rows = [0, 0];
    this.at = 0; // steps that the last answer had
    this.exact = new Map(); // question -> answer, the one that was asked for last at the end
    this.answered = 0; // how many answers became exact: what was read before may be read anew
    this.asked = []; // questions of this turn that have no exact answer yet, the newest at the end
    this.turn = false;
    this.channels = []; // of maps, still to be walked
    this.propagated = null;
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
    this.rows[0] = this.rows[1] = Math.floor(p / this.w);
    this.at = this.stencil.walk(out, transposed, this.steps, this.rows, performance.now() + BUDGET_MS);
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

  /** G alpha (K, h, w): null now, `propagated` and a call of `onlater` when it is there. */
  propagate(alpha, count) {
    const { n } = this,
      map = new Float32Array(alpha.length);
    let left = count;
    for (let k = 0; k < count; k++)
      this.channels.push(() =>
        this.#send(alpha.slice(k * n, (k + 1) * n), false, (values) => {
          map.set(values, k * n);
          if (--left > 0) return;
          this.propagated = map;
          this.onlater();
        }),
      );
    this.#feed();
    return null;
  }

  // One vector at a time is with the worker, so that a question waits for one channel of a map at most.
  #feed() {
    if (this.answer || this.broken) return;
    const question = this.asked.findLast((one) => !this.exact.has(one));
    if (question === undefined) return void this.channels.shift()?.();
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
    const worker = stencilWorker();
    worker.onmessage = ({ data }) => {
      const { answer } = this;
      this.answer = null;
      answer(data);
      this.#feed();
    };
    worker.onerror = () => {
      this.broken = true; // the first steps are all there is; the panel says so
      this.onlater();
    };
    worker.postMessage({ make: this.make });
    return worker;
  }

  /** Ends the worker and forgets what it was to walk. */
  close() {
    this.worker?.terminate();
    this.worker = this.answer = null;
    this.channels = this.asked = [];
  }
}
