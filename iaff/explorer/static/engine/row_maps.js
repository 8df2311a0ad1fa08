// Reach and self-weight of every cell: each is one row of the affinity, and all rows take a while. They are asked in a
// worker, coarse to fine, as long as somebody looks at the maps.
import { coarseToFine, costOf, middleOf, recipeOf } from "./rows.js";
import { rowsWorker } from "./worker.js";

const FIRST_MS = 50; // until there is something to see
const MORE_MS = 200;

let running = /** @type {RowMaps | null} */ (null); // one at a time, so that what is drawn first is not kept waiting
const waiting = new Set();

export class RowMaps {
  /** g: a Scan, or one that is walked in steps; onmore() is called when more rows are known. */
  constructor(g, { h, w }, onmore) {
    const { order, step } = coarseToFine(h, w, costOf(g));
    this.g = g;
    this.h = h;
    this.w = w;
    this.order = order; // cells, as they are asked
    this.step = step; // cells from one asked cell to the next in the end; 1: all are asked
    this.reach = new Float32Array(h * w).fill(NaN); // cells that hold 90 % of the row; NaN: not known (yet)
    this.self = new Float32Array(h * w).fill(NaN); // G_pp
    this.known = 0; // cells
    this.onmore = onmore;
    this.worker = /** @type {any} */ (null);
    this.wanted = false; // whether anybody has asked since the last answer
    this.broken = false; // this browser does not go on
  }

  get done() {
    return this.known === this.order.length;
  }

  /** Somebody looks at them: rows are asked until all are known, or nobody looks any more. */
  look() {
    this.wanted = true;
    if (this.done || this.broken || running === this) return;
    if (running) waiting.add(this);
    else this.#start();
  }

  #start() {
    running = this;
    this.worker = rowsWorker();
    this.worker.onmessage = ({ data }) => this.#take(data);
    this.worker.onerror = () => {
      this.broken = true;
      this.close();
      this.onmore();
    };
    this.worker.postMessage({ recipe: recipeOf(this.g), order: this.order.slice(this.known) });
    this.worker.postMessage({ ms: FIRST_MS });
  }

  #take({ reach, self }) {
    reach.forEach((count, i) => {
      const p = this.order[this.known + i];
      this.reach[p] = count;
      this.self[p] = self[i];
    });
    this.known += reach.length;
    if (this.done) this.close();
    this.worker?.postMessage({ ms: MORE_MS }); // it goes on while these are drawn
    this.wanted = false;
    this.onmore(); // who still looks asks again
    if (!this.wanted) this.close();
  }

  /** A map where cells that are not known stand for the nearest known one of a coarser lattice; NaN where none is. */
  filled(map) {
    const { known } = this;
    if (this.fills?.known !== known) this.fills = { known, of: new Map() };
    const { of } = this.fills;
    if (!of.has(map)) of.set(map, this.done && this.step === 1 ? map : this.#spread(map));
    return of.get(map);
  }

  #spread(map) {
    const { h, w } = this;
    return map.map((v, p) => {
      for (let block = 2; Number.isNaN(v) && block <= 8; block *= 2)
        v = map[middleOf(Math.floor(p / w), p % w, block, h, w)];
      return v;
    });
  }

  /** Asks no more for now; what is known stays. */
  close() {
    waiting.delete(this);
    if (running !== this) return;
    this.worker.terminate();
    this.worker = running = null;
    const [next] = waiting;
    if (!next) return;
    waiting.delete(next);
    next.#start();
  }
}
