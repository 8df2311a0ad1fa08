// What keys and buttons do with the view.
import { COMPARED } from "../draw/layers.js";
import { step } from "../panel/stages.js";
import { pan, reveal, zoomBy, zoomTo } from "../picture/viewport.js";
import { clicked, leftBehind, pinned } from "../state/pins.js";
import { besideChange, countChange, nextCount, photosBeside } from "../state/panes.js";
import { perRound } from "../state/state.js";

const CELL = 72; // CSS px of a cell that holds a number
const PAN = 0.15; // of what is seen, at one key
const TRUTHS = { null: "border", border: "filled", filled: null };

export class Actions {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../picture/pointer.js").Pointer} parts.pointer what is asked
   * @param {import("../picture/picture.js").Picture} parts.picture
   * @param {import("../trace/photos.js").Photos} parts.photos the ones to choose from
   * @param {(at: any) => boolean} parts.guess a click may answer a lesson's question
   * @param {(from: any, to: any) => void} parts.pinMoved
   */
  constructor({ store, current, pointer, picture, photos, guess, pinMoved }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.photos = photos;
    this.guess = guess;
    this.pinMoved = pinMoved;
    this.unwiped = null; // what the wipe's key changed beside the wipe, as it was: {diff}
    store.subscribe((changed) => {
      if (changed.has("diff") || (changed.has("wipe") && store.state.wipe === null)) this.unwiped = null;
    });
  }

  // --- through the method ------------------------------------------------------------------------------------------

  walk(by) {
    const { trace } = this.current,
      to = trace && step(this.store.state, by, trace);
    if (to) this.store.set(to);
  }

  /** Also while a photo is computed, which then opens with it. */
  goStage(stage) {
    const { trace } = this.current;
    if (!trace || trace.has(stage, this.store.state.round)) this.store.set({ stage });
  }

  goRound(by) {
    const { trace } = this.current,
      { stage, round } = this.store.state;
    if (trace && perRound(stage)) this.store.set({ round: Math.min(trace.T, Math.max(1, round + by)) });
  }

  goPhoto(by) {
    const names = this.photos.index.map(({ name }) => name),
      i = names.indexOf(this.store.state.img) + by;
    if (names.length) this.store.set({ img: names[(i + names.length) % names.length] });
  }

  // --- pins --------------------------------------------------------------------------------------------------------

  /** A click; `add` keeps the other pins. */
  pin(at, add = false) {
    if (this.guess(at)) return;
    this.store.set(clicked(this.store.state, at, add));
  }

  /** The first pin goes there. */
  movePin(at) {
    if (this.guess(at)) return;
    this.store.set(pinned([at, ...this.pointer.pins().slice(1)]));
  }

  unpin() {
    this.store.set(pinned([]));
  }

  /** One more pin where the first one stands, which can then be moved on; the first one where there is none. */
  pinMore() {
    if (!this.current.trace) return;
    if (!this.pointer.pinned()) return this.nudge(0, 0);
    this.store.set(pinned(leftBehind(this.pointer.pins())));
  }

  /** Move the pin by cells, or set one. */
  nudge(dx, dy) {
    const { pointer, store } = this,
      { trace, peak } = this.current;
    if (!trace) return;
    const [first = pointer.at() ?? peak, ...more] = pointer.pins(),
      clamp = (v, n) => Math.min(n - 1, Math.max(0, v));
    const moved = { x: clamp(first.x + dx * trace.stride, trace.W), y: clamp(first.y + dy * trace.stride, trace.H) };
    store.set(pinned([moved, ...more]));
    reveal(store, trace, moved);
    this.pinMoved(first, moved);
  }

  // --- how it is seen ----------------------------------------------------------------------------------------------

  /** Move the photo in its frame; false where all of it is seen. */
  pan(dx, dy) {
    const { store } = this,
      { origin } = this.current,
      { zoom } = store.state;
    if (!origin || zoom === 1) return false;
    pan(store, origin, (dx * PAN * origin.W) / zoom, (dy * PAN * origin.H) / zoom);
    return true;
  }

  zoom(steps) {
    const { store, pointer } = this,
      { trace } = this.current,
      { cx, cy } = store.state;
    if (!trace) return;
    const at = pointer.cursor ?? pointer.pinned() ?? { x: cx ?? trace.W / 2, y: cy ?? trace.H / 2 };
    zoomBy(store, trace, steps, at);
  }

  /** The cell that is asked about in the middle, and cells so large that they hold numbers. */
  closer() {
    const { store, pointer, picture } = this,
      { view, dpr, trace } = picture.main,
      at = pointer.at(),
      { zoom } = store.state;
    if (!at || !view) return;
    store.set({ cx: at.x, cy: at.y, zoom: Math.max(zoom, 1.01) });
    zoomTo(store, trace, (CELL * dpr * zoom) / (view.scale * trace.stride), at);
  }

  toggleTruth() {
    const { store } = this;
    if (this.current.trace?.truth) store.set({ truth: TRUTHS[store.state.truth] });
  }

  // --- beside each other -------------------------------------------------------------------------------------------

  /** A photo beside the one that is shown, or away from there; beside the one before, if it is that one itself. */
  beside(name) {
    const { store, photos } = this,
      { state } = store,
      change = besideChange(state, name);
    if (name !== state.img) return store.set(change);
    const there = photosBeside(state, state.panes).includes(name);
    store.set({ ...(there ? {} : change), img: photos.before().name });
  }

  /** More panes, with what is worth comparing at this stage, or one again. */
  panes() {
    const { store } = this,
      { origin } = this.current;
    if (origin) store.set(countChange(store.state, origin, nextCount(store.state.panes)));
  }

  // --- against another round ---------------------------------------------------------------------------------------

  /** While a key or a button is held, the other round is shown in its place. */
  blink(on) {
    const { picture } = this,
      round = on ? this.#compared() : null;
    if (picture.blink === round) return;
    picture.blink = round;
    picture.draw();
  }

  /** Between a line to drag between two rounds and the view as it was before, with a round to compare with or none. */
  toggleWipe() {
    const { store } = this,
      { wipe, diff } = store.state;
    if (wipe !== null) return store.set({ wipe: null, ...this.unwiped });
    const other = this.#compared();
    if (!other) return;
    store.set({ wipe: 50, diff: other });
    this.unwiped = { diff };
  }

  /** The round that is compared with, else the one that would be. */
  #compared() {
    const { diff } = this.store.state;
    return this.picture.main.comparable() ? diff : this.#other();
  }

  /** The round to compare with where none is chosen: the one before, or the next; null at other stages. */
  #other() {
    const { stage, round } = this.store.state,
      { trace } = this.current;
    if (!trace || !COMPARED.includes(stage) || trace.T < 2) return null;
    return round > 1 ? round - 1 : 2;
  }
}
