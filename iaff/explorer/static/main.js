// The explorer's view: puts stepper, gallery, picture and panel together and keeps them in step with the store.
import { perRound } from "./state/state.js";
import { history, store } from "./shared.js";
import { Photos } from "./trace/photos.js";
import { step } from "./panel/stages.js";
import { STRIDE } from "./engine/scan.js";
import { Stepper } from "./page/stepper.js";
import { Gallery } from "./page/gallery.js";
import { Picture } from "./picture/picture.js";
import { Panel } from "./panel/panel.js";
import { describe } from "./picture/readout.js";
import { listen, help } from "./page/keys.js";
import { UserPhotosView } from "./page/user_photos_view.js";
import { buildPage } from "./page/page.js";
import { problem } from "./ui/problem.js";
import { Animation } from "./picture/animation.js";
import { BROWSED, Browser } from "./page/browser.js";
import { Exports } from "./export/export.js";
import { watchRun } from "./server/growing_run.js";
import { Client } from "./client/client.js";
import { embedded } from "./client/embedded.js";
import { centre } from "./engine/grid.js";
import { Sources } from "./server/sources.js";
import { specOf } from "./state/panes.js";
import { compared } from "./draw/painter.js";
import { COMPARED } from "./draw/layers.js";
import { clicked, left, pinned, pinsOf } from "./state/pins.js";
import { pan, reveal, zoomBy } from "./picture/viewport.js";
import { WhatIf } from "./panel/whatif_app.js";
import { Brush } from "./state/brush.js";
import { Pen } from "./picture/pen.js";
import { Hiding } from "./state/hiding.js";
import { Announcer } from "./ui/announcer.js";
import { Lessons } from "./lessons/lessons.js";

const KEPT_TIMES = 2000;
const PINNED = ["x", "y", "pins"];
const PAN = 0.15; // of what is seen, at one key

class App {
  constructor(root, runs, client) {
    Object.assign(this, {
      store,
      history,
      state: store.state,
      runs,
      base: client.base,
      client,
      trace: null, // as the main pane shows it
      origin: null, // as it was opened
      cursor: null,
      region: -1, // the superpixel that is outlined
      blink: false,
      edits: null, // what was painted
    });
    // ms; hover: event handled -> last draw call; server: a propagator's answer
    this.timings = { wait: [], hover: [], change: [], photo: [], server: [] };
    this.brush = new Brush(this);
    this.whatIf = new WhatIf(this);
    this.pen = new Pen(this);
    this.hiding = new Hiding(this, root);
    this.announcer = new Announcer();
    this.photos = new Photos(this, client);
    this.sources = new Sources(this, client);
    this.animation = new Animation(this);
    this.stepper = new Stepper(this);
    this.gallery = new Gallery(this);
    this.picture = new Picture(this);
    this.panel = new Panel(this);
    this.lessons = new Lessons(this, client);
    buildPage(this, root);
    root.append(this.hiding.node, this.announcer.node);
    this.help = help(root);
    this.ownView = new UserPhotosView(this, root, client);
    this.own = this.ownView.photos;
    this.browser = new Browser(this, root, client);
    this.exports = new Exports({
      root,
      picture: this.picture,
      opened: () => this.opened(),
      client,
      onopen: () => {
        this.animation.stop();
        this.stepper.stop();
      },
      onclose: () => this.leave(),
    });
    listen(this);
    if (!embedded) watchRun(this, store, client);
    const restored = embedded ? Promise.resolve() : Promise.all([this.own.restore(), this.lessons.restore()]);
    this.ready = restored.then(() => {
      store.subscribe((changed) => this.#changed(changed));
      return this.openRun();
    });
    this.ready.then(() => this.browser.follow());
  }

  // --- what is asked ---------------------------------------------------------------------------------------------

  time(kind, ms) {
    const times = this.timings[kind];
    times.push(ms);
    if (times.length > KEPT_TIMES) times.splice(0, KEPT_TIMES / 2);
  }

  pins() {
    return this.trace ? pinsOf(this.state) : [];
  }

  /** The first pin, which the numbers are about, or null. */
  pinned() {
    return this.pins()[0] ?? null;
  }

  /** The pixel that the view is about: the pin, else the cursor, else (where a question is needed) the CAM's peak. */
  at() {
    if (!this.trace) return null;
    return this.pinned() ?? this.cursor ?? (this.#asksFirst() ? this.peak : null);
  }

  /** Whether a question is asked before anybody does: at a refined map only beside the panel, which says what it is. */
  #asksFirst() {
    const { stage, hide } = this.state;
    return this.picture.main.asks() && !(stage === "refined" && hide?.includes("panel"));
  }

  /** The cursor is at that pixel of the photo, in a pane. */
  hover({ x, y }, pane = this.picture.main) {
    this.cursor = { x, y };
    this.hovered = pane;
    this.#aim();
    if (!this.pinned() || this.region >= 0) this.#follow();
    this.#read(this.cursor);
  }

  /** Whether the superpixel under the cursor is of interest. */
  #regions() {
    const { stage, tab } = this.state;
    return this.trace.superpixels && (tab === "mining" || stage === "superpixels" || stage === "confident");
  }

  #regionAt({ x, y }) {
    return this.trace.superpixels[y * this.trace.W + x];
  }

  /** Outline a superpixel that was pointed at elsewhere; -1 for none. */
  showRegion(id) {
    this.region = id;
    this.picture.hover();
  }

  /** Show the values of a pixel in the corner of the picture that the pixel is not in. */
  #read(at) {
    this.readout.hidden = !at;
    if (!at) return;
    const pane = this.cursor && this.hovered?.trace && this.hovered.node.isConnected ? this.hovered : this.picture.main;
    if (this.readout.parentNode !== pane.node) pane.node.append(this.readout);
    this.readout.textContent = describe(at, pane);
    this.readout.classList.toggle("up", pane.low(at));
  }

  #follow() {
    this.picture.hover();
    this.panel.hover();
  }

  leave() {
    if (this.exports.isOpen) return; // what the cursor asks is what is exported
    this.cursor = null;
    this.#aim();
    this.#follow();
    this.#read(this.pinned());
  }

  /** The superpixel of the pin or, without one, of the cursor. */
  #aim() {
    const at = this.pinned() ?? this.cursor;
    this.region = at && this.#regions() ? this.#regionAt(at) : -1;
  }

  /** A click; `add` keeps the other pins. */
  pin(at, add = false) {
    if (this.lessons.guess(at)) return;
    store.set(clicked(this.state, at, add));
  }

  unpin() {
    store.set(pinned([]));
  }

  /** One more pin where the first one stands, which can then be moved on; the first one where there is none. */
  pinMore() {
    if (!this.trace) return;
    if (!this.pinned()) return this.nudge(0, 0);
    store.set(pinned(left(this.pins())));
  }

  /** Shift and an arrow: move the pin by one cell, or set one. */
  nudge(dx, dy) {
    const { trace } = this;
    if (!trace) return;
    const [first = this.at() ?? this.peak, ...more] = this.pins(),
      clamp = (v, n) => Math.min(n - 1, Math.max(0, v));
    const moved = { x: clamp(first.x + dx * STRIDE, trace.W), y: clamp(first.y + dy * STRIDE, trace.H) };
    store.set(pinned([moved, ...more]));
    reveal(store, trace, moved);
    this.pen.moved(first, moved);
  }

  /** Alt and an arrow: move the photo in its frame; false where all of it is seen. */
  pan(dx, dy) {
    const { state, origin } = this;
    if (!this.trace || state.zoom === 1) return false;
    pan(store, origin, (dx * PAN * origin.W) / state.zoom, (dy * PAN * origin.H) / state.zoom);
    return true;
  }

  zoom(steps) {
    const { trace, state } = this;
    if (trace)
      zoomBy(
        store,
        trace,
        steps,
        this.cursor ?? this.pinned() ?? { x: state.cx ?? trace.W / 2, y: state.cy ?? trace.H / 2 },
      );
  }

  /** While a key is held, the other round is shown in its place. */
  blinks(on) {
    if (this.blink === on) return;
    if (on && !this.comparable()) {
      const diff = this.#other();
      if (!diff) return;
      store.set({ diff });
    }
    this.blink = on;
    this.picture.draw();
  }

  /** The round to compare with where none is chosen: the one before, or the next; null at other stages. */
  #other() {
    const { state, trace } = this;
    if (!trace || !COMPARED.includes(state.stage) || trace.T < 2) return null;
    return state.round > 1 ? state.round - 1 : 2;
  }

  /** Between the difference of two rounds and a line to drag between them. */
  toggleWipe() {
    const { state } = this;
    if (state.wipe !== null) return store.set({ wipe: null });
    const diff = this.comparable() ? state.diff : this.#other();
    if (diff) store.set({ wipe: 50, diff });
  }

  /** Whether the round that is compared with can be drawn in the main pane. */
  comparable() {
    return Boolean(this.trace) && compared(this.state, this.picture.main.spec, this.trace);
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
    const names = this.index.map(({ name }) => name),
      i = names.indexOf(this.state.img) + by;
    if (names.length) store.set({ img: names[(i + names.length) % names.length] });
  }

  toggleTruth() {
    const next = { null: "border", border: "filled", filled: null };
    if (this.trace?.truth) store.set({ truth: next[this.state.truth] });
  }

  // --- what changed ----------------------------------------------------------------------------------------------

  #changed(changed) {
    const start = performance.now();
    if (changed.has("hide") || changed.has("lesson")) this.hiding.update(); // also where there is no picture
    const opens = changed.has("run") || changed.has("img");
    if (opens) this.ready = changed.has("run") ? this.openRun() : this.openPhoto();
    if (BROWSED.some((key) => changed.has(key))) this.browser.follow();
    if (opens || !this.origin || [...changed].every((key) => BROWSED.includes(key))) return;
    if (changed.has("paint")) this.whatIf.take();
    if ([...changed].every((key) => ["cx", "cy", "zoom"].includes(key))) {
      this.picture.draw();
      return this.panel.view?.zoomed?.();
    }
    if (changed.has("by") || ["p2", "p3", "p4"].some((key) => changed.has(key))) this.sources.retry();
    this.#show();
    this.time("change", performance.now() - start);
    if (PINNED.some((key) => changed.has(key))) this.#sayPin();
  }

  /** What a screen reader shall say, once there is a pause. */
  say(text) {
    this.announcer.say(text);
  }

  #sayPin() {
    const pin = this.pinned(),
      more = this.pins().length - 1;
    if (!pin) return this.say("Nothing is pinned.");
    const { main } = this.picture,
      text = main.trace ? describe(pin, main) : `x ${pin.x}, y ${pin.y} px`;
    this.say(`Pinned: ${text}${more > 0 ? `, and ${more} more` : ""}`);
  }

  /** Each pane with its trace; the main one's is what the rest of the page speaks of. */
  #panes() {
    const { picture, state, origin } = this,
      { length } = picture.panes;
    picture.count(state.panes);
    picture.panes.forEach((pane, i) => {
      const spec = specOf(state, i),
        { trace, why } = this.sources.of(spec);
      spec.round = Math.min(spec.round, Math.max(1, (trace ?? origin).T));
      if (i === 0 && !trace) spec.by = null; // until the answer is there, the trace's own stands, under its own name
      pane.show(trace ?? (i === 0 ? origin : null), spec, why);
      pane.title(picture.panes.length);
    });
    this.trace = picture.main.trace;
    if (length !== picture.panes.length) picture.fit();
  }

  /** Something that was awaited is there, or was painted. */
  refresh() {
    if (this.origin) this.#show();
  }

  #show() {
    this.hiding.update();
    if (!this.whatIf.paints) this.pen.drop();
    this.#panes();
    this.#aim();
    this.truth.show(this.state.truth);
    this.opacity.value = this.state.opacity;
    this.opacity.style.setProperty("--fill", this.state.opacity / 100);
    this.layer.classList.toggle("off", this.state.stage === "photo");
    this.opacity.disabled = this.state.stage === "photo";
    this.picture.draw();
    this.stepper.update();
    this.panel.update();
    this.picture.settle();
    this.#read(this.cursor ?? this.pinned());
  }

  /** The own photo that is shown, or null. */
  mine() {
    return this.ownView.shown();
  }

  // What others ask of the photos.

  get index() {
    return this.photos.index;
  }

  get shipped() {
    return this.photos.shipped;
  }

  list() {
    this.photos.list();
  }

  openRun() {
    return this.photos.openRun();
  }

  openPhoto() {
    return this.photos.openPhoto();
  }

  grown() {
    return this.photos.grown();
  }

  /** Shows a trace. */
  open(trace, entry) {
    const { lastPhoto } = this,
      same = lastPhoto === entry.name;
    this.lastPhoto = entry.name;
    this.pen.drop();
    if (trace !== this.origin) this.whatIf.open(trace, same);
    this.origin = trace;
    this.cursor = null;
    this.region = -1;
    this.animation.stop();
    this.sources.forget();
    store.show(trace);
    this.whatIf.take();
    this.peak = peak(trace);
    this.photoTitle = trace.meta.title || entry.title || entry.name;
    this.title.textContent = this.photoTitle;
    trace.onlater = () => this.origin === trace && this.#later();
    this.picture.say(null);
    for (const part of this.#parts()) part.hidden = false;
    this.truthLabel.hidden = !trace.truth;
    const said = `${this.title.textContent}: the photo with the chosen layer. Shift and arrows pin a pixel.`;
    this.picture.over.setAttribute("aria-label", said);
    this.#panes();
    this.picture.fit();
    this.#show();
    window.dispatchEvent(new Event("iaff:photo"));
  }

  /** A layer that was being computed is there. */
  #later() {
    this.#follow();
    const shown = this.picture.panes.flatMap((pane) => [pane.spec.stage, ...pane.overlays().map(({ name }) => name)]);
    if (["refined", "carried", "difference"].some((name) => shown.includes(name))) this.#show();
    else if (this.panel.view) this.panel.update();
    else this.panel.pin();
    this.#read(this.cursor ?? this.pinned());
  }

  /** What means nothing without a picture. */
  #parts() {
    return [this.panel.node, this.panel.head, this.panel.legend, this.truthLabel, this.layer, this.stepper.node];
  }

  /** Say what went wrong in the picture's place. */
  fail(error) {
    this.instead(problem(error), "Nothing to show");
  }

  /** The photo that is open: its title, its run's name, its entry if it is one's own; null where there is none. */
  opened() {
    if (!this.trace) return null;
    return { title: this.photoTitle, run: this.run?.name ?? "", own: this.own.find(this.state.img) ?? null };
  }

  /** Something else in the picture's place. */
  instead(node, title) {
    this.pen.drop();
    this.trace = this.origin = this.edits = null;
    store.show(null);
    window.dispatchEvent(new Event("iaff:photo"));
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
  return centre(trace, best);
}

export function mount(element, { runs, static: scripts }, base, server, upload) {
  const root = element.querySelector(".iaff");
  const app = new App(root, runs, new Client({ base, server, upload }));
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
