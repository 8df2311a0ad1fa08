// What the view shows, in one typed table. It is read from the URL and written back to it; a value that the table
// does not allow is ignored, so that an old or mistyped link still opens.

export const STAGES = ["photo", "cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"];
export const FIRST_OF_ROUND = STAGES.indexOf("unary");

const oneOf =
  (...names) =>
  (text) =>
    names.includes(text) ? text : undefined;
const whole = (low, high) => (text) =>
  /^\d{1,5}$/.test(text) && +text >= low && +text <= high ? +text : undefined;
const name = (text) => (/^[^\p{C}]{1,120}$/u.test(text) ? text : undefined); // whatever the run or trace calls it

export const TABLE = {
  run: { parse: name, start: null },
  img: { parse: name, start: null },
  stage: { parse: oneOf(...STAGES), start: "photo" },
  round: { parse: whole(1, 99), start: 1 },
  x: { parse: whole(0, 9999), start: null }, // the pinned pixel, image px
  y: { parse: whole(0, 9999), start: null },
  mode: { parse: oneOf("row", "column"), start: "row" },
  scale: { parse: oneOf("log", "linear"), start: "log" },
  cls: { parse: name, start: null }, // of the CAM: one class, or all
  cam: { parse: whole(0, 9), start: null }, // index of its scale, or the mean
  diff: { parse: whole(1, 99), start: null }, // the round to compare with
  truth: { parse: oneOf("border", "filled"), start: null },
  opacity: { parse: whole(0, 100), start: 80 }, // %
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
    history.replaceState(
      history.state,
      "",
      location.pathname + toQuery(this.state, location.search) + location.hash,
    );
  }

  subscribe(listener) {
    this.listeners.add(listener);
  }
}

// Canvas and charts import this same module, and so share one store.
export const store = new Store();
