// What the view shows, in one typed table. It is read from the URL and written back to it; a value that the table
// does not allow is ignored, so that an old or mistyped link still opens.

export const STAGES = ["photo", "cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"];
export const FIRST_OF_ROUND = STAGES.indexOf("unary");
export const TABS = ["stage", "layers", "compare", "leaks", "mining", "whatif"];
export const DIRECTIONS = ["right", "left", "down", "up"]; // in the order of the gates
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
const name = (text) => (/^[^\p{C}]{1,120}$/u.test(text) ? text : undefined); // whatever the run or trace calls it

const LAYER = new RegExp(`^(${[...STAGES, "carried", "truth"].join("|")})\\.(100|\\d{1,2})$`);

export const TABLE = {
  run: { parse: name, start: null },
  img: { parse: name, start: null },
  stage: { parse: oneOf(...STAGES), start: "photo" },
  round: { parse: whole(1, 99), start: 1 },
  tab: { parse: oneOf(...TABS), start: "stage" }, // of the panel
  x: { parse: whole(0, 9999), start: null }, // the pinned pixel, image px
  y: { parse: whole(0, 9999), start: null },
  pins: { parse: list(/^\d{1,4}\.\d{1,4}$/, 3), start: null }, // further pinned pixels: "x.y_x.y"
  // the view of the picture
  zoom: { parse: decimal(1, 32), start: 1 },
  cx: { parse: decimal(0, 9999), start: null }, // its centre, image px
  cy: { parse: decimal(0, 9999), start: null },
  opacity: { parse: whole(0, 100), start: 80 }, // of the stage's layer, %
  over: { parse: list(LAYER, 8), start: null }, // further layers: "seeds.60_truth.100", % opaque
  cls: { parse: name, start: null }, // classes that are shown, "cat,dog"; null: all
  truth: { parse: oneOf("border", "filled"), start: null },
  // what is asked of the affinity
  mode: { parse: oneOf("row", "column"), start: "row" },
  scale: { parse: oneOf("log", "linear"), start: "log" },
  dir: { parse: oneOf(...DIRECTIONS), start: null }, // one direction of the scan, or all
  passes: { parse: whole(1, 8), start: null }, // null: as the trace says
  by: { parse: oneOf(...PROPAGATORS), start: null }, // in place of the trace's own affinity
  leaks: { parse: oneOf("truth", "labels"), start: null }, // over which boundary they are sought
  leak: { parse: whole(1, 99), start: null }, // the chosen one's rank
  // what is compared
  panes: { parse: whole(1, 4), start: 1 },
  p2: { parse: pane, start: null }, // what differs in the further panes: "stage.round.by.run", each may be empty
  p3: { parse: pane, start: null },
  p4: { parse: pane, start: null },
  diff: { parse: whole(1, 99), start: null }, // the round to compare with
  wipe: { parse: whole(0, 100), start: null }, // where that round ends, % of the width
  loop: { parse: oneOf("1"), start: null }, // playing starts again at the first round
  // thresholds as tried here, which training would take up
  cam: { parse: whole(0, 9), start: null }, // index of the CAM's scale, or the mean
  fg: { parse: decimal(0, 1), start: null },
  bg: { parse: decimal(0, 1), start: null },
  tau: { parse: decimal(0, 1), start: null },
  taubg: { parse: decimal(0, 1), start: null },
  purity: { parse: decimal(0, 1), start: null },
  // how it is told
  lesson: { parse: name, start: null },
  step: { parse: whole(1, 99), start: 1 }, // of the lesson
  hide: { parse: list(new RegExp(`^(${PARTS.join("|")})$`), PARTS.length), start: null }, // "gallery_charts"
};

export function fromQuery(query) {
  const params = new URLSearchParams(query),
    state = {};
  for (const [key, { parse, start }] of Object.entries(TABLE)) {
    const value = params.has(key) ? parse(params.get(key)) : undefined;
    state[key] = value ?? start;
  }
  if (state.x === null || state.y === null) state.x = state.y = null;
  return state;
}

/** Parameters of others (Gradio's __theme, say) stay; values equal to the start are left out, which keeps links short. */
export function toQuery(state, query) {
  const params = new URLSearchParams(query);
  for (const [key, { start }] of Object.entries(TABLE)) {
    if (state[key] === start) params.delete(key);
    else params.set(key, state[key]);
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

class Store {
  constructor() {
    this.state = fromQuery(location.search);
    this.listeners = new Set();
  }

  /** Change some values; listeners hear only of real changes, with the set of changed keys. */
  set(change) {
    const changed = new Set(Object.keys(change).filter((key) => this.state[key] !== change[key]));
    if (!changed.size) return;
    Object.assign(this.state, change);
    for (const listener of this.listeners) listener(changed);
    clearTimeout(this.timer); // browsers limit how often the address may change
    this.timer = setTimeout(() => this.write(), 120);
  }

  write() {
    history.replaceState(history.state, "", location.pathname + toQuery(this.state, location.search) + location.hash);
  }

  subscribe(listener) {
    this.listeners.add(listener);
  }
}

// Canvas and charts import this same module, and so share one store.
export const store = new Store();
