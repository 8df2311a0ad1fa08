// Where the seeds' two thresholds lie among the activations: a histogram with two handles, and what they give.
import { classColour, css } from "../draw/colour.js";
import { el } from "../ui/dom.js";
import { Plot, svg, ticks } from "../ui/plot.js";
import { activationHistogram, averages, seedFigures, seedThresholds, seedsAt, seedsFollow } from "../engine/seeds.js";
import { toSee } from "../draw/seen.js";
import { percent } from "../ui/format.js";
import { figureRow, resetButton, threshold } from "./tried_thresholds.js";

const STAGES = ["seeds", "cam"]; // where it is shown
const KEYS = ["fg", "bg"];
const HANDLES = { bg: "background below", fg: "object from" };
const STEPS = {
  ...{ ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01 },
  ...{ PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 },
};
const SAY = "Thresholds change only the seeds here; they take effect when round 1 is trained again.";
const OTHERWISE = " This trace's seeds follow from no threshold alone.";

export class SeedsView {
  constructor({ store, current }) {
    this.store = store;
    this.current = current;
    this.plot = new Plot("Cells by strongest activation", 312, 132);
    this.handles = Object.fromEntries(KEYS.map((key) => [key, this.#handle(key)]));
    this.area = el("div.seed-plot", {}, this.plot.node, this.handles.bg, this.handles.fg);
    this.figures = figureRow(["object", "background", "unknown", "precision"]);
    this.reset = resetButton(store, KEYS);
    this.say = el("p.note");
    this.node = el(
      "section.seeds-tried",
      { "aria-label": "Thresholds of the seeds" },
      el("h3", {}, "Cells by strongest activation", this.reset.node),
      this.area,
      this.figures.node,
      this.say,
    );
  }

  /** State or trace changed. */
  update() {
    const { trace } = this.current,
      { state } = this.store;
    this.node.hidden = !STAGES.includes(state.stage) || !trace.tensors.has("cam") || !trace.seeds;
    if (this.node.hidden) return;
    const at = seedThresholds(trace, state);
    this.#draw(at);
    for (const key of KEYS) this.#place(key, at);
    this.#showFigures(at);
    this.reset.show(state);
    const averaged = averages(trace) ? "Activation is averaged in superpixels first. " : "";
    this.say.textContent = averaged + SAY + (seedsFollow(trace) ? "" : OTHERWISE);
  }

  /** The bars: colour of the strongest tag where they are object seeds, dark for background, pale for unknown. */
  #draw({ fg, bg }) {
    const { trace } = this.current,
      { plot } = this,
      counts = activationHistogram(trace),
      bins = counts[0].length,
      total = counts[0].map((_, i) => counts.reduce((sum, row) => sum + row[i], 0)),
      most = Math.max(...total);
    plot.scale(
      { name: "activation; heights: square roots of the cells", low: 0, high: 1, ticks: ticks(0, 1, 4), text: String },
      { name: "", low: 0, high: 1, ticks: [], text: String },
    );
    const bars = [];
    for (let i = 0; i < bins; i++) {
      let below = 0;
      const top = Math.sqrt(total[i] / most);
      counts.forEach((row, k) => {
        if (!row[i]) return;
        const part = (row[i] / total[i]) * top; // of one bar, as large as its share of the cells
        bars.push(this.#bar(i / bins, 1 / bins, below, part, look(trace, k, (i + 0.5) / bins, fg, bg)));
        below += part;
      });
    }
    plot.body.replaceChildren(...bars);
  }

  #bar(low, width, from, height, { kind, fill }) {
    const { plot } = this;
    return svg(`rect.${kind}`, {
      x: plot.x(low) + 0.3,
      width: plot.x(width) - 0.6,
      y: plot.y(from + height),
      height: plot.y(from) - plot.y(from + height),
      fill,
    });
  }

  // --- handles ---------------------------------------------------------------------------------------------------

  #handle(key) {
    const node = el(
      `div.handle.${key}`,
      {
        role: "slider",
        tabindex: "0",
        "aria-label": `Threshold: ${HANDLES[key]}`,
        "aria-valuemin": 0,
        "aria-valuemax": 1,
      },
      el("span"),
      el("u"),
    );
    node.addEventListener("keydown", (event) => {
      const by = STEPS[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#set(key, seedThresholds(this.current.trace, this.store.state)[key] + by);
    });
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.plot.node.getBoundingClientRect(),
        { box } = this.plot;
      this.#set(key, (((event.clientX - left) / width) * this.plot.width - box.x) / box.width);
    });
    return node;
  }

  /** The object threshold never falls below the background's, nor that above it. */
  #set(key, value) {
    const { store } = this,
      { trace } = this.current,
      { state } = this.store,
      { fg, bg } = seedThresholds(trace, state),
      bounded = key === "fg" ? Math.max(value, bg) : Math.min(value, fg);
    store.set({ [key]: threshold(bounded, seedThresholds(trace)[key]), ...toSee(STAGES, state, trace) });
  }

  #place(key, at) {
    const node = this.handles[key],
      { x, width } = this.plot.box,
      place = (v) => (100 * (x + v * width)) / this.plot.width,
      own = seedThresholds(this.current.trace)[key];
    node.style.left = `${place(at[key])}%`;
    node.setAttribute("aria-valuenow", at[key].toFixed(2));
    node.title = `${HANDLES[key]} ${at[key].toFixed(2)}; trained with ${own}`;
    node.firstChild.textContent = at[key].toFixed(2);
    node.lastChild.style.left = `calc(${place(own) - place(at[key])} * var(--percent))`;
  }

  #showFigures({ fg, bg }) {
    const { trace } = this.current,
      text = ({ object, background, unknown, precision }) => [
        ...[object, background, unknown].map((v) => percent(v)),
        precision === null ? "–" : percent(precision),
      ],
      own = text(seedFigures(trace, trace.seeds));
    const now = text(seedFigures(trace, seedsAt(trace, fg, bg)));
    this.figures.show(now.map((value, i) => ({ text: value, was: own[i] })));
  }
}

/** What the cells of one tag with that activation become: {kind, fill}, whose colour is null where the style has it. */
function look({ meta }, k, v, fg, bg) {
  if (v >= fg) return { kind: "object", fill: css(classColour(meta.class_ids[k + 1] ?? 0)) };
  return { kind: v < bg ? "background" : "unknown", fill: null };
}
