// What the view shows, in one typed table. It is read from the URL and written back to it; a value that the table
// does not allow is ignored, so that an old or mistyped link still opens.
import { embedded } from "../client/embedded.js";
import { PAINTED } from "./painted.js";

export const STAGES = ["photo", "cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"];
export const FIRST_OF_ROUND = STAGES.indexOf("unary");
export const perRound = (stage) => STAGES.indexOf(stage) >= FIRST_OF_ROUND;
export const TABS = ["stage", "layers", "compare", "leaks", "mining", "whatif"];
export const DIRECTIONS = ["right", "left", "down", "up"]; // in the order of the gates
export const WAYS = { right: "left → right", left: "right → left", down: "top → bottom", up: "bottom → top" };
export const PARTS = ["top", "stepper", "gallery", "panel", "tabs", "tools", "keys", "charts"]; // of the page
export const PROPAGATORS = ["none", "walk", "pamr", "crf"];

const oneOf =
  (...names) =>
  (text) =>
    names.includes(text) ? text : undefined;
const whole = (low, high) => (text) => (/^\d{1,5}$/.test(text) && +text >= low && +text <= high ? +text : undefined);
const decimal = (low, high) => (text) =>
  /^\d{1,4}(\.\d{1,4})?$/.test(text) && +text >= low && +text <= high ? +text : undefined;
const list = (item, most) => (text) => {
  const items = text.split("_");
  return items.length <= most && items.every((v) => item.test(v)) ? text : undefined;
};
const pane = (text) => (/^([a-z]*)\.(\d{0,2})\.([a-z]*)\.[^\p{C}]{0,120}$/u.test(text) ? text : undefined);
const matches = (form) => (text) => (form.test(text) ? text : undefined);
const name = matches(/^[^\p{C}]{1,120}$/u); // whatever the run or trace calls it

const LAYER = new RegExp(`^(${[...STAGES, "carried", "truth"].join("|")})\\.(100|\\d{1,2})$`);

/**
 * Of each value: how it is read, and what it is at the start. `place`: a change of it is an entry of the browser's
 * history. `most`: what has more characters than that stays out of the address.
 */
export const TABLE = {
  run: { parse: name, start: null, place: true },
  img: { parse: name, start: null, place: true },
  stage: { parse: oneOf(...STAGES), start: "photo", place: true },
  round: { parse: whole(1, 99), start: 1, place: true },
  tab: { parse: oneOf(...TABS), start: "stage", place: true }, // of the panel
  x: { parse: whole(0, 9999), start: null, place: true }, // the pinned pixel, image px
  y: { parse: whole(0, 9999), start: null, place: true },
  pins: { parse: list(/^\d{1,4}\.\d{1,4}$/, 3), start: null, place: true }, // further pinned pixels: "x.y_x.y"
  // the view of the picture
  zoom: { parse: decimal(1, 32), start: 1 },
  cx: { parse: decimal(0, 9999), start: null }, // its centre, image px
  cy: { parse: decimal(0, 9999), start: null },
  opacity: { parse: whole(0, 100), start: 80 }, // of the stage's layer, %
  over: { parse: list(LAYER, 8), start: null }, // further layers: "seeds.60_truth.100", % opaque
  cls: { parse: matches(/^[^\p{C}]{1,20000}$/u), start: null, most: 1000 }, // that are shown, "cat,dog"; null: all
  truth: { parse: oneOf("border", "filled"), start: null },
  // what is asked of the affinity
  mode: { parse: oneOf("row", "column"), start: "row" },
  scale: { parse: oneOf("log", "linear"), start: "log" },
  dir: { parse: oneOf(...DIRECTIONS), start: null }, // one direction of the scan, or all
  passes: { parse: whole(1, 8), start: null }, // null: as the trace says
  by: { parse: oneOf(...PROPAGATORS), start: null, place: true }, // in place of the trace's own affinity
  leaks: { parse: oneOf("truth", "labels"), start: null, place: true }, // over which boundary they are sought
  leak: { parse: whole(1, 99), start: null, place: true }, // the chosen one's rank
  // what is compared
  panes: { parse: whole(1, 4), start: 1, place: true },
  // what differs in the further panes: "stage.round.by.run", each may be empty
  p2: { parse: pane, start: null, place: true },
  p3: { parse: pane, start: null, place: true },
  p4: { parse: pane, start: null, place: true },
  diff: { parse: whole(1, 99), start: null }, // the round to compare with
  wipe: { parse: whole(0, 100), start: null }, // where that round ends, % of the width
  loop: { parse: oneOf("1"), start: null }, // playing starts again at the first round
  // thresholds as tried here, which training would take up
  cam: { parse: whole(0, 9), start: null }, // index of the CAM's scale
  climb: { parse: whole(0, 99), start: null }, // or step of its climb, 0: the photo; neither: the CAM
  fg: { parse: decimal(0, 1), start: null },
  bg: { parse: decimal(0, 1), start: null },
  tau: { parse: decimal(0, 1), start: null },
  taubg: { parse: decimal(0, 1), start: null },
  purity: { parse: decimal(0, 1), start: null },
  // what if
  paint: { parse: matches(PAINTED), start: null, most: 1000 }, // walls and labels, see painted.js
  brush: { parse: matches(/^(wall|label|erase|restore)\.\d{0,3}\.[1-5]$/), start: null }, // "tool.channel.size"
  // all photos of the run; `all` is their order, null while they are not shown
  all: { parse: name, start: null },
  allcls: { parse: name, start: null },
  allround: { parse: whole(1, 99), start: null },
  find: { parse: name, start: null },
  // how it is told
  figs: { parse: oneOf("run", "photo"), start: null }, // whose the charts are; null: both
  lesson: { parse: name, start: null, place: true },
  step: { parse: whole(1, 99), start: 1, place: true }, // of the lesson
  hide: { parse: list(new RegExp(`^(${PARTS.join("|")})$`), PARTS.length), start: null }, // "gallery_charts"
};

/** What belongs to the photo that is shown, as another photo has it at first. */
export const BARE = { x: null, y: null, pins: null, zoom: 1, cx: null, cy: null, leak: null, paint: null };

export function fromQuery(query) {
  const params = new URLSearchParams(query),
    state = {};
  for (const [key, { parse, start }] of Object.entries(TABLE)) {
    const value = params.has(key) ? parse(params.get(key)) : undefined;
    state[key] = value ?? start;
  }
  if (state.x === null || state.y === null) state.x = state.y = state.pins = null;
  return state;
}

/** Parameters of others (Gradio's __theme, say) stay; values equal to the start are left out, which keeps links short. */
export function toQuery(state, query) {
  const params = new URLSearchParams(query);
  for (const [key, { start }] of Object.entries(TABLE)) {
    if (state[key] === start || tooLong(state, key)) params.delete(key);
    else params.set(key, state[key]);
  }
  const text = params.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

/** Whether a value has more characters than an address shall hold. */
export const tooLong = (state, key) => String(state[key] ?? "").length > (TABLE[key].most ?? Infinity);

const WAIT_MS = 120; // browsers limit how often the address may change
const MOMENT_MS = 500; // places that follow each other as quickly are one entry of the history

class Store {
  constructor() {
    this.state = this.#asked();
    this.listeners = new Set();
    this.given = true; // pins, zoom and paint came together with the photo that is opened next
    this.playing = false; // rounds follow each other by themselves
    this.moved = -Infinity; // when the last place was chosen, ms
    this.entry = false; // what is written next is a new entry
    addEventListener("popstate", () => this.#restore());
  }

  /**
   * Change some values; listeners hear only of real changes, with the set of changed keys. Another photo is shown bare,
   * unless the change says what is pinned.
   */
  set(change) {
    if (["run", "img"].some((key) => key in change && change[key] !== this.state[key])) {
      this.given = "x" in change;
      if (!this.given && change.img) change = { ...BARE, ...change };
    }
    const changed = new Set(Object.keys(change).filter((key) => this.state[key] !== change[key]));
    if (!changed.size) return;
    this.#note(changed);
    Object.assign(this.state, change);
    for (const listener of this.listeners) listener(changed);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), WAIT_MS);
  }

  /** A new place is a new entry of the history; what moved before it still belongs to the last one. */
  #note(changed) {
    const places = [...changed].filter((key) => TABLE[key].place && !(this.playing && key === "round"));
    if (this.restoring || !places.length) return;
    const now = performance.now(),
      fresh = now - this.moved > MOMENT_MS;
    this.moved = now;
    if (!fresh || this.entry) return;
    if (this.timer) this.write();
    this.entry = true;
  }

  /** Puts the view into the address, at once. */
  write() {
    clearTimeout(this.timer);
    if (embedded) return; // a file's own address says nothing of the view
    const url = location.pathname + toQuery(this.state, location.search) + location.hash,
      elsewhere = url !== location.pathname + location.search + location.hash,
      long = Object.keys(TABLE).filter((key) => tooLong(this.state, key)),
      { iaff: _, ...others } = history.state ?? {},
      kept = long.length ? { iaff: Object.fromEntries(long.map((key) => [key, this.state[key]])) } : {};
    try {
      if (this.entry && elsewhere) history.pushState({ ...others, ...kept }, "", url);
      else history.replaceState({ ...others, ...kept }, "", url);
    } catch {
      // A file has no address that may change, and a browser may have had enough: the view goes on without.
    }
    this.timer = null;
    this.entry = false;
  }

  /** What the address says, with what was too long for it, which the history's entry holds. */
  #asked() {
    if (embedded) return fromQuery(embedded.query);
    const state = fromQuery(location.search);
    for (const [key, value] of Object.entries(history.state?.iaff ?? {}))
      if (TABLE[key]?.most) state[key] = TABLE[key].parse(String(value)) ?? state[key];
    return state;
  }

  /** Back or forward: the whole view as it was there. */
  #restore() {
    if (embedded) return;
    Object.assign(this, { entry: false, moved: -Infinity });
    this.#take(this.#asked()); // the address says it already
  }

  /** Change some values of the place where the view is: the history's entry of it takes them up. */
  amend(change) {
    this.#take(change);
    this.write();
  }

  /** A change without an entry of its own, and not written; a listener that fails must not end the history. */
  #take(change) {
    this.restoring = true;
    try {
      this.set(change);
    } finally {
      clearTimeout(this.timer);
      Object.assign(this, { restoring: false, timer: null });
    }
  }

  subscribe(listener) {
    this.listeners.add(listener);
  }
}

// Canvas and charts import this same module, and so share one store.
export const store = new Store();
