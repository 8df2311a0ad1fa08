// Traces of own photos that stay parsed: the last few, and what is shown. The others are parsed anew from their bytes.
import { Trace } from "./trace.js";

const KEPT = 6;

export class Opened {
  /** `shown(photo)` says whether a photo's trace must stay as it is. */
  constructor(shown) {
    this.shown = shown;
    this.traces = new Map(); // photo -> promise of its trace, the one that was asked for last at the end
  }

  /** Promise of a photo's trace. */
  of(photo) {
    const known = this.traces.get(photo);
    this.traces.delete(photo);
    return this.#hold(photo, known ?? photo.bytes.arrayBuffer().then((buffer) => Trace.parse(buffer)));
  }

  /** A photo has been computed (again). */
  put(photo, trace) {
    this.drop(photo);
    this.#hold(photo, Promise.resolve(trace));
  }

  /** Lets a photo's trace go, and ends what computes for it. */
  drop(photo) {
    this.traces.get(photo)?.then(
      (trace) => trace.close(),
      () => {},
    );
    this.traces.delete(photo);
  }

  #hold(photo, trace) {
    this.traces.set(photo, trace);
    trace.catch(() => this.traces.get(photo) === trace && this.traces.delete(photo)); // asked again, it may be there
    const old = [...this.traces.keys()].slice(0, -KEPT);
    for (const other of old) if (!this.shown(other)) this.drop(other);
    return trace;
  }
}
