// The explorer's view: puts stepper, gallery, picture and panel together and keeps them in step with the store.
import { store } from "./state.js";
import { loadTrace, TraceError } from "./trace.js";
import { available, step, perRound } from "./stages.js";
import { STRIDE } from "./scan.js";
import { Stepper } from "./stepper.js";
import { Gallery } from "./gallery.js";
import { Picture } from "./picture.js";
import { Panel } from "./panel.js";
import { describe } from "./readout.js";
import { listen, help } from "./keys.js";
import { OwnView } from "./own_view.js";
import { buildPage } from "./page.js";
import { problem } from "./problem.js";

const KEPT_TRACES = 6;

class App {
  constructor(root, runs, base, server, upload) {
    Object.assign(this, {
      store,
      state: store.state,
      runs,
      base,
      trace: null,
      cursor: null,
    });
    this.timings = { wait: [], hover: [], change: [], photo: [] }; // ms; hover: event handled -> last draw call
    this.traces = new Map();
    this.stepper = new Stepper(this);
    this.gallery = new Gallery(this);
    this.picture = new Picture(this);
    this.panel = new Panel(this);
    buildPage(this, root);
    this.help = help(root);
    this.ownView = new OwnView(this, root, server, upload);
    this.own = this.ownView.photos;
    listen(this);
    store.subscribe((changed) => this.#changed(changed));
    this.ready = this.own.restore().then(() => this.openRun());
  }

  // --- what is asked ---------------------------------------------------------------------------------------------

  pinned() {
    return this.trace && this.state.x !== null ? this.state : null;
  }

  /** The pixel that the view is about: the pin, else the cursor, else (where a question is needed) the CAM's peak. */
  at() {
    if (!this.trace) return null;
    const { stage } = this.state;
    return this.pinned() ?? this.cursor ?? (stage === "affinity" ? this.peak : null);
  }

  hover(x, y) {
    this.cursor = { x, y };
    if (!this.pinned() || this.state.stage === "superpixels" || this.state.stage === "confident")
      this.#follow();
    this.#read(this.cursor);
  }

  /** Show the values of a pixel in the corner of the picture that the pixel is not in. */
  #read(at) {
    this.readout.hidden = !at;
    if (!at) return;
    this.readout.textContent = describe(this, at);
    this.readout.classList.toggle("up", at.y > 0.7 * this.trace.H);
  }

  #follow() {
    this.picture.hover();
    this.panel.hover();
  }

  leave() {
    this.cursor = null;
    this.#follow();
    this.#rest();
  }

  #rest() {
    this.#read(this.pinned());
  }

  pin({ x, y }) {
    const same = this.state.x === x && this.state.y === y;
    same ? this.unpin() : store.set({ x, y });
  }

  unpin() {
    store.set({ x: null, y: null });
  }

  /** Shift and an arrow: move the pin by one cell, or set one. */
  nudge(dx, dy) {
    const { trace } = this,
      at = this.at() ?? this.peak;
    if (!trace) return;
    const clamp = (v, n) => Math.min(n - 1, Math.max(0, v));
    store.set({ x: clamp(at.x + dx * 4, trace.W), y: clamp(at.y + dy * 4, trace.H) });
  }

  walk(by) {
    const to = this.trace && step(this.state, by, this.trace);
    if (to) store.set(to);
  }

  goStage(stage) {
    if (this.trace?.has(stage, this.state.round)) store.set({ stage });
  }

  goRound(by) {
    if (this.trace && perRound(this.state.stage))
      store.set({ round: Math.min(this.trace.T, Math.max(1, this.state.round + by)) });
  }

  goPhoto(by) {
    const names = (this.index ?? []).map(({ name }) => name),
      i = names.indexOf(this.state.img) + by;
    if (names.length) store.set({ img: names[(i + names.length) % names.length] });
  }

  toggleTruth() {
    const next = { null: "border", border: "filled", filled: null };
    if (this.trace?.truth) store.set({ truth: next[this.state.truth] });
  }

  async copyLink() {
    store.write();
    const label = this.copy.querySelector("span:last-child");
    const done = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    );
    label.textContent = done ? "Copied" : "Copy the address";
    setTimeout(() => (label.textContent = "Copy link"), 1500);
  }

  // --- what changed ----------------------------------------------------------------------------------------------

  #changed(changed) {
    const start = performance.now();
    if (changed.has("run")) return void (this.ready = this.openRun());
    if (changed.has("img")) return void (this.ready = this.openPhoto());
    if (!this.trace) return;
    this.#settle();
    this.#show(changed);
    this.timings.change.push(performance.now() - start);
  }

  #show(changed) {
    if (!changed || changed.has("x") || changed.has("y")) this.#rest();
    this.truth.show(this.state.truth);
    this.opacity.value = this.state.opacity;
    this.opacity.style.setProperty("--fill", this.state.opacity / 100);
    this.layer.classList.toggle("off", this.state.stage === "photo");
    this.opacity.disabled = this.state.stage === "photo";
    this.picture.draw();
    this.stepper.update();
    this.panel.update();
    if (this.cursor) this.#read(this.cursor);
  }

  /** Open the run that the state names, or the first one. */
  async openRun() {
    const run = this.runs.find(({ name }) => name === this.state.run) ?? this.runs[0];
    if (!run)
      return this.#fail({
        title: "No run",
        got: "No run was given.",
        expected: "A trained run.",
        remedy: "python app.py --run DIR",
      });
    this.run = run;
    this.runChoice.value = run.name;
    if (this.state.run && this.state.run !== run.name) this.state.run = null;
    let index = [];
    try {
      const response = await fetch(this.url("index.json"), { cache: "no-cache" });
      if (response.ok) index = (await response.json()).traces ?? [];
    } catch {
      /* an index that cannot be read is an index without photos */
    }
    this.shipped = index;
    this.list();
    if (!this.index.length)
      return this.#fail({
        title: "This run has no photos yet",
        got: `No trace in the run "${run.name}".`,
        expected: "A traces folder with index.json; training writes it after each round.",
        remedy: "Wait for the first round and reload this page, or open another run with --run DIR.",
      });
    const known = this.index.some(({ name }) => name === this.state.img);
    if (!known) this.state.img = (this.shipped[0] ?? this.index[0]).name;
    return this.openPhoto();
  }

  /** The photos to choose from: one's own, then the run's. */
  list() {
    const own = this.own
      .of(this.run.name)
      .map((photo) => ({ name: photo.id, title: photo.name, thumb: photo.thumb, own: photo }));
    this.index = [...own, ...this.shipped];
    this.gallery.fill(this.index);
  }

  url(file) {
    return `${this.base}${this.run.traces}/${encodeURIComponent(file)}`;
  }

  async openPhoto() {
    const entry = this.index.find(({ name }) => name === this.state.img),
      start = performance.now();
    if (!entry) return;
    this.gallery.update();
    if (entry.own?.busy || entry.own?.failed) return this.ownView.follow(entry.own);
    try {
      const trace = await this.#load(entry);
      if (this.state.img !== entry.name) return; // another photo was chosen meanwhile
      this.open(trace, entry);
      this.timings.photo.push(performance.now() - start);
    } catch (error) {
      if (!(error instanceof TraceError)) console.warn(error);
      if (this.state.img === entry.name)
        this.#fail(
          error instanceof TraceError
            ? error
            : {
                got: String(error.message ?? error),
                expected: "A complete trace of schema 1.",
                remedy: "Write the trace again.",
              },
        );
    }
  }

  /** The own photo that is shown, or null. */
  mine() {
    return this.ownView.shown();
  }

  #load(entry) {
    if (entry.own) return entry.own.trace();
    const url = this.url(entry.file),
      known = this.traces.get(url);
    if (known) return known;
    const loading = loadTrace(url, entry.file);
    loading.catch(() => this.traces.delete(url));
    this.traces.set(url, loading);
    if (this.traces.size > KEPT_TRACES) this.#drop(this.traces.keys().next().value);
    return loading;
  }

  #drop(url) {
    this.traces.get(url).then(
      (trace) => trace.close(),
      () => {},
    );
    this.traces.delete(url);
  }

  /** Shows a trace. */
  open(trace, entry) {
    const first = !this.lastPhoto,
      same = this.lastPhoto === entry.name,
      { state } = this;
    this.lastPhoto = entry.name;
    this.trace = trace;
    this.cursor = null;
    if (state.x !== null && (state.x >= trace.W || state.y >= trace.H || (!first && !same)))
      state.x = state.y = null;
    this.peak = peak(trace);
    this.title.textContent = trace.meta.title || entry.title || entry.name;
    this.#settle();
    trace.onlater = () => this.trace === trace && this.#later();
    this.picture.say(null);
    for (const part of this.#parts()) part.hidden = false;
    this.truthLabel.hidden = !trace.truth;
    this.picture.over.setAttribute(
      "aria-label",
      `${this.title.textContent}: the photo with the chosen layer`,
    );
    this.picture.open(trace);
    this.#show();
  }

  /** A round and a stage that the trace can show: its rounds may be fewer, and may lack a layer. */
  #settle() {
    const { state, trace } = this;
    state.round = Math.min(state.round, Math.max(1, trace.T));
    state.stage = available(state.stage, state.round, trace);
  }

  /** A layer that was being computed is there. */
  #later() {
    this.#follow();
    if (this.state.stage === "refined") this.#show();
    else this.panel.pin();
    this.#read(this.cursor ?? this.pinned());
  }

  /** What means nothing without a picture. */
  #parts() {
    return [
      this.panel.node,
      this.panel.head,
      this.panel.legend,
      this.truthLabel,
      this.layer,
      this.stepper.node,
    ];
  }

  #fail(error) {
    this.instead(problem(error), this.run?.name ?? "");
  }

  /** Something else in the picture's place. */
  instead(node, title) {
    this.trace = null;
    for (const part of this.#parts()) part.hidden = true;
    this.picture.say(node);
    this.readout.hidden = true;
    this.title.textContent = title;
  }
}

/** Image pixel with the strongest activation of any tag: a question worth asking first. */
function peak(trace) {
  const cam = trace.cam(),
    best = cam.reduce((b, v, i) => (v > cam[b] ? i : b), 0) % trace.n;
  if (!cam.length) return { x: trace.W >> 1, y: trace.H >> 1 };
  const c = best % trace.w,
    r = Math.floor(best / trace.w);
  const middle = (cell, size) => Math.min(size - 1, STRIDE * cell + STRIDE / 2);
  return { x: middle(c, trace.W), y: middle(r, trace.H) };
}

export function mount(element, { runs, static: scripts }, base, server, upload) {
  const root = element.querySelector(".iaff");
  const app = new App(root, runs, base, server, upload);
  app.scripts = scripts;
  window.__iaff = root.__iaff = app;
  app.ready.then(() =>
    requestAnimationFrame(() => {
      app.shown = true;
      root.dataset.ready = "1";
      performance.mark("iaff-first-picture");
      window.dispatchEvent(new Event("iaff:ready"));
    }),
  );
}
