// Which trace a pane shows: the photo's own, seen by another propagator, with other passes, with what was painted on
// it, the same photo's trace of another run, or another photo or trace that is open here. What is not there yet is
// fetched, and the panes are shown again.
import { dropVariant, variant, withPasses } from "../trace/variant.js";
import { parametersOf } from "../state/parameters.js";
import { isOfOneRound, refinedBy } from "./other_propagators.js";
import { embedded } from "../client/embedded.js";
import { TOY } from "../trace/toy.js";
import { photosBeside } from "../state/panes.js";

const COMPUTING = "Computing …";
const GONE = embedded
  ? "This file holds one photo alone: panes of others need the full explorer."
  : "Got a photo or trace that is not open here: links carry none that was taken in. Expected one of the strip. " +
    "Drop its file onto the page, or choose another under Compare.";

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
    this.known = new Map(); // what other panes show, {trace, why, photo: its name or null}, by what they ask for
    this.run = null; // the one that these were opened with
    this.painted = null;
    this.refined = new WeakMap(); // of a trace: {trace, why} by each other propagator
    current.grown.subscribe(() => this.#close(() => true));
    photos.listed.subscribe(() => photosBeside(store.state).length && refresh()); // what is awaited may be computed now
  }

  /** {trace, why}: null and a reason where there is none, or none yet. */
  of(spec) {
    const found = this.#opened(spec);
    return found.trace ? this.#seen(found.trace, spec) : found;
  }

  #opened({ run, photo }) {
    const { current } = this;
    if (photo && photo !== current.name) return this.#beside(photo);
    if (run && run !== current.run.name) return this.#elsewhere(run);
    return { trace: current.origin, why: "" };
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
  #other(trace, spec) {
    if (!this.refined.has(trace)) this.refined.set(trace, new Map());
    const { by } = spec,
      answers = this.refined.get(trace),
      params = parametersOf(this.store.state.params, by),
      round = Math.min(spec.round, trace.T),
      slot = isOfOneRound(by) ? `${by}${round}` : by;
    if (!answers.has(slot)) answers.set(slot, { key: null, busy: false, answer: none(COMPUTING) });
    const known = answers.get(slot),
      key = JSON.stringify(params);
    if (known.key !== key && !known.busy) {
      Object.assign(known, { key, busy: true });
      this.#ask(known, trace, by, { params, round, run: this.#runOf(trace, spec) });
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

  /** The name of the run that made a pane's trace; null where none is known: a file may come from anywhere. */
  #runOf(trace, { run, photo }) {
    const entry = this.photos.entry(photo ?? this.store.state.img),
      { userPhoto } = entry ?? {};
    if (entry === TOY) return null;
    return userPhoto?.given ? (trace.meta.run?.name ?? null) : (run ?? this.current.run.name);
  }

  /** The same photo in another run. */
  #elsewhere(name) {
    const { img } = this.store.state;
    return this.#awaited(JSON.stringify([name, img]), `Opening run ${name} …`, () => this.#ofRun(name, img));
  }

  /** Another photo, or a trace, that is open here. */
  #beside(name) {
    const entry = this.photos.entry(name),
      { userPhoto } = entry ?? {};
    if (!entry) return none(GONE);
    if (userPhoto?.busy) return none(`${entry.title} is still being computed.`);
    if (userPhoto?.failed) return none(userPhoto.error);
    // A photo that was computed again has other bytes.
    const key = userPhoto?.bytes ?? name,
      load = async () => ({ trace: await this.photos.read(entry), why: "" });
    return this.#awaited(key, `Opening ${entry.title || name} …`, load, name);
  }

  /** {trace, why, photo} of a key, made once by a promise: until it is there, the words `opening` stand for it. */
  #awaited(key, opening, load, photo = null) {
    if (!this.known.has(key)) {
      const waiting = { ...none(opening), photo };
      this.known.set(key, waiting);
      load()
        .catch((error) => none(error.message))
        .then((answer) => {
          if (this.known.get(key) !== waiting) return answer.trace?.close(); // nobody asks for it any more
          if (answer.trace) answer.trace.onlater = () => this.refresh();
          this.known.set(key, { ...answer, photo });
          this.refresh();
        });
    }
    return this.known.get(key);
  }

  async #ofRun(name, img) {
    if (img === TOY.name) return none("The toy grid is of no run.");
    const { photos } = this,
      run = this.runs.find((one) => one.name === name);
    if (!run) return none(embedded ? `Run ${name} is not in this file.` : `There is no run "${name}" here.`);
    if (photos.isComputed(img)) return none(`This photo was computed by run ${this.current.run.name} alone.`);
    const entry = (await photos.indexOf(run)).find((one) => one.name === img);
    if (!entry) return none(`Run ${name} has no trace of this photo.`);
    return { trace: await photos.read(entry, run), why: "" };
  }

  /** The panes show something else: ask again for what failed, and let go what none of them shows. */
  retry() {
    const beside = photosBeside(this.store.state);
    this.#close(({ photo }) => photo && !beside.includes(photo));
    const traces = [this.current.origin, ...[...this.known.values()].map(({ trace }) => trace)].filter(Boolean);
    for (const answers of traces.map((trace) => this.refined.get(trace) ?? new Map()))
      for (const [by, { busy, answer }] of answers) if (!answer.trace && !busy) answers.delete(by);
  }

  /** Another photo: its traces of other runs are let go; with another run all are. */
  forget() {
    const { run } = this.current;
    this.#close(({ photo }) => !photo || run !== this.run);
    this.run = run;
    this.painted = null;
  }

  #close(which) {
    for (const [key, found] of this.known)
      if (which(found)) {
        found.trace?.close();
        this.known.delete(key);
      }
  }
}

const none = (why) => ({ trace: null, why });
