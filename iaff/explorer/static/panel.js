// The panel beside the picture: what this stage does, this photo's figures, the affinity query, the legend.
import { STAGES } from "./state.js";
import { ABOUT, step, perRound, percent, number } from "./stages.js";
import { classColour, css } from "./colour.js";
import { el, icon, ICONS, segmented } from "./dom.js";
import { legend, swatch } from "./legend.js";
import { patchStory } from "./patch.js";
import { Choices } from "./choices.js";
import { tagEditor } from "./tags.js";

const HINT = "Hover a patch for its verdict, click to keep it.";

export class Panel {
  constructor(app) {
    this.app = app;
    this.eyebrow = el("p.eyebrow");
    this.title = el("h2");
    this.sentence = el("p.sentence", { "aria-live": "polite" });
    this.body = el("div.body");
    this.figures = el("dl.figures");
    this.legend = el("div.legend", { role: "group", "aria-label": "Legend" }); // stands under the picture
    this.back = el(
      "button.back",
      { type: "button", "aria-label": "Back", title: "Back (←)", onclick: () => app.walk(-1) },
      icon(ICONS.back),
    );
    this.next = el("button.next", { type: "button", onclick: () => app.walk(1) });
    this.choices = new Choices(app);
    this.#buildQuery();
    this.head = el("div.head", {}, this.eyebrow, this.title, this.sentence); // above the picture on narrow pages
    this.node = el(
      "aside.panel",
      { "aria-label": "This stage" },
      this.head,
      this.body,
      this.query,
      (this.story = el("div.story")),
      this.figures,
      el("div.walk", {}, this.back, this.next),
    );
  }

  #buildQuery() {
    const { store } = this.app;
    this.mode = segmented(
      "Which question",
      [
        ["row", "who decides it", "row of the affinity (b)"],
        ["column", "where it goes", "column of the affinity (b)"],
      ],
      (mode) => store.set({ mode }),
    );
    this.scaleChoice = segmented(
      "Scale of the glow",
      [
        ["log", "log", "logarithmic (l)"],
        ["linear", "linear", "linear (l)"],
      ],
      (scale) => store.set({ scale }),
    );
    this.where = el("p.where", { "aria-live": "polite" });
    this.bars = el("div.bars");
    this.reach = el("b");
    this.reachShare = el("span");
    this.mass = el("b");
    this.answer = el(
      "div.answer",
      {},
      this.bars,
      el(
        "dl.pair",
        {},
        el("div", {}, el("dt", {}, "reach"), el("dd", {}, this.reach, " cells ", this.reachShare)),
        el("div", {}, el("dt", {}, "mass"), el("dd", {}, this.mass)),
      ),
    );
    this.query = el(
      "section.query",
      { "aria-label": "Affinity query" },
      this.mode.node,
      this.where,
      this.answer,
    );
  }

  /** Stage, round or photo changed. */
  update() {
    const { trace, state } = this.app,
      { stage, round, mode, scale } = state,
      about = ABOUT[stage];
    if (!trace) return;
    const asks = stage === "affinity" || stage === "refined";
    this.eyebrow.textContent =
      `Stage ${STAGES.indexOf(stage) + 1} of ${STAGES.length}` +
      (perRound(stage) ? ` · round ${round} of ${trace.T}` : " · once");
    this.title.textContent = about.name;
    this.sentence.textContent = about.say(trace, round, mode);
    this.figures.replaceChildren(
      ...about
        .figures(trace, round)
        .map(({ label, text, hint }) =>
          el("div", {}, el("dt", {}, label), el("dd", {}, text), hint && el("dd.hint", {}, hint)),
        ),
    );
    this.body.replaceChildren(...this.#extra(stage));
    this.query.hidden = !asks;
    this.mode.show(mode);
    this.scaleChoice.show(scale);
    if (asks) this.#fillBars();
    this.#fillLegend();
    this.#fillNext();
    this.hover();
    this.pin();
  }

  #extra(stage) {
    const { trace } = this.app,
      { tags, tag_scores: scores } = trace.meta;
    const mine = stage === "photo" && this.app.mine();
    if (mine)
      return [
        tagEditor(trace, this.app.run.classes.slice(1), (chosen) => this.app.own.compute(mine, chosen)),
        this.#credit(),
      ].filter(Boolean);
    if (stage === "photo")
      return [
        el(
          "div.tags",
          {},
          tags.map((tag) => el("span.tag", {}, swatch(this.#idOf(tag)), tag)),
        ),
        scores && this.#scores(scores, tags),
        this.#credit(),
      ].filter(Boolean);
    if (stage === "cam") return this.choices.cam();
    if ((stage === "superpixels" || stage === "confident") && trace.superpixels) {
      this.patch = el("section.patch", { "aria-label": "Patch under the cursor" });
      return [...this.choices.difference(), this.patch];
    }
    return this.choices.difference();
  }

  #idOf(name) {
    const { class_ids: ids, classes } = this.app.trace.meta;
    return ids[classes.indexOf(name)] ?? 0;
  }

  #scores(scores, tags) {
    const rows = Object.entries(scores).sort((a, b) => b[1] - a[1]);
    return el(
      "div.scores",
      {},
      el("h3", {}, "The classifier's own guess"),
      rows.map(([name, v]) =>
        el(
          `div.bar${tags.includes(name) ? ".on" : ""}`,
          {},
          el("span.name", {}, name),
          el("span.rail", {}, el("i", { style: `transform:scaleX(${v})` })),
          el("span.value", {}, percent(v, 0)),
        ),
      ),
    );
  }

  #credit() {
    const { credit, note } = this.app.trace.meta;
    if (!credit && !note) return null;
    const text = credit ? [credit.author, credit.licence].filter(Boolean).join(", ") : "";
    return el(
      "p.credit",
      {},
      text && `Photo: ${text}`,
      credit?.source &&
        /^https?:/.test(credit.source) &&
        el("a", { href: credit.source, target: "_blank", rel: "noreferrer noopener" }, "source"),
      note && el("span", {}, note),
    );
  }

  #fillBars() {
    const { class_ids: ids, classes } = this.app.trace.meta;
    this.barNodes = ids.map((id, k) => {
      const fill = el("i", { style: `background:${css(classColour(id))}` }),
        value = el("span.value");
      return {
        row: el(
          "div.bar.on",
          {},
          el("span.name", {}, swatch(id), classes[k]),
          el("span.rail", {}, fill),
          value,
        ),
        fill,
        value,
      };
    });
    this.bars.replaceChildren(...this.barNodes.map(({ row }) => row));
  }

  #fillLegend() {
    const { items, high } = legend(this.app, this.scaleChoice.node);
    this.high = high;
    this.legend.replaceChildren(...items);
    this.legend.hidden = !items.length;
  }

  #fillNext() {
    const { trace, state } = this.app,
      to = step(state, 1, trace);
    this.back.disabled = !step(state, -1, trace);
    this.next.disabled = !to;
    const turn = to && to.round !== state.round ? `Round ${to.round}: ` : "Next: ";
    this.next.replaceChildren(
      to ? turn + ABOUT[to.stage].short : "The last step",
      to ? icon(ICONS.next) : "",
    );
    this.next.title = "Next (→)";
  }

  /** What follows the cursor. Text of existing nodes only. */
  hover() {
    const { app } = this,
      { trace, state } = app,
      at = app.at();
    if (!trace) return;
    if (!this.query.hidden) this.#showQuery(at, state.mode);
    else if (this.patch?.isConnected) this.#showPatch(at);
  }

  #showQuery(at, mode) {
    const { trace, picture } = this.app,
      q = picture.query;
    this.answer.hidden = !at;
    if (!at) {
      this.where.textContent = "Move over the photo, or click a pixel, to ask.";
      return;
    }
    const name = `pixel ${at.x}, ${at.y}${this.app.pinned() ? " (pinned)" : ""}`;
    const { at: steps, steps: all } = trace.affinity(this.app.state.round);
    this.where.textContent =
      (mode === "row" ? `What decides ${name}` : `Where the label of ${name} lands`) +
      (all ? `, ${steps < all ? `step ${steps} of ${all} …` : `after ${all} steps`}` : "");
    const total = mode === "row" ? 1 : q.mass || 1;
    this.barNodes.forEach(({ fill, value }, k) => {
      const v = q.shares[k] / total;
      fill.style.transform = `scaleX(${Math.min(1, v)})`;
      value.textContent = percent(v, 1);
    });
    this.reach.textContent = q.count;
    this.reachShare.textContent = `(${percent(q.count / trace.n, 1)} of the photo)`;
    this.mass.textContent = q.mass.toFixed(q.mass < 10 ? 3 : 1);
    if (this.high?.isConnected) this.high.textContent = `max ${number(q.max)}`;
  }

  #showPatch(at) {
    const { trace, state } = this.app,
      id = at ? trace.superpixels[at.y * trace.W + at.x] : -1,
      key = `${id}-${state.round}-${trace.meta.name}`;
    if (this.patch.dataset.key === key) return;
    this.patch.dataset.key = key;
    this.patch.replaceChildren(...(id < 0 ? [el("p.note", {}, HINT)] : patchStory(trace, state.round, id)));
  }

  /** The pinned pixel through all rounds: which class wins, and how clearly. */
  pin() {
    const { trace, state } = this.app,
      at = this.app.pinned(),
      show = at && perRound(state.stage) && trace.T > 0;
    this.story.hidden = !show;
    this.story.classList.toggle("many", trace.T > 3);
    if (!show) return;
    const { classes, class_ids: ids } = trace.meta,
      p = trace.cell(at.x, at.y);
    const soft = (map) => {
      let k = 0;
      for (let j = 1; j < trace.K; j++) if (map[j * trace.n + p] > map[k * trace.n + p]) k = j;
      return [ids[k], classes[k], map[k * trace.n + p].toFixed(2)];
    };
    const sure = (id) => [
      id,
      id === 255 ? "unknown" : (classes[ids.indexOf(id)] ?? "?"),
      id === 255 ? "?" : "kept",
    ];
    const rows = [
      ["unary", (t) => soft(trace.unary(t))],
      ...(trace.has("confident", 1) ? [["confident", (t) => trace.confident[t - 1] && sure(trace.confident[t - 1][p])]] : []),
      ["refined", (t) => trace.refined(t) && soft(trace.refined(t))],
    ];
    const rounds = Array.from({ length: trace.T }, (_, i) => i + 1);
    this.story.replaceChildren(
      el(
        "h3",
        {},
        `Pixel ${at.x}, ${at.y} through the rounds`,
        el(
          "button.unpin",
          { type: "button", title: "Unpin (Esc)", onclick: () => this.app.unpin() },
          "unpin",
        ),
      ),
      el(
        "table",
        {},
        el(
          "tr",
          {},
          el("th"),
          rounds.map((t) => el(t === state.round ? "th.here" : "th", { scope: "col" }, `${t}`)),
        ),
        rows.map(([stage, value]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, stage),
            rounds.map((t) => {
              const cell = value(t);
              return el(
                t === state.round ? "td.here" : "td",
                { title: cell ? `${cell[1]} ${cell[2]}` : "" },
                cell && swatch(cell[0]),
                cell && el("span", {}, cell[2]),
              );
            }),
          ),
        ),
      ),
    );
  }
}
