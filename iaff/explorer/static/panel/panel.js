// The panel beside the picture: what this stage does, its choices, this photo's figures, what the cursor asks.
import { STAGES, perRound } from "../state/state.js";
import { reckons } from "../state/arithmetic.js";
import { ABOUT, step } from "./stages.js";
import { percent } from "../ui/format.js";
import { inWords } from "../ui/pointing.js";
import { el, icon, ICONS, refill, segmented, tell } from "../ui/dom.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { mapOver } from "../state/over.js";
import { classesBeside, errorsOf, glowWords, legend } from "../draw/legend.js";
import { shownMaps } from "../draw/scene.js";
import { legendNodes } from "./legend.js";
import { swatch } from "../draw/swatch.js";
import { patchVerdict } from "./patch_verdict.js";
import { Choices } from "./choices.js";
import { pixelRounds } from "./pixel_rounds.js";
import { claimLine, tagEditor } from "./tags.js";
import { NAMES, tabs } from "./tabs.js";
import { SeedsView } from "./seeds_view.js";
import { thresholdsAt } from "../engine/mining.js";
import { figuresHere } from "../engine/figures_here.js";
import { DIFFERENCE } from "../state/panes.js";
import { term } from "../ui/term.js";

const STORIES = ["unary", "affinity", "refined"]; // where a pixel is looked at, not a patch
const HINT = "Hover a patch for its verdict, click to keep it.";

export class Panel {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {any} parts.pointer what is asked
   * @param {any} parts.picture that answers
   * @param {any} parts.actions what its buttons do
   * @param {import("./query.js").Query} parts.query the question to the affinity
   * @param {import("./arithmetic.js").ArithmeticView} parts.arithmetic of the cell that is asked about
   * @param {any} parts.views of the tabs beside the stage's own, by name: {node, update(), hover?(at), zoomed?()}
   * @param {any} parts.tagging of photos that were computed here: shown() says which is, compute(tags) does it again
   */
  constructor({ store, current, pointer, picture, actions, query, arithmetic, views, tagging }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.actions = actions;
    this.query = query;
    this.arithmetic = arithmetic;
    this.views = views;
    this.tagging = tagging;
    this.eyebrow = el("p.eyebrow");
    this.title = el("h2");
    this.sentence = el("p.sentence", { "aria-live": "polite" });
    this.body = el("div.body");
    this.figures = el("dl.figures");
    this.legend = el("div.legend", { role: "group", "aria-label": "Legend" }); // stands under the picture
    this.back = el(
      "button.back",
      { type: "button", "aria-label": "Back", title: "Back (←)", onclick: () => actions.walk(-1) },
      icon(ICONS.back),
    );
    this.next = el("button.next", { type: "button", onclick: () => actions.walk(1) });
    this.choices = new Choices({ store, current });
    this.scaleChoice = segmented(
      "Scale of the glow",
      [
        ["log", "log", "logarithmic (l)"],
        ["linear", "linear", "linear (l)"],
      ],
      (scale) => store.set({ scale }),
    );
    this.glowChoice = segmented(
      "The glow's scale of several panes",
      [
        [null, "one scale", "all panes on one scale"],
        ["own", "own", "each pane on a scale of its own"],
      ],
      (glow) => store.set({ glow }),
    );
    this.head = el("div.head", {}, this.eyebrow, this.title, this.sentence); // above the picture on narrow pages
    this.seeds = new SeedsView({ store, current });
    this.tabs = tabs(store);
    this.story = el("div.story");
    this.claim = el("div"); // of an own photo: what the run is said to see in it
    const asked = [this.query.node, arithmetic.node, this.story];
    this.stage = el("div.stage-tab", {}, this.claim, this.body, this.seeds.node, ...asked, this.figures);
    this.walk = el("div.walk", {}, this.back, this.next);
    this.content = el("div.tab-content", { id: "iaff-tab", role: "tabpanel" });
    this.heading = el("h2.sr"); // of a tab whose parts have heads
    this.scroll = el("div.scroll", {}, this.heading, this.head, this.content);
    const parts = [this.tabs.node, this.scroll, this.walk];
    this.node = el("aside.panel", { "aria-label": "Panel" }, parts);
  }

  /** The view of the chosen tab, or undefined for the stage's own. */
  get view() {
    return this.views[this.store.state.tab];
  }

  /** Stage, round or photo changed. */
  update() {
    const { trace } = this.current,
      { state } = this.store,
      { stage, round, mode, scale } = state,
      about = ABOUT[stage];
    if (!trace) return;
    this.tabs.show(state.tab);
    this.heading.textContent = NAMES[state.tab][0];
    this.heading.hidden = !this.view;
    this.content.setAttribute("aria-labelledby", `tab-${this.store.state.tab}`);
    const content = this.view?.node ?? this.stage;
    if (this.content.firstChild !== content) this.content.replaceChildren(content);
    this.node.classList.toggle("tool", Boolean(this.view));
    this.node.classList.toggle("reckoning", reckons(state));
    this.scaleChoice.show(scale);
    this.glowChoice.show(state.glow);
    this.glowChoice.node.hidden = state.panes < 2;
    this.#fillLegend();
    this.#fillHead(about, trace, round, mode);
    if (this.view) this.view.update();
    else this.#updateStage(about);
    this.hover();
  }

  #fillHead(about, trace, round, mode) {
    const { stage } = this.store.state;
    this.eyebrow.textContent =
      `Stage ${STAGES.indexOf(stage) + 1} of ${STAGES.length}` +
      (perRound(stage) ? ` · round ${round} of ${trace.T}` : " · once");
    this.title.replaceChildren(term(about.name));
    const map = mapOver(this.store.state),
      over = map && `${ABOUT_MAPS[map].name} lies over the photo: of each cell ${ABOUT_MAPS[map].says}.`;
    tell(this.sentence, inWords(stage === "affinity" && over ? over : about.say(trace, round, mode)));
  }

  #updateStage(about) {
    const { stage } = this.store.state;
    this.figures.replaceChildren(
      ...this.#figuresOf(about).map(({ label, text, hint }) =>
        el("div", {}, el("dt", {}, term(label)), el("dd", {}, text), hint && el("dd.hint", {}, hint)),
      ),
    );
    refill(this.claim, this.#claimed(stage));
    refill(this.body, this.#extra(stage));
    this.seeds.update();
    this.query.update();
    this.arithmetic.update();
    this.#fillNext();
    this.pin();
  }

  /** The trace's own figures, or, where another propagator or something painted is shown, what is measured here. */
  #figuresOf(about) {
    const { trace } = this.current,
      { stage, round } = this.store.state;
    if (trace.origin && ["unary", "affinity", "refined"].includes(stage)) return figuresHere(this.picture.main);
    return about.figures(trace, round);
  }

  #claimed(stage) {
    if (stage === "photo" || !this.tagging.shown()) return [];
    const classes = this.current.run.classes.slice(1);
    return [claimLine(this.current.trace, classes, (chosen) => this.tagging.compute(chosen))];
  }

  #extra(stage) {
    const { trace } = this.current,
      { tags, tag_scores: scores } = trace.meta;
    if (stage === "photo" && this.tagging.shown())
      return [
        tagEditor(trace, this.current.run.classes.slice(1), (chosen) => this.tagging.compute(chosen)),
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
      this.patch = { id: null, node: el("section.patch", { "aria-label": inWords("Patch under the cursor") }) };
      return [...this.choices.difference(), this.patch.node];
    }
    return this.choices.difference();
  }

  #idOf(name) {
    const { class_ids: ids, classes } = this.current.trace.meta;
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
    const { credit, note } = this.current.trace.meta;
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

  #fillLegend() {
    const { store, picture } = this,
      { trace } = this.current,
      { state } = this.store,
      between = picture.panes.find(({ spec }) => spec.stage === DIFFERENCE)?.difference(),
      maps = shownMaps(picture.panes),
      edge = picture.main.leaks(),
      crossed = edge?.chosen ? edge.which : null,
      errors = picture.panes.map((pane) => errorsOf(pane)).find(Boolean),
      ofMain = legend({ trace, state, difference: picture.difference(), between, maps, crossed, errors }),
      entries = [...ofMain, ...classesBeside(picture.panes)],
      { items, high } = legendNodes(entries, {
        store,
        trace,
        scaleChoice: [this.scaleChoice.node, this.glowChoice.node],
      });
    this.high = high;
    refill(this.legend, items);
    this.legend.hidden = !items.length;
  }

  #fillNext() {
    const { trace } = this.current,
      { state } = this.store,
      to = step(state, 1, trace);
    this.back.disabled = !step(state, -1, trace);
    this.next.disabled = !to;
    const turn = to && to.round !== state.round ? `Round ${to.round}: ` : "Next: ";
    this.next.replaceChildren(to ? turn + ABOUT[to.stage].short : "The last step", to ? icon(ICONS.next) : "");
    this.next.title = "Next (→)";
  }

  /** What follows the cursor. */
  hover() {
    const { picture } = this,
      at = this.pointer.at();
    if (!this.current.trace) return;
    if (at && this.high?.isConnected && picture.main.glows()) this.high.textContent = glowWords(picture.main);
    if (this.view) return void this.view.hover?.(at);
    this.arithmetic.hover();
    if (!this.query.node.hidden) this.query.hover(at);
    else if (this.patch?.node.isConnected) this.#showPatch();
  }

  #showPatch() {
    const { trace } = this.current,
      { state } = this.store,
      id = this.pointer.region;
    if (this.patch.id === id) return;
    this.patch.id = id;
    this.patch.node.replaceChildren(
      ...(id < 0
        ? [el("p.note", {}, inWords(HINT))]
        : patchVerdict(trace, state.round, id, thresholdsAt(trace, state))),
    );
  }

  /** The pinned pixel through all rounds. */
  pin() {
    if (this.view) return;
    const { trace } = this.current,
      { state } = this.store,
      at = this.pointer.pinned(),
      show = at && trace.T > 0 && STORIES.includes(state.stage);
    this.story.hidden = !show;
    if (!show) return;
    this.story.classList.toggle("many", trace.T > 3);
    this.story.replaceChildren(...pixelRounds(trace, at, state.round, () => this.actions.unpin()));
  }
}
