// Which trace a pane shows: the photo's own, seen by another propagator, with other passes, with what was painted on
// it, or the same photo's trace of another run. What is not there yet is fetched, and the panes are shown again.
import { loadTrace } from "../trace/trace.js";
import { dropVariant, variant, withPasses } from "../trace/variant.js";
import { refinedBy } from "./other_propagators.js";
import { embedded } from "../client/embedded.js";

const COMPUTING = "Computing …";

export class Sources {
  constructor(app, client) {
    Object.assign(this, { app, client, known: new Map(), painted: null });
  }

  /** {trace, why}: null and a reason where there is none, or none yet. */
  of(spec) {
    const { app } = this,
      found = spec.run && spec.run !== app.run.name ? this.#elsewhere(spec.run) : { trace: app.origin, why: "" };
    return found.trace ? this.#seen(found.trace, spec) : found;
  }

  #seen(trace, { by }) {
    const { app } = this,
      { passes } = app.state;
    if (!trace.T) return { trace, why: "" };
    if (by) return this.#other(trace, by);
    if (trace === app.edits?.trace && !app.edits.empty) return { trace: this.#edited(trace, passes), why: "" };
    const change = passes && withPasses(trace, passes);
    return { trace: change ? variant(trace, change) : trace, why: "" };
  }

  /** With what was painted; an older state of the painting is forgotten. */
  #edited(trace, passes) {
    const change = this.app.edits.change(passes);
    if (this.painted && this.painted !== change.key) dropVariant(trace, this.painted);
    this.painted = change.key;
    return variant(trace, change);
  }

  /** By another propagator: the server is asked once for each trace. */
  #other(trace, by) {
    trace.others ??= new Map();
    if (!trace.others.has(by)) {
      trace.others.set(by, none(COMPUTING));
      const start = performance.now();
      refinedBy(this.client, trace, by)
        .then(
          (refined) => ({ trace: refined, why: "" }),
          (error) => ({ trace: null, why: error.message }),
        )
        .then((answer) => {
          trace.others.set(by, answer);
          this.app.time("server", performance.now() - start);
          this.app.refresh();
        });
    }
    return trace.others.get(by);
  }

  /** The same photo in another run. */
  #elsewhere(name) {
    const { app } = this,
      key = JSON.stringify([name, app.state.img]);
    if (!this.known.has(key)) {
      const opening = none(`Opening run ${name} …`);
      this.known.set(key, opening);
      this.#load(name, app.state.img).then((answer) => {
        if (this.known.get(key) !== opening) return answer.trace?.close(); // another photo was opened meanwhile
        this.known.set(key, answer);
        app.refresh();
      });
    }
    return this.known.get(key);
  }

  async #load(name, img) {
    const { app } = this,
      run = app.runs.find((one) => one.name === name);
    if (!run) return none(embedded ? `Run ${name} is not in this file.` : `There is no run "${name}" here.`);
    if (app.mine()) return none(`This photo was computed by run ${app.run.name} alone.`);
    try {
      const entry = (await app.photos.indexOf(run)).find((one) => one.name === img);
      if (!entry) return none(`Run ${name} has no trace of this photo.`);
      const trace = await loadTrace(this.client, this.client.traceAddress(run, entry.file), entry.file);
      trace.onlater = () => app.refresh();
      return { trace, why: "" };
    } catch (error) {
      return none(error.message);
    }
  }

  /** Ask again for what failed. */
  retry() {
    for (const trace of [this.app.origin, ...[...this.known.values()].map((answer) => answer.trace)])
      for (const [by, { trace: refined, why }] of trace?.others ?? [])
        if (!refined && why !== COMPUTING) trace.others.delete(by);
  }

  /** Another photo: traces of other runs are let go. */
  forget() {
    for (const { trace } of this.known.values()) trace?.close();
    this.known.clear();
    this.painted = null;
  }
}

const none = (why) => ({ trace: null, why });
