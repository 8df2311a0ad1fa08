// The question to the affinity, in the panel: who decides the pixel, or where its label goes, and the answer in numbers.
import { classColour, css } from "../draw/colour.js";
import { el, segmented } from "../ui/dom.js";
import { swatch } from "../draw/swatch.js";
import { percent, small } from "../ui/format.js";
import { inWords } from "../ui/pointing.js";
import { DIRECTIONS, WAYS } from "../state/state.js";
import { reckons } from "../state/arithmetic.js";
import { compass } from "../draw/compass.js";
import { PIN_COLOURS } from "../state/pins.js";
import { term } from "../ui/term.js";

const ARROWS = { right: "→", left: "←", down: "↓", up: "↑" };
const MOST_PASSES = 8;

export class Query {
  /** picture: whose main pane answers. */
  constructor({ store, current, pointer, picture }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.mode = segmented(
      "Which question",
      [
        ["row", "who decides it", "row of the affinity (b)"],
        ["column", "where it goes", "column of the affinity (b)"],
      ],
      (mode) => store.set({ mode }),
    );
    this.where = el("p.where"); // follows the cursor: what is pinned is said elsewhere
    this.bars = el("div.bars");
    this.reach = el("b");
    this.reachShare = el("span");
    this.mass = el("b");
    const reach = el("div", {}, el("dt", {}, term("reach")), el("dd", {}, this.reach, " cells ", this.reachShare)),
      mass = el("div", {}, el("dt", {}, term("mass")), el("dd", {}, this.mass));
    this.gates = el("div.gates", { "data-explained": "compass" });
    this.pins = el("table.pins");
    const numbers = el("div.numbers", {}, el("dl.pair", {}, reach, mass), this.gates);
    this.answer = el("div.answer", {}, this.bars, numbers, this.pins);
    this.scan = el("div.scan-row", {}, this.#directions(), this.#passes());
    this.node = el(
      "section.query",
      { "aria-label": "Affinity query" },
      this.mode.node,
      this.scan,
      this.where,
      this.answer,
    );
  }

  #directions() {
    const options = DIRECTIONS.map((dir) => [dir, ARROWS[dir], `only the scan ${WAYS[dir]} (d)`]);
    this.dir = segmented("Direction", [[null, "all", "the mean of the four directions (d)"], ...options], (dir) =>
      this.store.set({ dir }),
    );
    return this.dir.node;
  }

  /** How often G is applied. */
  #passes() {
    const counts = Array.from({ length: MOST_PASSES }, (_, i) => el("option", { value: i + 1 }, `${i + 1} ×`));
    this.passes = el("select", { "aria-label": "Passes", title: "How often the affinity is applied" }, counts);
    this.passes.addEventListener("change", () => this.store.set({ passes: this.#own(+this.passes.value) }));
    return this.passes;
  }

  /** As the trace says is no choice of one's own. */
  #own(passes) {
    return passes === this.#trained() ? null : passes;
  }

  #trained() {
    const { origin } = this.current,
      { state } = this.store;
    return origin.meta.rounds[state.round - 1]?.affinity.passes ?? 1;
  }

  /** Stage, round or photo changed: bars for the trace's classes. */
  update() {
    const { stage, mode } = this.store.state;
    this.node.hidden = stage !== "affinity" && stage !== "refined";
    this.mode.show(mode);
    const affinity = this.picture.main.affinity();
    this.pinned = null; // what the pins' table was made of
    this.why = this.node.hidden || affinity ? "" : this.current.trace.affinity(this.store.state.round).why;
    if (this.node.hidden) return;
    const scans = Boolean(affinity?.partial) && (stage === "affinity" || reckons(this.store.state)); // elsewhere the question is asked in brief
    this.scan.hidden = !scans;
    this.mode.node.hidden = !affinity;
    this.dir.show(this.store.state.dir);
    this.passes.value = this.store.state.passes ?? this.#trained();
    this.compass = scans ? compass(affinity, 0) : null;
    this.gates.replaceChildren(...(this.compass ? [this.compass.node ?? this.compass] : []));
    const { class_ids: ids, classes } = this.current.trace.meta;
    this.rows = ids.map((id, k) => {
      const fill = el("i", { style: `background:${css(classColour(id))}` }),
        value = el("span.value"),
        name = el("span.name", { title: classes[k] }, swatch(id), classes[k]);
      return { node: el("div.bar.on", {}, name, el("span.rail", {}, fill), value), fill, value };
    });
    this.bars.replaceChildren(...this.rows.map(({ node }) => node));
  }

  /** What follows the cursor. Text of existing nodes only. */
  hover(at) {
    const { trace } = this.current,
      { state } = this.store,
      { mode } = state,
      q = this.picture.query;
    this.answer.hidden = !at || Boolean(this.why);
    if (this.why) return void (this.where.textContent = this.why);
    if (!at) {
      this.where.textContent = inWords("Move over the photo, or click a pixel, to ask.");
      return;
    }
    const name = `pixel ${at.x}, ${at.y}${this.pointer.pinned() ? " (pinned)" : ""}`;
    const what = mode === "row" ? `What decides ${name}` : `Where the label of ${name} lands`;
    this.where.textContent = what + walked(trace.affinity(state.round));
    const total = mode === "row" ? 1 : q.mass || 1;
    this.rows.forEach(({ fill, value }, k) => {
      const v = q.shares[k] / total;
      fill.style.transform = `scaleX(${Math.min(1, v)})`;
      value.textContent = percent(v, 1);
    });
    this.reach.textContent = q.count;
    this.reachShare.textContent = `(${percent(q.count / trace.n, 1)})`;
    this.mass.textContent = q.mass.toFixed(q.mass < 10 ? 3 : 1);
    this.compass?.update(this.picture.main.affinity(), trace.cell(at.x, at.y));
    this.#comparePins();
  }

  /** Several pins: how far each reaches, and how much of the first one's answer lies at the others. */
  #comparePins() {
    const { picture } = this,
      { state } = this.store,
      { trace } = this.current,
      pins = this.pointer.pins();
    this.pins.hidden = pins.length < 2;
    if (this.pins.hidden) return;
    const key = JSON.stringify([pins, state.mode, state.dir, picture.main.affinity().answered]);
    if (this.pinned === key) return;
    this.pinned = key;
    const first = Float32Array.from(picture.query.values);
    const rows = pins.map((pin, i) => {
      const { count, mass } = picture.main.answers[i];
      const dot = el("i.pin-dot", { style: `background:${PIN_COLOURS[i]}`, "aria-hidden": "true" });
      const share = i ? small(first[trace.cell(pin.x, pin.y)]) : "";
      const cells = [`${pin.x}, ${pin.y}`, count, mass.toFixed(2), share];
      return el(
        "tr",
        {},
        el("td", {}, dot),
        cells.map((text) => el("td", {}, String(text))),
      );
    });
    const heads = ["pin", "reach", "mass", state.mode === "row" ? "in 1's decision" : "of 1's label"];
    this.pins.replaceChildren(
      el(
        "tr",
        {},
        el("td"),
        heads.map((text) => el("th", { scope: "col" }, text)),
      ),
      ...rows,
    );
  }
}

/** How far a walk of several steps is; nothing for an affinity that is exact at once. */
function walked({ at, steps, broken }) {
  if (!steps || steps === 1) return "";
  if (at === steps) return `, after all ${steps} steps`;
  return broken ? `, after ${at} of ${steps} steps: this browser does not walk on` : `, step ${at} of ${steps} …`;
}
