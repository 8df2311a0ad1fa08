// The view's one store: every change passes through it, and listeners hear what really changed.
import { BARE, normalised } from "./state.js";

/** Why the view changes: the reader chose; the page adapts the view, or plays; the browser goes back or forward. */
export const CHOICE = "choice";
export const ADAPTED = "adapted";
export const RESTORED = "restored";

export class Store {
  /** state: what is shown at first, see state.js. */
  constructor(state) {
    this.state = state; // one object for good: others may keep it
    this.listeners = new Set();
    this.trace = null; // what the state is about, once it is there
    this.photo = state.img; // the one that pins and paint belong to; null: the next one that is named
    this.edits = new Map(); // what was painted and set on each photo: {paint, gates}
  }

  /**
   * Change some values. Another photo is shown bare, as it was last painted on, unless the change says what is pinned.
   * Listeners are told the set of changed keys, and why.
   */
  set(change, why = CHOICE) {
    const { state } = this;
    if ("x" in change && "img" in change) this.photo = change.img;
    else if (change.img) change = this.#opened(change);
    if (["run", "img"].some((key) => key in change && change[key] !== state[key])) this.trace = null;
    const next = normalised({ ...state, ...change }, this.trace),
      changed = new Set(Object.keys(next).filter((key) => next[key] !== state[key]));
    if (!changed.size) return;
    Object.assign(state, next);
    const { img, paint, gates } = state;
    if ((changed.has("paint") || changed.has("gates")) && img) this.edits.set(img, { paint, gates });
    for (const listener of this.listeners) listener(changed, why);
  }

  /** A change that names a photo: on another one nothing is pinned. */
  #opened(change) {
    const { photo, edits } = this,
      { img } = change;
    this.photo = img;
    return photo === null || photo === img ? change : { ...BARE, ...edits.get(img), ...change };
  }

  /** The trace that is shown from now on, or null: the view becomes one that it can show. */
  show(trace) {
    this.trace = trace;
    this.set({}, ADAPTED);
  }

  /** `listener(changed, why)` is called after each change. */
  subscribe(listener) {
    this.listeners.add(listener);
  }
}
