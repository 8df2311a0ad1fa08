// The panel beside the picture: what this stage does, this photo's figures, the affinity query, the legend.
import { STAGES } from "./state.js";
import { ABOUT, step, perRound, percent, number } from "./stages.js";
import { classColour, css, RAMP_CSS, BACKGROUND } from "./colour.js";
import { heat } from "./paint.js";
import { el, icon, ICONS, segmented } from "./dom.js";
import { tagEditor } from "./tags.js";

const SOFT = ["unary", "refined"];
export const swatch = (id) =>
  el(id === 255 ? "span.swatch.unknown" : "span.swatch", {
    "aria-hidden": "true",
    style: id === 255 ? null : `background:${css(id ? classColour(id) : BACKGROUND)}`,
  });

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
    this.query.hidden = !asks || !trace.scan(round);
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
    if (stage === "superpixels" || stage === "confident") {
      this.patch = el("section.patch", { "aria-label": "Patch under the cursor" });
      return [this.patch];
    }
    if (stage === "affinity" && !trace.scan(this.app.state.round))
      return [el("p.note", {}, "This trace's affinity is not a scan; its rows cannot be shown here.")];
    return [];
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
    const { trace, state, showTruth } = this.app,
      { stage } = state,
      { class_ids: ids, classes } = trace.meta;
    const item = (mark, text) => el("span.item", {}, mark, text);
    const classItems = ids.map((id, k) => item(swatch(id), classes[k]));
    const items =
      stage === "photo" ? [el("span.item.dim", {}, "Hover for values, click to pin a pixel.")] : [];
    if (SOFT.includes(stage))
      items.push(...classItems.reverse(), item(el("span.line", { "aria-hidden": "true" }), "class border"));
    if (stage === "cam") items.push(...this.#camItems(item));
    if (stage === "seeds" || stage === "confident")
      items.push(...classItems.reverse(), item(swatch(255), "unknown"));
    if (stage === "superpixels")
      items.push(
        ...ids
          .map((id, k) =>
            item(
              el("span.grade", { "aria-hidden": "true", style: `--c:${css(classColour(id))}` }),
              classes[k],
            ),
          )
          .reverse(),
        el("span.item.dim", {}, "fuller colour: higher score"),
      );
    if (stage === "affinity")
      items.push(this.#ramp(), item(el("span.line", { "aria-hidden": "true" }), "holds 90 % of the mass"));
    else if (stage === "refined")
      items.push(
        item(
          el("span.line.closed", { "aria-hidden": "true" }),
          state.mode === "row"
            ? "decides the pixel: 90 % of the mass"
            : "where its label goes: 90 % of the mass",
        ),
      );
    if (showTruth && trace.truth)
      items.push(item(el("span.line.dashed", { "aria-hidden": "true" }), "true border"));
    this.legend.replaceChildren(...items);
    this.legend.hidden = !items.length;
  }

  #camItems(item) {
    const { class_ids: ids, classes, thresholds: th = {} } = this.app.trace.meta;
    const line = (kind) => el(`span.line${kind}`, { "aria-hidden": "true" });
    return [
      ...ids
        .slice(1)
        .map((id, k) =>
          item(
            el("span.grade", { "aria-hidden": "true", style: `--c:${css(classColour(id))}` }),
            `${classes[k + 1]}, activation 0 to 1`,
          ),
        ),
      th.seed_fg && item(line(""), `${th.seed_fg}: object seed inside`),
      th.seed_bg && item(line(".dashed"), `${th.seed_bg}: background seed outside`),
    ].filter(Boolean);
  }

  #ramp() {
    const log = this.app.state.scale === "log";
    this.low = el("span", {}, log ? `max/${(10 ** heat.decades).toLocaleString("en-GB")}` : "0");
    this.high = el("span", {}, "max");
    return el(
      "div.ramp",
      {},
      this.low,
      el("span.ramp-bar", { "aria-hidden": "true", style: `background:${RAMP_CSS}` }),
      this.high,
      this.scaleChoice.node,
    );
  }

  #fillNext() {
    const { trace, state } = this.app,
      to = step(state, 1, trace.T);
    this.back.disabled = !step(state, -1, trace.T);
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
    this.where.textContent = mode === "row" ? `What decides ${name}` : `Where the label of ${name} lands`;
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
      scores = trace.scores(state.round);
    const id = at ? trace.superpixels[at.y * trace.W + at.x] : -1,
      key = `${id}-${state.round}-${trace.meta.name}`;
    if (this.patch.dataset.key === key) return;
    this.patch.dataset.key = key;
    if (id < 0 || !scores)
      return this.patch.replaceChildren(el("p.note", {}, "Hover a patch for its scores."));
    const { classes, class_ids: ids, thresholds: th = {} } = trace.meta,
      r = trace.regions(state.round)[id];
    const purity = th.purity ?? 0.8,
      sure = r.share >= purity;
    const verdict =
      r.final === null
        ? ["unknown", "unknown"]
        : r.final === r.label
          ? ["kept", `kept as ${classes[r.final]}`]
          : ["relabelled", `${classes[r.label]} → ${classes[r.final]}`];
    this.patch.replaceChildren(
      el(
        "p.verdict",
        {},
        el(`span.pill.${verdict[0]}`, {}, verdict[0]),
        verdict[0] === "unknown" ? ` no class reaches ${th.tau ?? "the threshold"}` : ` ${verdict[1]}`,
      ),
      el(
        "div.bars",
        {},
        classes.map((name, k) => {
          const v = scores[id * trace.K + k];
          return el(
            "div.bar.on",
            {},
            el("span.name", {}, swatch(ids[k]), name),
            el(
              "span.rail",
              {},
              el("i", { style: `background:${css(classColour(ids[k]))};transform:scaleX(${v})` }),
              th.tau && el("u", { style: `left:${100 * th.tau}%`, title: `threshold ${th.tau}` }),
            ),
            el("span.value", {}, v.toFixed(2)),
          );
        }),
      ),
      el(
        "p.note",
        {},
        `${percent(r.share, 0)} of its ${number(r.pixels)} px are ${classes[r.label]} in the unary map: ` +
          (sure
            ? `a sample for the region network (≥ ${percent(purity, 0)}).`
            : `too mixed to be a sample (< ${percent(purity, 0)}).`),
      ),
    );
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
      ["confident", (t) => sure(trace.confident[t - 1][p])],
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
