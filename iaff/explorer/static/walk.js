// A long random walk as an affinity that can be asked at once: the first steps are walked here, within a frame, the
// whole walk in a worker. Rows, columns and maps have the same form as a Scan's.
import { Stencil } from "./stencil.js";

const BUDGET_MS = 7;

export class Walk {
  constructor(offsets, weights, h, w, steps) {
    Object.assign(this, { stencil: new Stencil(offsets, weights, h, w, steps), steps, n: h * w, w });
    this.make = [offsets, weights, h, w, steps];
    this.at = 0; // steps that the last answer had
    this.exact = null; // {key, values} of the last whole walk
    this.propagated = null;
    this.onlater = () => {};
    this.waiting = new Map();
  }

  row(p, out) {
    this.#query(p, out, true);
  }

  column(p, out) {
    this.#query(p, out, false);
  }

  #query(p, out, transposed) {
    const key = `${transposed}${p}`;
    if (this.exact?.key === key) {
      out.set(this.exact.values);
      this.at = this.steps;
      return;
    }
    out.fill(0);
    out[p] = 1;
    const row = Math.floor(p / this.w);
    this.at = this.stencil.walk(out, transposed, this.steps, [row, row], performance.now() + BUDGET_MS);
    this.asked = key;
    if (this.at === this.steps) return;
    this.next = { key, p, transposed }; // only the newest question is walked to its end
    if (!this.busy) this.#finish();
  }

  async #finish() {
    this.busy = true;
    while (this.next) {
      const { key, p, transposed } = this.next;
      this.next = null;
      const x = new Float32Array(this.n);
      x[p] = 1;
      const values = await this.#send(x, transposed, 1);
      this.exact = { key, values };
      if (this.asked === key) this.onlater();
    }
    this.busy = false;
  }

  /** G alpha (K, h, w): null now, `propagated` and a call of `onlater` when it is there. */
  propagate(alpha, channels) {
    this.#send(alpha.slice(), false, channels).then((map) => {
      this.propagated = map;
      this.onlater();
    });
    return null;
  }

  #send(x, transposed, channels) {
    this.worker ??= this.#start();
    const id = (this.count = (this.count ?? 0) + 1);
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ x, transposed, channels, id }, [x.buffer]);
    });
  }

  #start() {
    const worker = new Worker(new URL("./stencil_worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data: { x, id } }) => {
      this.waiting.get(id)?.(x);
      this.waiting.delete(id);
    };
    worker.postMessage({ make: this.make });
    return worker;
  }

  /** Ends the worker; the answers on their way are dropped. */
  close() {
    this.worker?.terminate();
    this.worker = null;
  }
}
