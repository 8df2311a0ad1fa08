// What is asked of the picture: the pinned pixels, and the one under the cursor.
import { pinsOf } from "../state/pins.js";
import { Signal } from "../ui/signal.js";

export class Pointer {
  /**
   * asksFirst(): whether the main pane asks a question before anybody does; guessing(): whether the pin is a question to
   * the reader, which nothing else takes the place of.
   */
  constructor({ store, current, asksFirst, guessing }) {
    this.store = store;
    this.current = current;
    this.asksFirst = asksFirst;
    this.guessing = guessing;
    this.cursor = null;
    this.asking = false; // a finger asks: what is pinned waits
    this.pane = null;
    this.region = -1;
    this.leak = null; // an edge that is pointed at in the list of leaks
    this.term = null; // of the arithmetic, see scene.js: Shared
    this.range = null; // cells that are pointed at in a histogram: see scene.js: Shared
    this.held = false;
    this.moved = new Signal(); // something else is asked, or a superpixel outlined
    this.pointed = new Signal(); // the cursor is at another pixel, or has left
  }

  pins() {
    return this.current.trace ? pinsOf(this.store.state) : [];
  }

  /** The first pin, which the numbers are about, or null. */
  pinned() {
    return this.pins()[0] ?? null;
  }

  /** The pixel that the view is about: the pin, else the cursor, else (where a question is needed) the CAM's peak. */
  at() {
    const { current } = this;
    if (!current.trace) return null;
    return this.#aimed() ?? (this.asksFirst() ? current.peak : null);
  }

  #aimed() {
    return this.asking ? this.cursor : (this.pinned() ?? this.cursor);
  }

  /** The cursor is at that pixel of the photo, in a pane. */
  hover({ x, y }, pane) {
    Object.assign(this, { cursor: { x, y }, pane });
    this.aim();
    if (this.asking || !this.pinned() || this.region >= 0) this.moved.send();
    this.pointed.send();
  }

  /** A finger is at that pixel of the photo, in a pane, and asks, whatever is pinned. */
  ask(at, pane) {
    this.asking = !this.guessing();
    this.hover(at, pane);
  }

  leave() {
    if (this.held) return;
    this.cursor = null;
    this.aim();
    this.moved.send();
    this.pointed.send();
  }

  /** What is asked stays while the cursor is elsewhere, until it is let go. */
  hold(held) {
    this.held = held;
    if (!held) this.leave();
  }

  /** Another photo: nothing is pointed at. */
  forget() {
    this.cursor = null;
    this.asking = false;
    this.region = -1;
    this.leak = this.range = this.term = null;
  }

  /** Outline the superpixel of the pin or, without one, of the cursor, where superpixels are of interest. */
  aim() {
    const { trace } = this.current,
      { stage, tab } = this.store.state,
      at = this.#aimed(),
      matters = trace?.superpixels && (tab === "mining" || stage === "superpixels" || stage === "confident");
    this.region = at && matters ? trace.superpixels[at.y * trace.W + at.x] : -1;
  }

  /** Shows an edge that is pointed at in the list of leaks; null for none. */
  pointAt(leak) {
    this.leak = leak;
    this.moved.send();
  }

  /** Lights up a term of the arithmetic; null for none. */
  pointAtTerm(term) {
    this.term = term;
    this.moved.send();
  }

  /** Lights up cells that are pointed at in a histogram; null for none. */
  light(range) {
    this.range = range;
    this.moved.send();
  }

  /** Outline a superpixel that was pointed at elsewhere; -1 for none. */
  outline(region) {
    this.region = region;
    this.moved.send();
  }
}
