// Runs and photos: what there is to open, and opening it.
import { Trace, TraceError, loadTrace } from "./trace.js";
import { fromBase64 } from "./base64.js";
import { embedded } from "../client/embedded.js";
import { isUserPhoto } from "../client/user_photo_store.js";
import { ADAPTED } from "../state/store.js";
import { KeptTraces } from "./kept_traces.js";

const GONE = {
  title: "This photo is gone",
  got: "A photo that was taken in or computed by a page, and is not kept here: a link does not carry it.",
  expected: "One of the photos beside this message.",
  remedy: "Choose another photo, go on with the browser's back and forward, or take the photo in again (u).",
};

const UNREAD = {
  title: "The photos of this run cannot be read",
  expected: "A traces folder with index.json, which the server may read.",
  remedy: "Check the folder and its permissions, reload the page, or open another run with --run DIR.",
};

export class Photos {
  constructor(app, client) {
    const traces = new KeptTraces((url) => url === this.shown);
    Object.assign(this, { app, client, traces, shown: null, shipped: [], index: [] });
  }

  /** Open the run that the state names, or the first one. */
  async openRun() {
    const { app } = this,
      run = app.runs.find(({ name }) => name === app.state.run) ?? app.runs[0];
    if (!run)
      return app.fail({
        title: "No run",
        got: "No run was given.",
        expected: "A trained run.",
        remedy: "python app.py --run DIR",
      });
    if (app.state.run && app.state.run !== run.name) return this.#instead({ run: null });
    app.run = run;
    app.runChoice.value = run.name;
    const shipped = await this.indexOf(run).catch((error) => error);
    if (app.run !== run) return; // another run was chosen meanwhile
    if (shipped instanceof Error) return app.fail({ ...UNREAD, got: shipped.message });
    this.shipped = shipped;
    this.list();
    if (!this.index.length)
      return app.fail({
        title: "This run has no photos yet",
        got: `No trace in the run "${run.name}".`,
        expected: "A traces folder with index.json; training writes it after each round.",
        remedy: "It appears here by itself after the first round; or open another run with --run DIR.",
      });
    return this.openPhoto();
  }

  /** What the state names is not here: something else, which is opened as soon as the state says so. */
  #instead(change) {
    this.app.store.set(change, ADAPTED);
    return this.app.ready;
  }

  /** The traces that a run lists: none before it has written its first; fails with a sentence. */
  async indexOf(run) {
    return embedded ? [embedded] : this.client.index(run);
  }

  /** The run has gone on training: what it wrote is read again, the view stays. */
  async grown() {
    this.traces.clear();
    window.dispatchEvent(new Event("iaff:grown"));
    await (this.app.ready = this.openRun());
  }

  /** The photos to choose from: the user's, then the run's. */
  list() {
    const { app } = this,
      computed = app.own
        .of(app.run.name)
        .map((photo) => ({ name: photo.id, title: photo.name, thumb: photo.thumb, userPhoto: photo }));
    this.index = [...computed, ...this.shipped];
    app.gallery.fill(this.index);
  }

  url(file, run = this.app.run) {
    return this.client.traceAddress(run, file);
  }

  async openPhoto() {
    const { app } = this,
      here = () => this.index.find(({ name }) => name === app.state.img),
      start = performance.now();
    if (!this.index.length) return;
    if (!here() && isUserPhoto(app.state.img)) {
      app.gallery.update();
      return app.fail(GONE);
    }
    if (!here()) return this.#instead({ img: (this.shipped[0] ?? this.index[0]).name });
    const entry = here();
    app.gallery.update();
    if (entry.userPhoto?.busy || entry.userPhoto?.failed) return app.ownView.follow(entry.userPhoto);
    try {
      const trace = await this.#load(entry);
      if (app.state.img !== entry.name) return; // another photo was chosen meanwhile
      this.shown = entry.userPhoto ? null : this.url(entry.file);
      app.open(trace, entry);
      app.time("photo", performance.now() - start);
    } catch (error) {
      if (!(error instanceof TraceError)) console.warn(error);
      if (app.state.img === entry.name) app.fail(error instanceof TraceError ? error : unexpected(error));
    }
  }

  #load(entry) {
    if (entry.userPhoto) return entry.userPhoto.trace();
    if (embedded) return (this.only ??= Trace.parse(fromBase64(embedded.trace).buffer));
    const url = this.url(entry.file);
    return this.traces.of(url, () => loadTrace(this.client, url, entry.file));
  }
}

const unexpected = (error) => ({
  got: String(error.message ?? error),
  expected: "A complete trace of schema 1.",
  remedy: "Write the trace again.",
});
