// What each pane shows, as menus: its photo or run, its layer, its round, and what refines the map. Only what can be
// shown there is offered; what was chosen and cannot be shown any more stays, and says so.
import { CELL_MAPS, STAGES, perRound } from "../state/state.js";
import { ABOUT } from "./stages.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { whyNoMap } from "../engine/cell_maps.js";
import { labelStage } from "../draw/layers.js";
import { BY, DIFFERENCE, ERROR, paneChange, paneValues, photoOf, photoSource } from "../state/panes.js";
import { CARRIED, toSee } from "../draw/seen.js";
import { el, refill } from "../ui/dom.js";

export class PaneRows {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {any[]} parts.runs those that are open
   * @param {any} parts.picture the picture whose panes they are
   * @param {import("../trace/photos.js").Photos} parts.photos the ones to choose from
   * @param {string[]} parts.propagators those that the server can compute
   */
  constructor({ store, current, runs, picture, photos, propagators }) {
    this.store = store;
    this.current = current;
    this.runs = runs;
    this.picture = picture;
    this.photos = photos;
    this.propagators = ["ial", "none", ...propagators];
    this.node = el("div.pane-rows", { onchange: ({ target }) => this.#put(target) });
    this.shown = "";
  }

  /** An open menu stays open while answers arrive that leave its choices what they are. */
  update() {
    const rows = this.picture.panes.map(({ index }) => this.#menus(index)),
      shown = JSON.stringify(rows);
    if (shown === this.shown) return;
    this.shown = shown;
    refill(this.node, rows.map(row));
  }

  /** What was chosen in a menu; that of the main pane is the whole view's. */
  #put(select) {
    const { store } = this,
      { key } = select.dataset,
      i = [...this.node.children].indexOf(select.closest(".pane-row"));
    if (i) return store.set(paneChange(store.state, i, { [key]: select.value }));
    const seen = toSee(CARRIED, store.state, this.current.trace);
    store.set({ by: select.value === "ial" ? null : select.value, ...seen });
  }

  /** The menus of pane i: {number, menus: [{key, name, value, options}]}; an option is [value, words] or {group, options}. */
  #menus(i) {
    const { state } = this.store,
      trace = this.picture.panes[i].trace ?? this.current.trace;
    const by = this.propagators.map((key) => [key, `by ${key === "ial" ? own(trace) : BY[key].name}`]);
    if (!i) return { number: 1, menus: [menu("by", "Propagator", state.by ?? "ial", by)] };
    const now = paneValues(state, i),
      round = Math.min(+now.round || state.round, Math.max(1, trace.T)),
      here = STAGES.filter((name) => trace.has(name, round)),
      maps = CELL_MAPS.filter((name) => !whyNoMap(trace, round, name)),
      errors = trace.truth ? [ERROR] : [],
      layers = [...here, ...maps, ...errors].map((name) => [name, layerName(name)]),
      rounds = Array.from({ length: trace.T }, (_, t) => [String(t + 1), `round ${t + 1}`]),
      stage = now.stage || state.stage,
      sources = this.#sources(),
      same = [photoSource(this.current.name), this.current.run.name].includes(now.source); // as the main pane has it
    const layer = menu("stage", "Layer", now.stage, [["", "layer as 1"], ...layers, [DIFFERENCE, "difference 1 → 2"]]);
    if (stage === DIFFERENCE) return { number: i + 1, menus: [layer] }; // it is of the others
    return {
      number: i + 1,
      menus: [
        sources.length && menu("source", "Photo or run", same ? "" : now.source, [["", "photo as 1"], ...sources]),
        layer,
        (now.round || (perRound(stage === ERROR ? labelStage(stage, state.stage) : stage) && trace.T > 1)) &&
          menu("round", "Round", now.round, [["", "round as 1"], ...rounds]),
        menu("by", "Propagator", now.by, [["", "by the same"], ...by]),
      ].filter(Boolean),
    };
  }

  /** Where the trace of a pane may come from, in groups. */
  #sources() {
    const { run, name: shown } = this.current,
      others = this.photos.index.filter(({ name }) => name !== shown),
      option = ({ name, title }) => [photoSource(name), title || name],
      yours = others.filter(({ userPhoto }) => userPhoto && !userPhoto.failed).map(option),
      ofRun = others.filter(({ userPhoto }) => !userPhoto).map(option),
      runs = this.runs.filter(({ name }) => name !== run.name).map(({ name }) => [name, `run ${name}`]);
    return [group("This photo by another run", runs), group("Yours", yours), group("The run's", ofRun)].filter(
      ({ options }) => options.length,
    );
  }
}

/** What a trace's own affinity is called: one that is of no run is not ours. */
const own = ({ meta }) => (meta.run ? BY.ial.name : "its own affinity");

const layerName = (name) => (name === ERROR ? "errors" : ((ABOUT[name] ?? ABOUT_MAPS[name])?.short ?? name));

const group = (name, options) => ({ group: name, options });

/** A menu; a value that is not among its options is one that cannot be shown. */
function menu(key, name, value, options) {
  const offered = options.flatMap((option) => option.options ?? [option]).some(([v]) => v === value);
  return { key, name, value, options: offered ? options : [...options, [value, `${wordsOf(key, value)} (not here)`]] };
}

function wordsOf(key, value) {
  if (key === "stage") return layerName(value);
  if (key === "by") return `by ${BY[value]?.name ?? value}`;
  if (key === "round") return `round ${value}`;
  return photoOf(value) ? "a photo" : `run ${value}`;
}

function row({ number, menus }) {
  return el(
    "div.pane-row",
    {},
    el("b", {}, String(number)),
    number === 1 && el("span.pane-main", {}, "as chosen above,"),
    menus.map(choice),
  );
}

function choice({ key, name, value, options }) {
  const node = el("select", { "aria-label": name, "data-key": key }, options.map(optionNode));
  node.value = value;
  return node;
}

function optionNode(option) {
  if (option.group) return el("optgroup", { label: option.group }, option.options.map(optionNode));
  const [value, words] = option;
  return el("option", { value }, words);
}
