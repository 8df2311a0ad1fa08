// Traces that stay parsed: the last few that were asked for, and what is shown. The others are loaded again.

const KEPT = 6;

export class KeptTraces {
  /** `shown(key)` says whether a trace must stay as it is. */
  constructor(shown) {
    this.shown = shown;
    this.traces = new Map(); // key -> promise of its trace, the one that was asked for last at the end
  }

  /** Promise of the trace of that key; `load()` makes it where it is not kept. */
  of(key, load) {
    const known = this.traces.get(key);
    this.traces.delete(key);
    return this.#hold(key, known ?? load());
  }

  /** Another trace of that key: it has been computed (again). */
  put(key, trace) {
    this.drop(key);
    this.#hold(key, Promise.resolve(trace));
  }

  /** Lets a trace go, and ends what computes for it. */
  drop(key) {
    this.traces.get(key)?.then(
      (trace) => trace.close(),
      () => {},
    );
    this.traces.delete(key);
  }

  clear() {
    for (const key of [...this.traces.keys()]) this.drop(key);
  }

  #hold(key, trace) {
    this.traces.set(key, trace);
    trace.catch(() => this.traces.get(key) === trace && this.traces.delete(key)); // asked again, it may be there
    const old = [...this.traces.keys()].slice(0, -KEPT);
    for (const other of old) if (!this.shown(other)) this.drop(other);
    return trace;
  }
}
