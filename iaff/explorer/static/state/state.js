// What the view shows: one table (view_schema.json, which Python reads too) of all values, read from an address and
// written back to it. A value that the table does not allow is ignored, so that an old or mistyped link still opens.
import schema from "./view_schema.json" with { type: "json" };
import { normalLine } from "./line.js";
import { normalParameters } from "./parameters.js";

/**
 * Of each value: its type and limits, and `start`, what it is at first. `place`: a change of it is an entry of the
 * browser's history. `photo`: it belongs to the photo that is shown. `alone` is false for what means nothing on the page
 * of a single trace. `addressed`: what has more characters than that stays out of the address.
 */
export const VIEW = schema;
export const KEYS = Object.keys(VIEW);

export const STAGES = VIEW.stage.choices;
export const FIRST_OF_ROUND = STAGES.indexOf("unary");
export const CELL_MAPS = ["leak", "reach", "selfweight", "gates"]; // of the affinity, layers that are no stage
export const perRound = (layer) => STAGES.indexOf(layer) >= FIRST_OF_ROUND || CELL_MAPS.includes(layer);
export const TABS = VIEW.tab.choices;
export const DIRECTIONS = VIEW.dir.choices;
export const WAYS = { right: "left → right", left: "right → left", down: "top → bottom", up: "bottom → top" };
export const EVERYTHING = VIEW.hide.choices.join("_"); // all parts of the page but the picture
export const PROPAGATORS = VIEW.by.choices;

/** Whether something matches all of a text; "{stage}" in a pattern stands for the stages. */
function whole(pattern) {
  const named = pattern.replace(/\{([a-z]+)\}/g, (_, key) => VIEW[key].choices.join("|"));
  return new RegExp(`^(?:${named})$`, "u");
}

const PRINTABLE = /^\P{C}+$/u;
const within = ({ low, high }, text) => (+text >= low && +text <= high ? +text : undefined);

// Of each type: the value that a text means, or undefined where the table does not allow it.
const READ = {
  whole: (rule, text) => (/^\d{1,5}$/.test(text) ? within(rule, text) : undefined),
  decimal: (rule, text) => (/^\d{1,4}(\.\d{1,4})?$/.test(text) ? within(rule, text) : undefined),
  choice: ({ choices }, text) => (choices.includes(text) ? text : undefined),
  text: ({ longest, pattern }, text) =>
    text.length <= longest && PRINTABLE.test(text) && (!pattern || whole(pattern).test(text)) ? text : undefined,
  list({ most, choices, item }, text) {
    const items = text.split("_"),
      fits = choices ? (one) => choices.includes(one) : (one) => whole(item).test(one);
    return items.length <= most && items.every(fits) ? text : undefined;
  },
};

/** The value that a text means for a key of the view, or undefined. */
export const allowedValue = (key, text) => READ[VIEW[key].type](VIEW[key], text);

/** The view of an address's query: every key, at its start where the query says nothing that the table allows. */
export function fromQuery(query) {
  const params = new URLSearchParams(query),
    read = (key) => (params.has(key) ? allowedValue(key, params.get(key)) : undefined);
  return normalised(Object.fromEntries(KEYS.map((key) => [key, read(key) ?? VIEW[key].start])), null);
}

/** Parameters of others (Gradio's __theme, say) stay; values equal to the start are left out, which keeps links short. */
export function toQuery(state, query) {
  const params = new URLSearchParams(query);
  for (const key of KEYS) {
    if (state[key] === VIEW[key].start || tooLong(state, key)) params.delete(key);
    else params.set(key, state[key]);
  }
  const text = params.toString().replaceAll("%2C", ",").replaceAll("%40", "@");
  return text ? `?${text}` : "";
}

/** Whether a value has more characters than an address shall hold. */
export const tooLong = (state, key) => String(state[key] ?? "").length > (VIEW[key].addressed ?? Infinity);

/** What belongs to a photo, as a photo has it at first. */
export const BARE = Object.fromEntries(KEYS.filter((key) => VIEW[key].photo).map((key) => [key, VIEW[key].start]));

/** The stage itself, or the nearest before it that the trace can show. */
export function available(stage, round, trace) {
  for (let i = STAGES.indexOf(stage); i > 0; i--) if (trace.has(STAGES[i], round)) return STAGES[i];
  return "photo";
}

/**
 * The state as it can be shown: a pinned pixel has x and y and lies in the photo; the trace has the round and the stage.
 * `trace` is null where none is there yet. Pure: the state that is given stays as it is.
 */
export function normalised(state, trace) {
  const { x, y, pins } = state,
    round = trace ? Math.min(state.round, Math.max(1, trace.T)) : state.round,
    stage = trace ? available(state.stage, round, trace) : state.stage;
  const more = (pins?.split("_") ?? []).map((pin) => pin.split(".").map(Number)),
    outside = ([px, py]) => trace && (px >= trace.W || py >= trace.H),
    lost = x === null || y === null || [[x, y], ...more].some(outside);
  return {
    ...state,
    round,
    stage,
    line: normalLine({ ...state, round, stage }, trace),
    params: normalParameters(state.params),
    ...(lost && { x: null, y: null, pins: null }),
  };
}
