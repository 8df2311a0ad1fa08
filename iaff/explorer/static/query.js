// The question to the affinity, in the panel: who decides the pixel, or where its label goes, and the answer in numbers.
import { classColour, css } from "./colour.js";
import { el, segmented } from "./dom.js";
import { swatch } from "./legend.js";
import { percent } from "./stages.js";

export class Query {
  constructor(app) {
    this.app = app;
    this.mode = segmented(
      "Which question",
      [
        ["row", "who decides it", "row of the affinity (b)"],
        ["column", "where it goes", "column of the affinity (b)"],
      ],
      (mode) => app.store.set({ mode }),
    );
    this.where = el("p.where", { "aria-live": "polite" });
    this.bars = el("div.bars");
    this.reach = el("b");
    this.reachShare = el("span");
    this.mass = el("b");
    const reach = el("div", {}, el("dt", {}, "reach"), el("dd", {}, this.reach, " cells ", this.reachShare)),
      mass = el("div", {}, el("dt", {}, "mass"), el("dd", {}, this.mass));
    this.answer = el("div.answer", {}, this.bars, el("dl.pair", {}, reach, mass));
    this.node = el("section.query", { "aria-label": "Affinity query" }, this.mode.node, this.where, this.answer);
  }

  /** Stage, round or photo changed: bars for the trace's classes. */
  update() {
    const { stage, mode } = this.app.state;
    this.node.hidden = stage !== "affinity" && stage !== "refined";
    this.mode.show(mode);
    if (this.node.hidden) return;
    const { class_ids: ids, classes } = this.app.trace.meta;
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
    const { app } = this,
      { trace, state } = app,
      { mode } = state,
      q = app.picture.query;
    this.answer.hidden = !at;
    if (!at) {
      this.where.textContent = "Move over the photo, or click a pixel, to ask.";
      return;
    }
    const name = `pixel ${at.x}, ${at.y}${app.pinned() ? " (pinned)" : ""}`;
    const what = mode === "row" ? `What decides ${name}` : `Where the label of ${name} lands`;
    this.where.textContent = what + walked(trace.affinity(state.round));
    const total = mode === "row" ? 1 : q.mass || 1;
    this.rows.forEach(({ fill, value }, k) => {
      const v = q.shares[k] / total;
      fill.style.transform = `scaleX(${Math.min(1, v)})`;
      value.textContent = percent(v, 1);
    });
    this.reach.textContent = q.count;
    this.reachShare.textContent = `(${percent(q.count / trace.n, 1)} of the photo)`;
    this.mass.textContent = q.mass.toFixed(q.mass < 10 ? 3 : 1);
  }
}

/** How far a random walk is; nothing for an affinity that is exact at once. */
function walked({ at, steps, broken }) {
  if (!steps) return "";
  if (at === steps) return `, after all ${steps} steps`;
  return broken ? `, after ${at} of ${steps} steps: this browser does not walk on` : `, step ${at} of ${steps} …`;
}
