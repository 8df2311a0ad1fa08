// Which trace a pane shows: the photo's own, seen by another propagator, with other passes, with what was painted on
// it, or the same photo's trace of another run. What is not there yet is fetched, and the panes are shown again.
import { loadTrace } from "../trace/trace.js";
import { dropVariant, variant, withPasses } from "../trace/variant.js";
import { parametersOf } from "../state/parameters.js";
import { isOfOneRound, refinedBy } from "./other_propagators.js";
import { embedded } from "../client/embedded.js";

const COMPUTING = "Computing …";

export class Sources {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../client/client.js").Client} parts.client the door to Python
   * @param {any[]} parts.runs those that are open
   * @param {import("../trace/photos.js").Photos} parts.photos of the runs
   * @param {import("../ui/timings.js").Timings} parts.timings what took how long
   * @param {() => void} parts.refresh something that was awaited is there
   */
  constructor({ store, current, client, runs, photos, timings, refresh }) {
    this.store = store;
    this.current = current;
    this.client = client;
    this.runs = runs;
    this.photos = photos;
    this.timings = timings;
    this.refresh = refresh;
    this.known = new Map();
    this.painted = null;
    this.refined = new WeakMap(); // of a trace: {trace, why} by each other propagator
  }

  /** {trace, why}: null and a reason where there is none, or none yet. */
  of(spec) {
    const { run, origin } = this.current,
      found = spec.run && spec.run !== run.name ? this.#elsewhere(spec.run) : { trace: origin, why: "" };
    return found.trace ? this.#seen(found.trace, spec) : found;
  }

  #seen(trace, spec) {
    const { edits } = this.current,
      { passes } = this.store.state;
    if (!trace.T) return { trace, why: "" };
    if (spec.by) return this.#other(trace, spec);
    if (trace === edits?.trace && !edits.empty) return { trace: this.#edited(trace, passes), why: "" };
    const change = passes && withPasses(trace, passes);
    return { trace: change ? variant(trace, change) : trace, why: "" };
  }

  /** With what was painted; an older state of the painting is forgotten. */
  #edited(trace, passes) {
    const change = this.current.edits.change(passes);
    if (this.painted && this.painted !== change.key) dropVariant(trace, this.painted);
    this.painted = change.key;
    return variant(trace, change);
  }

  /**
   * By another propagator. While other parameters are computed the last answer stays; what is chosen meanwhile waits for
   * that, so that of many choices the newest alone is asked.
   */
  #other(trace, { by, round, run: other }) {
    if (!this.refined.has(trace)) this.refined.set(trace, new Map());
    const answers = this.refined.get(trace),
      params = parametersOf(this.store.state.params, by),
      shown = Math.min(round, trace.T),
      slot = isOfOneRound(by) ? `${by}${shown}` : by;
    if (!answers.has(slot)) answers.set(slot, { key: null, busy: false, answer: none(COMPUTING) });
    const known = answers.get(slot),
      key = JSON.stringify(params);
    if (known.key !== key && !known.busy) {
      Object.assign(known, { key, busy: true });
      this.#ask(known, trace, by, { params, round: shown, run: other ?? this.#runOf(trace) });
    }
    return known.answer;
  }

  #ask(known, trace, by, how) {
    const start = performance.now();
    refinedBy(this.client, trace, by, how)
      .then(
        (refined) => ({ trace: refined, why: "" }),
        (error) => none(error.message),
      )
      .then((answer) => {
        Object.assign(known, { busy: false, answer });
        this.timings.add("server", performance.now() - start);
        this.refresh();
      });
  }

  /** The name of the run that made the open photo's trace; null where none is known. */
  #runOf(trace) {
    const given = this.photos.isFile(this.store.state.img);
    return given ? (trace.meta.run?.name ?? null) : this.current.run.name;
  }

  /** The same photo in another run. */
  #elsewhere(name) {
    const { img } = this.store.state,
      key = JSON.stringify([name, img]);
    if (!this.known.has(key)) {
      const opening = none(`Opening run ${name} …`);
      this.known.set(key, opening);
      this.#load(name, img).then((answer) => {
        if (this.known.get(key) !== opening) return answer.trace?.close(); // another photo was opened meanwhile
        this.known.set(key, answer);
        this.refresh();
      });
    }
    return this.known.get(key);
  }

  async #load(name, img) {
    const run = this.runs.find((one) => one.name === name);
    if (!run) return none(embedded ? `Run ${name} is not in this file.` : `There is no run "${name}" here.`);
    if (this.photos.isComputed(img)) return none(`This photo was computed by run ${this.current.run.name} alone.`);
    try {
      const entry = (await this.photos.indexOf(run)).find((one) => one.name === img);
      if (!entry) return none(`Run ${name} has no trace of this photo.`);
      const trace = await loadTrace(this.client, this.client.traceAddress(run, entry.file), entry.file);
      trace.onlater = () => this.refresh();
      return { trace, why: "" };
    } catch (error) {
      return none(error.message);
    }
  }

  /** Ask again for what failed. */
  retry() {
    const traces = [this.current.origin, ...[...this.known.values()].map(({ trace }) => trace)].filter(Boolean);
    for (const answers of traces.map((trace) => this.refined.get(trace) ?? new Map()))
      for (const [by, { busy, answer }] of answers) if (!answer.trace && !busy) answers.delete(by);
  }

  /** Another photo: traces of other runs are let go. */
  forget() {
    for (const { trace } of this.known.values()) trace?.close();
    this.known.clear();
    this.painted = null;
  }
}

const none = (why) => ({ trace: null, why });
