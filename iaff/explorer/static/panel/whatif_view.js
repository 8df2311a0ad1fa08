// The tab of what-if: what to paint with, and what becomes of the refined map.
import { el, segmented } from "../ui/dom.js";
import { CARRIED, toSee } from "../draw/seen.js";
import { slider } from "../ui/slider.js";
import { swatch } from "../draw/swatch.js";
import { number, percent } from "../ui/format.js";
import { miou } from "../engine/score.js";
import { TOOLS, cuttable, paintable } from "../engine/whatif.js";

const ABOUT = {
  wall: "Drag on the photo: no gate crosses a wall, so nothing is heard through it.",
  label: "Drag on the photo: there the unary map says this class, for sure.",
  erase: "Drag on the photo: there the unary map says nothing, all classes alike.",
  restore: "Drag on the photo: there everything is again as it was.",
};
const PEN = "The pen is down: Shift + arrows paint at the pin. e lifts it, z takes the stroke back.";
const HONEST =
  "The affinity and the networks stay as they are: only αᵖ = G α′ is computed anew. " +
  "What the next round would learn from it, only training can tell.";
const NO_ROUND = "This trace has no rounds, so there is nothing to compute anew.";
const NO_MATRIX = "This trace holds a map that was refined without a matrix: nothing can be carried anew.";
const NO_WALLS =
  "Walls are not offered: they cut gates, and this trace's affinity has none. Its cells listen to each other directly.";
const ANOTHER =
  "The trace's own affinity carries what is painted, but another propagator is shown now. Choose IAL under Compare to paint.";
const COMPUTING = "The refined map is being computed …";
const MOST_PASSES = 8; // as state.js allows
const WIDEST = 5; // cells

export class WhatIfView {
  /** brush, whatIf, pen: what is painted with; say(text) tells screen readers. */
  constructor({ store, current, brush, whatIf, pen, say }) {
    this.store = store;
    this.current = current;
    this.brush = brush;
    this.whatIf = whatIf;
    this.pen = pen;
    this.say = say;
    this.why = el("p.note");
    this.about = el("p.note");
    this.noWalls = el("p.note", {}, NO_WALLS);
    this.controls = el("div.paint-controls", {}, this.#brushes(), this.#passes(), this.#steps());
    this.changed = el("p");
    this.table = el("table");
    this.answer = el("div.paint-answer", {}, this.changed, this.table);
    const honest = el("p.note", {}, HONEST);
    this.node = el("section.whatif", { "aria-label": "What if" }, this.why, this.controls, this.answer, honest);
  }

  #brushes() {
    const { brush } = this;
    const tools = TOOLS.map((tool) => [tool, tool, ABOUT[tool]]);
    this.tools = segmented("Paint with", tools, (tool) => (brush.tool = tool));
    this.classes = el("div.paint-classes");
    this.size = slider({
      name: "brush",
      label: "Width of the brush in cells",
      low: 1,
      high: WIDEST,
      choose: (size) => (brush.size = size),
    });
    return [this.tools.node, this.about, this.noWalls, this.classes, this.size.node];
  }

  #passes() {
    const choose = (passes) => {
      const seen = toSee(CARRIED, this.store.state, this.current.trace);
      this.store.set({ passes: passes === this.#ownPasses() ? null : passes, ...seen });
    };
    this.passes = slider({ name: "passes", label: "Passes of the scan", low: 1, high: MOST_PASSES, choose });
    return this.passes.node;
  }

  #steps() {
    const { whatIf } = this,
      button = (text, title, onclick) => el("button.plain", { type: "button", title, onclick }, text);
    this.undo = button("Undo", "Take back the last stroke (z)", () => whatIf.undo());
    this.reset = button("Reset", "Take everything away (r)", () => whatIf.reset());
    return el("div.paint-steps", {}, this.undo, this.reset);
  }

  /** State, trace or edits changed. */
  update() {
    const { trace } = this.current,
      { state } = this.store,
      origin = trace.origin ?? trace,
      why = obstacle(origin, state);
    this.why.textContent = why;
    this.why.hidden = !why;
    this.controls.hidden = this.answer.hidden = Boolean(why);
    if (why) return;
    if (origin !== this.origin) this.#open(origin);
    this.#showControls();
    this.#showAnswer(origin, trace, state.round);
  }

  /** Another photo: its classes. */
  #open(origin) {
    const { classes, class_ids: ids } = origin.meta,
      options = classes.map((name, k) => [k, name]);
    this.origin = origin;
    this.choice = segmented("Class to paint", options, (channel) => (this.brush.channel = channel));
    this.choice.node.querySelectorAll("button").forEach((button, k) => button.prepend(swatch(ids[k])));
    this.classes.replaceChildren(this.choice.node);
  }

  #showControls() {
    const { brush, pen } = this,
      { edits } = this.current,
      { state } = this.store,
      cuts = cuttable(edits.trace),
      own = cuts ? this.#ownPasses() : 1;
    this.tools.show(brush.tool);
    [...this.tools.node.children].forEach((button, i) => (button.hidden = !edits.tools.includes(TOOLS[i])));
    this.noWalls.hidden = cuts;
    this.passes.node.hidden = !cuts;
    this.about.textContent = pen.down ? PEN : ABOUT[brush.tool];
    this.classes.hidden = brush.tool !== "label";
    this.choice.show(brush.channel);
    this.size.show(brush.size, brush.size === 1 ? "1 cell" : `${brush.size} cells`);
    this.passes.show(state.passes ?? own, state.passes === null ? `${own}, as trained` : `${state.passes}`);
    this.undo.disabled = !edits.canUndo;
    this.reset.disabled = edits.empty && state.passes === null;
  }

  /** Pixels that changed, and each figure before and after. */
  #showAnswer(before, after, t) {
    if (!before.refined(t) || !after.refined(t)) {
      this.changed.textContent = COMPUTING;
      this.table.replaceChildren();
      return;
    }
    const [was, is] = [figures(before, t), figures(after, t)],
      { classes, class_ids: ids } = before.meta;
    let changed = 0;
    was.label.forEach((k, p) => (changed += +(k !== is.label[p])));
    const share = percent(changed / was.label.length);
    const said = ` pixels changed (${share} of the map)`;
    this.changed.replaceChildren(el("b", {}, number(changed)), said);
    if (changed !== this.last) this.say(number(changed) + said);
    this.last = changed;
    const rows = classes.map((name, k) => row([swatch(ids[k]), name], was.shares[k], is.shares[k]));
    if (was.miou !== null) rows.push(row(["mIoU"], was.miou, is.miou));
    this.table.replaceChildren(...rows);
  }

  #ownPasses() {
    const { meta } = this.current.trace.origin ?? this.current.trace;
    return meta.rounds[this.store.state.round - 1].affinity.passes;
  }
}

/** Why nothing can be painted, or "". */
function obstacle(origin, { by }) {
  if (!paintable(origin)) return origin.T ? NO_MATRIX : NO_ROUND;
  return by ? ANOTHER : "";
}

/** Shares of the classes and mIoU of a trace's refined map at photo size, counted once; `label` holds channels. */
function figures(trace, t) {
  return trace.once(`whatif${t}`, () => {
    const { label } = trace.full("refined", t),
      { class_ids: ids } = trace.meta,
      counts = new Uint32Array(trace.K);
    for (const k of label) counts[k]++;
    const shares = Array.from(counts, (count) => count / label.length);
    return {
      label,
      shares,
      miou: miou(
        label.map((k) => ids[k]),
        trace.truth,
      ),
    };
  });
}

function row(head, before, after) {
  const moved = percent(before) === percent(after) ? "td" : "td.moved";
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, ...head),
    el("td", {}, percent(before)),
    el("td.into", {}, "→"),
    el(moved, {}, percent(after)),
  );
}
