// The tab "Layers": what lies over the photo, how opaque, which classes, how near.
import { STAGES, perRound } from "../state/state.js";
import { CELL_MAPS, EVERYTHING } from "../state/state.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { whyNoMap } from "../engine/cell_maps.js";
import { layersOver, overText } from "../state/over.js";
import { ABOUT } from "./stages.js";
import { labelStage } from "../draw/layers.js";
import { classChips } from "./class_chips.js";
import { embedded } from "../client/embedded.js";
import { el, refill } from "../ui/dom.js";
import { inWords } from "../ui/pointing.js";
import { termOf } from "../ui/term.js";

const NAMES = { superpixels: "Superpixels", carried: "Seeds carried by G", truth: "Ground truth", error: "Errors" };
const OTHERS = ["carried", "truth", "error", ...CELL_MAPS]; // layers that are no stage
const ON = 60; // % opaque, when a layer is switched on
const stageLayers = STAGES.filter((stage) => stage !== "photo" && stage !== "affinity");
const nameOf = (layer) => NAMES[layer] ?? (ABOUT[layer] ?? ABOUT_MAPS[layer]).name;

export class LayersView {
  /** zoom(steps), copyLink(change): what the buttons do. */
  constructor({ store, current, zoom, copyLink }) {
    this.store = store;
    this.current = current;
    this.rows = new Map();
    this.list = el("ul.layer-list");
    this.classes = el("div.class-list", { role: "group", "aria-label": "Classes that are shown" });
    this.marks = el("input", {
      type: "checkbox",
      title: "A sign of its own on each class (y)",
      onchange: () => store.set({ marks: this.marks.checked ? "1" : null }),
    });
    this.zoom = el("output.zoom-value", { "aria-live": "off" });
    const step = (text, label, by) =>
      el("button.plain", { type: "button", "aria-label": label, title: label, onclick: () => zoom(by) }, text);
    const whole = () => store.set({ zoom: 1, cx: null, cy: null });
    const bare = el(
      "button.plain.bare",
      { type: "button", title: "This view without controls", onclick: () => copyLink({ hide: EVERYTHING }) },
      "Copy a link to the picture alone",
    );
    this.node = el(
      "div.tab-body",
      {},
      el("h3", {}, "Layers"),
      el(
        "p.note",
        {},
        inWords("The stage's layer lies on the photo, the others above it. A double click (or o) shows one alone."),
      ),
      this.list,
      el("h3", {}, "Classes"),
      this.classes,
      el("label.check", {}, this.marks, "with signs, for print in grey"),
      el("h3", {}, "View"),
      el(
        "div.zoom-row",
        {},
        step("−", "Farther (−)", -1),
        this.zoom,
        step("+", "Nearer (+)", 1),
        el("button.plain", { type: "button", title: "The whole photo (0)", onclick: whole }, "whole photo"),
      ),
      el("p.note", {}, inWords("The wheel zooms at the cursor, dragging (or Alt + arrows) moves the photo.")),
      !embedded && bare,
    );
  }

  update() {
    const names = [...stageLayers, ...OTHERS].filter((name) => this.#has(name));
    for (const name of names) if (!this.rows.has(name)) this.rows.set(name, this.#row(name));
    const nodes = names.map((name) => this.rows.get(name).node);
    if (nodes.length !== this.list.children.length || nodes.some((node, i) => node !== this.list.children[i]))
      this.list.replaceChildren(...nodes);
    const over = layersOver(this.store.state);
    for (const name of names) this.#fill(this.rows.get(name), name, over);
    refill(this.classes, classChips(this.current.trace, this.store));
    this.marks.checked = Boolean(this.store.state.marks);
    this.zoomed();
  }

  /** The view is nearer or farther. */
  zoomed() {
    const { zoom } = this.store.state;
    this.zoom.textContent = `${zoom.toFixed(zoom < 10 ? 1 : 0)} ×`;
  }

  #has(name) {
    const { trace } = this.current,
      { state } = this.store;
    if (name === "truth") return Boolean(trace.truth);
    if (name === "error") return Boolean(trace.truth) && (trace.T > 0 || state.stage === "seeds");
    if (CELL_MAPS.includes(name)) return trace.T > 0;
    if (name === "carried") return Boolean(trace.seeds) && trace.T > 0;
    return trace.has(name, state.round);
  }

  #put(name, opacity) {
    const { store } = this,
      { state } = this.store;
    if (state.stage === name) return store.set({ opacity });
    const now = layersOver(state);
    opacity ? (now[name] = opacity) : delete now[name];
    store.set({ over: overText(now) });
  }

  #row(name) {
    const slider = el("input", {
      type: "range",
      min: 0,
      max: 100,
      step: 5,
      "aria-label": `Opacity of ${nameOf(name)}, percent`,
      oninput: () => this.#put(name, +slider.value),
    });
    const box = el("input", {
      type: "checkbox",
      "aria-label": `Show ${nameOf(name)}`,
      onchange: () => this.#put(name, box.checked ? ON : 0),
    });
    const label = el(
        "span.layer-name",
        { "data-explained": termOf(nameOf(name)), ondblclick: () => this.#alone(name) },
        nameOf(name),
      ),
      when = el("small");
    const solo = { "data-solo": "", onsolo: () => this.#alone(name) },
      node = el("li", solo, el("label", {}, box, label, when), slider);
    return { node, box, slider, when };
  }

  #fill({ node, box, slider, when }, name, over) {
    const { state } = this.store,
      main = state.stage === name,
      value = main ? state.opacity : (over[name] ?? 0);
    node.classList.toggle("main", main);
    const why = CELL_MAPS.includes(name) ? whyNoMap(this.current.trace, state.round, name) : "";
    box.disabled = main || Boolean(why);
    node.title = why;
    box.checked = main || value > 0;
    slider.value = value;
    slider.style.setProperty("--fill", value / 100);
    when.textContent = main ? "stage" : name === "error" ? this.#erring() : roundOf(name, state);
  }

  #alone(name) {
    const { store } = this,
      { state } = this.store;
    if (STAGES.includes(name))
      store.set({ stage: name, over: null, truth: null, opacity: Math.max(80, state.opacity) });
    else if (name === "error")
      store.set({ over: "error.100", opacity: 0, truth: null }); // the stage says whose errors
    else store.set({ stage: "photo", over: `${name}.100`, truth: null });
  }

  /** Whose errors they are. */
  #erring() {
    const { state } = this.store,
      stage = labelStage("error", state.stage);
    return [ABOUT[stage].short, roundOf(stage, state)].filter(Boolean).join(", ");
  }
}

const perRoundLayer = (name) => name === "carried" || perRound(name);
const roundOf = (name, { round }) => (perRoundLayer(name) ? `round ${round}` : "");
