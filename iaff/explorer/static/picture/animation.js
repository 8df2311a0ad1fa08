// How a label travels: one direction of the scan after the other, line by line.
import { DIRECTIONS, WAYS } from "../state/state.js";

const SWEEP_MS = 1500; // one direction over the whole photo
const CALM_STEPS = 6; // of a sweep, where motion is to be reduced

export class Animation {
  /** pointer: what is asked; picture: whose main pane answers. */
  constructor({ store, current, pointer, picture }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.frame = null;
    this.handle = 0;
  }

  get on() {
    return this.frame !== null;
  }

  /** Whether there is something to animate. */
  possible() {
    return Boolean(
      this.current.trace && this.pointer.at() && this.picture.main.asks() && this.picture.main.affinity().partial,
    );
  }

  toggle() {
    this.on ? this.stop() : this.start();
  }

  start() {
    if (!this.possible()) return;
    const { dir } = this.store.state,
      chosen = DIRECTIONS.indexOf(dir);
    this.order = chosen < 0 ? [0, 1, 2, 3] : [chosen];
    this.began = performance.now();
    this.#step(this.began);
  }

  stop() {
    if (!this.on) return;
    cancelAnimationFrame(this.handle);
    this.frame = null;
    this.#shown();
  }

  #lines(direction) {
    const { w, h } = this.current.trace;
    return direction < 2 ? w : h;
  }

  #step(now) {
    if (!this.possible()) return this.stop();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches,
      sweeps = Math.max(0, now - this.began) / SWEEP_MS,
      i = Math.floor(sweeps);
    if (i >= this.order.length) return this.stop();
    const direction = this.order[i],
      share = calm ? Math.ceil((sweeps - i) * CALM_STEPS) / CALM_STEPS : sweeps - i,
      total = this.#lines(direction);
    this.frame = { direction, total, lines: Math.max(1, Math.ceil(share * total)) };
    this.#shown();
    this.handle = requestAnimationFrame((time) => this.#step(time));
  }

  #shown() {
    this.pointer.moved.send();
  }

  /** "left → right, column 12 of 88", or "". */
  says() {
    if (!this.frame) return "";
    const { direction, lines, total } = this.frame;
    return `${WAYS[DIRECTIONS[direction]]}, ${direction < 2 ? "column" : "row"} ${lines} of ${total}`;
  }
}
