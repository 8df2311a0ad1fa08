// Runs and photos: what there is to open, and opening it.
import { Trace, TraceError, loadTrace } from "./trace.js";
import { fromBase64 } from "./base64.js";
import { embedded } from "../client/embedded.js";
import { isUserPhoto } from "../client/user_photo_store.js";
import { ADAPTED } from "../state/store.js";
import { ClassNumbers } from "./class_numbers.js";
import { TOY } from "./toy.js";
import { KeptTraces } from "./kept_traces.js";
import { Signal } from "../ui/signal.js";

const GONE = {
  title: "This photo is not in this browser",
  text:
    "A link does not carry a photo of yours, and one of the data set is computed for one page alone. " +
    "Choose another, or take it in again (u).",
};

const UNREAD = {
  title: "The photos of this run cannot be read",
  expected: "A traces folder with index.json, which the server may read.",
  remedy: "Check the folder and its permissions, reload the page, or open another run with --run DIR.",
};

export class Photos {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store whose state names run and photo
   * @param {import("./current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../client/client.js").Client} parts.client the door to Python
   * @param {Record<string, any>[]} parts.runs those that are open
   * @param {any} parts.userPhotos see page/user_photos.js
   * @param {import("../ui/timings.js").Timings} parts.timings what took how long
   * @param {(trace: Trace, entry: any) => void} parts.onopen a trace is there
   * @param {(error: any) => void} parts.onfail there is none, see ui/problem.js
   * @param {(photo: any) => void} parts.oncomputing it is still being computed
   */
  constructor({ store, current, client, runs, userPhotos, timings, onopen, onfail, oncomputing }) {
    this.store = store;
    this.current = current;
    this.client = client;
    this.runs = runs;
    this.userPhotos = userPhotos;
    this.timings = timings;
    this.onopen = onopen;
    this.onfail = onfail;
    this.oncomputing = oncomputing;
    const traces = new KeptTraces((url) => url === this.shown);
    this.traces = traces;
    this.only = null; // the promise of the one trace of a file
    this.numbers = new Map(); // by the run that is open: how its classes are numbered
    this.shown = null;
    this.shipped = [];
    this.index = [];
    this.ready = new Promise(() => {}); // until what the state names is shown, or is not there
    this.listed = new Signal(); // there are other photos to choose from
    this.chosen = new Signal(); // one was
  }

  /** Opens what the state names: its run anew, or only its photo. */
  open({ run = false } = {}) {
    this.ready = run ? this.#openRun() : this.#openPhoto();
    return this.ready;
  }

  /** Open the run that the state names, or the first one. */
  async #openRun() {
    const { current, runs } = this,
      { state } = this.store,
      run = runs.find(({ name }) => name === state.run) ?? runs[0];
    if (!run)
      return this.onfail({
        title: "No run",
        got: "No run was given.",
        expected: "A trained run.",
        remedy: "iaff DIR",
      });
    if (state.run && state.run !== run.name) return this.#instead({ run: null });
    current.run = run;
    const shipped = await this.indexOf(run).catch((error) => error);
    if (current.run !== run) return; // another run was chosen meanwhile
    if (shipped instanceof Error) return this.onfail({ ...UNREAD, got: shipped.message });
    this.shipped = shipped;
    this.list();
    if (!this.index.length && !this.entry(this.store.state.img))
      return this.onfail({
        title: "This run has no photos yet",
        got: `No trace in the run "${run.name}".`,
        expected: "A traces folder with index.json; training writes it after each round.",
        remedy: "It appears here by itself after the first round; or open another run with --run DIR.",
      });
    return this.#openPhoto();
  }

  /** What the state names is not here: something else, which is opened as soon as the state says so. */
  #instead(change) {
    this.store.set(change, ADAPTED);
    return this.ready;
  }

  /** The traces that a run lists: none before it has written its first; fails with a sentence. */
  async indexOf(run) {
    return embedded ? [embedded] : this.client.index(run);
  }

  /** The run has gone on training: what it wrote is read again, the view stays. */
  async grown() {
    this.traces.clear();
    this.current.grown.send();
    await this.open({ run: true });
  }

  /** The photos to choose from: the user's, then the run's. */
  list() {
    this.index = [...this.userPhotos.of(this.current.run.name).map(asEntry), ...this.shipped];
    this.listed.send();
  }

  /** The photo of that name: one to choose from, one that was taken in beside another run, or the toy; else undefined. */
  entry(name) {
    const listed = this.index.find((entry) => entry.name === name),
      photo = listed ? null : this.userPhotos.find(name);
    return listed ?? (photo ? asEntry(photo) : this.#toy(name));
  }

  /** The toy grid, where it is asked for. A self-contained file holds one photo alone. */
  #toy(name) {
    return name === TOY.name && !embedded ? TOY : undefined;
  }

  /** The photo that was shown before this one, or else another one; undefined where there is none. */
  before() {
    const { before } = this.current,
      others = this.index.filter(({ name }) => name !== this.store.state.img);
    return others.find(({ name }) => name === before) ?? others.find(({ userPhoto }) => !userPhoto) ?? others[0];
  }

  /** Promise of a trace of a photo's own, which whoever asks closes; of a run's photo, of another run than the open one. */
  async read(entry, run = this.current.run) {
    const { userPhoto, address, file } = entry,
      url = () => address ?? this.url(file, run);
    const trace = await (userPhoto ? userPhoto.read() : loadTrace(this.client, url(), file ?? entry.name));
    return this.#named(trace, entry);
  }

  /** A trace with a title, and classes that are numbered as those of the run that is open. */
  #named(trace, { title, name }) {
    const { run } = this.current;
    trace.title = trace.meta.title || title || name;
    if (!this.numbers.has(run.name)) this.numbers.set(run.name, new ClassNumbers(run.classes ?? []));
    return this.numbers.get(run.name).apply(trace);
  }

  url(file, run = this.current.run) {
    return this.client.traceAddress(run, file);
  }

  /** Whether a photo was computed here, so that it can be again, and no other run has it. */
  isComputed(img) {
    const photo = this.userPhotos.find(img);
    return Boolean(photo) && !photo.given;
  }

  async #openPhoto() {
    const { state } = this.store,
      entry = this.index.find(({ name }) => name === state.img) ?? this.#toy(state.img),
      start = performance.now();
    if (!this.index.length && !entry) return;
    if (!entry && !isUserPhoto(state.img)) return this.#instead({ img: (this.shipped[0] ?? this.index[0]).name });
    this.chosen.send();
    if (!entry) return this.onfail(GONE);
    if (entry.userPhoto?.busy || entry.userPhoto?.failed) return this.oncomputing(entry.userPhoto);
    try {
      const trace = this.#named(await this.#load(entry), entry);
      if (state.img !== entry.name) return; // another photo was chosen meanwhile
      this.shown = entry.userPhoto ? null : this.#address(entry);
      this.onopen(trace, entry);
      this.timings.add("photo", performance.now() - start);
    } catch (error) {
      if (!(error instanceof TraceError)) console.warn(error);
      if (state.img === entry.name) this.onfail(error instanceof TraceError ? error : unexpected(error));
    }
  }

  #load(entry) {
    if (entry.userPhoto) return entry.userPhoto.trace();
    if (embedded) return (this.only ??= Trace.parse(fromBase64(embedded.trace).buffer));
    const url = this.#address(entry);
    return this.traces.of(url, () => loadTrace(this.client, url, entry.file ?? entry.name));
  }

  /** Where a trace lies: a run's, or one that comes with the page. */
  #address({ address, file }) {
    return address ?? this.url(file);
  }
}

const asEntry = (photo) => ({ name: photo.id, title: photo.name, thumb: photo.thumb, userPhoto: photo });

const unexpected = (error) => ({
  got: String(error.message ?? error),
  expected: "A complete trace of schema 1.",
  remedy: "Write the trace again.",
});
