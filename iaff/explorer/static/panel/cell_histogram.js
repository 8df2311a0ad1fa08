// How often a map of the affinity has which value, as bars: pointed at, or brushed over, they light up their cells in the
// picture.
import { progress } from "../draw/legend.js";
import { ABOUT_MAPS, scaleOf } from "../draw/cell_maps.js";
import { rampColour } from "../draw/colour.js";
import { counted, median } from "../engine/cell_maps.js";
import { el } from "../ui/dom.js";
import { number, percent } from "../ui/format.js";
import { Plot, svg, ticks } from "../ui/plot.js";

const BARS = 25;
const WIDTH = 312,
  HEIGHT = 106;

export class CellHistogram {
  /** light(range): cells to light up in the picture, those of some bars, {name, first, last, bars}, or null. */
  constructor(light) {
    this.light = light;
    this.name = ""; // of the map
    this.map = /** @type {any} */ (null);
    this.scale = /** @type {any} */ (null);
    this.counts = /** @type {number[]} */ ([]); // cells of each bar
    this.rects = /** @type {Element[]} */ ([]);
    this.bars = null; // the first and the last that are lit
    this.start = null; // where a brush began
    this.kept = false; // brushed bars stay lit
    this.plot = new Plot("", WIDTH, HEIGHT);
    this.says = el("p.plot-note", { "aria-live": "polite" });
    this.node = el("figure.cell-histogram", {}, this.plot.node, this.says);
    const { node } = this.plot;
    node.setAttribute("tabindex", "0");
    node.addEventListener("mousedown", (event) => event.preventDefault()); // no text is selected
    node.addEventListener("pointerdown", (event) => this.#down(event));
    node.addEventListener("pointermove", (event) => this.#move(event));
    node.addEventListener("pointerup", () => this.#up());
    node.addEventListener("pointerleave", () => this.kept || this.start !== null || this.#lit(null));
    node.addEventListener("blur", () => this.kept || this.#lit(null));
    node.addEventListener("keydown", (event) => this.#key(event));
  }

  /** A map (see engine/cell_maps.js) of n cells. */
  show(name, map, n) {
    const { values, why } = map,
      scale = scaleOf(name, n);
    if (name !== this.name) this.forget();
    Object.assign(this, { name, map, scale });
    this.plot.node.toggleAttribute("hidden", !values);
    if (values) this.#draw(counted(values, scale.at, BARS));
    this.#say(why);
  }

  /** Nothing is lit any more. */
  forget() {
    this.kept = false;
    this.#lit(null);
  }

  #draw(counts) {
    const { plot, scale, name } = this,
      most = Math.sqrt(Math.max(1, ...counts)),
      { says, short } = ABOUT_MAPS[name];
    this.counts = counts;
    plot.scale(
      {
        name: `${short}, ${scale.unit}`,
        low: 0,
        high: 1,
        ticks: ticks(0, 1, 4),
        text: (share) => scale.tick(scale.value(share)),
      },
      { name: "cells, root scale", low: 0, high: most, ticks: [0, most], text: (v) => number(Math.round(v * v)) },
    );
    this.rects = counts.map((count, i) =>
      svg("rect", {
        x: plot.x(i / BARS) + 0.5,
        width: plot.box.width / BARS - 1,
        y: plot.y(Math.sqrt(count)),
        height: plot.box.height - plot.y(Math.sqrt(count)),
        fill: rampColour((i + 0.5) / BARS),
      }),
    );
    plot.body.replaceChildren(...this.rects);
    plot.node.setAttribute("aria-label", `Of each cell: ${says}. Arrows move over the bars and light up their cells.`);
    this.#mark();
  }

  #lit(bars) {
    if (bars?.join() === this.bars?.join()) return;
    this.bars = bars;
    this.light(bars && { name: this.name, first: bars[0], last: bars[1], bars: BARS });
    this.#mark();
    this.#say();
  }

  /** What is not lit is pale. */
  #mark() {
    const [first, last] = this.bars ?? [0, BARS];
    this.rects.forEach((rect, i) => rect.setAttribute("opacity", i < first || i > last ? "0.3" : "1"));
  }

  #say(why = "") {
    const { map, name, bars, scale, counts } = this,
      n = map.values?.length;
    if (why) return void (this.says.textContent = why);
    const sum = (/** @type {number[]} */ some) => some.reduce((a, b) => a + b, 0),
      known = sum(counts),
      some = progress(map, n);
    if (!bars) {
      const middle = `median ${scale.text(median(map.values))}`;
      this.says.textContent = [`${ABOUT_MAPS[name].name}: ${middle}`, some].filter(Boolean).join(", ");
      return;
    }
    const lit = sum(counts.slice(bars[0], bars[1] + 1)),
      [from, to] = [bars[0], bars[1] + 1].map((i) => scale.text(scale.value(i / BARS)));
    this.says.textContent = `${from} to ${to}: ${percent(lit / known)} of the cells (${number(lit)})`;
  }

  #at({ clientX }) {
    const { left, width } = this.plot.node.getBoundingClientRect(),
      { box } = this.plot,
      share = (((clientX - left) / width) * WIDTH - box.x) / box.width;
    return Math.min(BARS - 1, Math.max(0, Math.floor(share * BARS)));
  }

  #down(event) {
    this.start = this.#at(event);
    this.plot.node.setPointerCapture(event.pointerId);
    const was = this.kept;
    this.kept = false;
    this.#lit(was ? null : [this.start, this.start]); // a click puts an end to what was brushed
  }

  #move(event) {
    const { start } = this,
      at = this.#at(event);
    if (start !== null && at !== start) this.kept = true;
    if (start !== null && this.kept) this.#lit([Math.min(start, at), Math.max(start, at)]);
    else if (!this.kept && start === null) this.#lit([at, at]);
  }

  #up() {
    this.start = null;
  }

  /** Arrows go from bar to bar, with Shift more of them; Escape puts the light out. */
  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key],
      out = event.key === "Escape" && this.bars;
    if (!by && !out) return;
    event.preventDefault();
    event.stopPropagation();
    if (out) return this.forget();
    const [first, last] = this.bars ?? [-1, -1],
      to = Math.min(BARS - 1, Math.max(0, last + by));
    this.kept = event.shiftKey && this.bars !== null;
    this.#lit(this.kept ? [Math.min(first, to), to] : [to, to]);
  }
}
