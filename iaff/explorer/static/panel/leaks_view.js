// The tab of leaks: how much of the decisions comes over a boundary, and the edges over which most of it enters.
import { el, segmented } from "../ui/dom.js";
import { drawLeaks } from "../draw/leak_arrows.js";
import { OF_ROUND, toSee } from "../draw/seen.js";
import { swatch } from "../draw/swatch.js";
import { percent } from "../ui/format.js";
import { pinned } from "../state/pins.js";
import { Scan } from "../engine/scan.js";
import { centre } from "../engine/grid.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { CELL_MAPS } from "../state/state.js";
import { mapOver, withMap } from "../state/over.js";
import { CellHistogram } from "./cell_histogram.js";
import { cellMap } from "../engine/cell_maps.js";
import { askedLeaks, boundaryLabels, leakMap, leakRate, linear } from "../engine/leaks.js";
import { term } from "../ui/term.js";

const ZOOM = 4;
const OPAQUE = 100; // %, a map over the photo
const CHOOSE = "Choose an edge to go there.";
const THUMB = 40; // CSS px
const CROP = 6; // grid cells in a thumbnail
const VOID = 255;
const UNRANKED = "Single edges are not ranked: this affinity is no scan, and crosses a boundary by many pairs at once.";
const OWN = "The chosen propagator has no answer here (yet): this is the trace's own affinity.";
// Where a gate's neighbour stands, in the order of the gates.
const SIDES = [
  ["the upper left", "the left", "the lower left"],
  ["the upper right", "the right", "the lower right"],
  ["the upper left", "above", "the upper right"],
  ["the lower left", "below", "the lower right"],
];

export class LeaksView {
  /** pointer: shows in the picture what is pointed at here. */
  constructor({ store, current, pointer }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.boundary = segmented(
      "Over which boundary",
      [
        ["truth", "true boundary", "between the true labels"],
        ["labels", "predicted", "between the labels of this round's refined map"],
      ],
      (leaks) => store.set({ leaks, leak: null, ...this.#toSee() }),
    );
    this.rate = el("b");
    this.rates = el("div.leak-rates", { role: "group", "aria-label": "Leak rate of each round" });
    this.maps = segmented(
      "Map over the photo",
      [
        [null, "–", "none"],
        ...CELL_MAPS.map((name) => [name, ABOUT_MAPS[name].short, `Of each cell: ${ABOUT_MAPS[name].says}`]),
      ],
      (map) => store.set({ over: withMap(store.state, map, OPAQUE), ...(map && { stage: "affinity" }) }),
    );
    this.histogram = new CellHistogram((range) => pointer.light(range));
    this.list = el("div.leak-list", { role: "listbox", "aria-label": "Largest leaks", onkeydown: (e) => this.#key(e) });
    const pointed = ({ target }) =>
      pointer.pointAt(this.leaks?.[this.options.indexOf(target.closest(".leak"))] ?? null);
    for (const event of ["pointerover", "focusin"]) this.list.addEventListener(event, pointed);
    for (const event of ["pointerleave", "focusout"]) this.list.addEventListener(event, () => pointer.pointAt(null));
    this.seen = new IntersectionObserver((entries) => this.#thumbnails(entries), { root: this.list });
    const what = el("p", {}, this.rate, term("of a cell's decision comes from other labels", "leak"));
    this.order = el("p.note", {}, "Ranked by ", term("flow"));
    this.about = el("p.leak-about", { "aria-live": "polite" });
    this.node = el(
      "section.leaks",
      { "aria-label": "Leaks" },
      this.boundary.node,
      el("div.leak-head", {}, what, this.rates),
      this.maps.node,
      this.histogram.node,
      this.order,
      this.list,
      this.about,
    );
  }

  /** State or trace changed. */
  update() {
    const { trace } = this.current,
      { state } = this.store;
    if (!trace.T) return this.#empty("This trace has no rounds, so there is no affinity that could leak.");
    const asked = askedLeaks(trace, state);
    this.boundary.show(asked.which);
    this.#shows(true);
    this.#map(asked.which);
    this.boundary.node.firstChild.disabled = !trace.truth;
    this.#rates(asked.which);
    this.#fill(asked.leaks);
    this.#choose(asked.chosen);
    const about = (asked.chosen ? happens : instead)(trace, state.round, asked);
    this.about.textContent = state.by && !trace.origin ? `${OWN} ${about}` : about;
  }

  /** Leaks are drawn at the stages of a round alone. */
  #toSee() {
    return toSee(OF_ROUND, this.store.state, this.current.trace);
  }

  /** Whether there are maps to choose from. */
  #shows(maps) {
    this.maps.node.hidden = this.histogram.node.hidden = this.order.hidden = !maps;
  }

  /** The map that lies over the photo, else the leaks', as a histogram. */
  #map(which) {
    const { trace } = this.current,
      { state } = this.store,
      { origin } = this.current,
      shown = mapOver(state),
      name = shown ?? "leak";
    if (origin !== this.origin) this.histogram.forget();
    this.origin = origin; // another photo's cells are not lit
    this.maps.show(shown);
    this.histogram.show(name, cellMap(trace, state.round, name, which), trace.n);
  }

  #empty(why) {
    this.rate.textContent = "";
    this.rates.replaceChildren();
    this.#shows(false);
    this.#fill(null);
    this.about.textContent = why;
  }

  /** The rate of every round; where steps are walked only this round's, which takes a while. */
  #rates(which) {
    const { trace } = this.current,
      { state } = this.store,
      quick = atOnce(trace.affinity(state.round));
    const rates = Array.from({ length: trace.T }, (_, i) => {
      if (i + 1 !== state.round && !(quick && atOnce(trace.affinity(i + 1)))) return null;
      const labels = boundaryLabels(trace, i + 1, which);
      return labels && leakRate(trace, i + 1, labels);
    });
    this.rate.textContent = text(rates[state.round - 1]);
    this.#bars(rates);
  }

  #bars(rates) {
    const { store } = this,
      { state } = this.store,
      most = Math.max(...rates.map((rate) => rate || 0), 1e-9);
    if (this.rates.childElementCount !== rates.length)
      this.rates.replaceChildren(
        ...rates.map((_, i) =>
          el(
            "button",
            { type: "button", onclick: () => store.set({ round: i + 1, ...this.#toSee() }) },
            el("i"),
            el("span", {}, `${i + 1}`),
          ),
        ),
      );
    this.rates.hidden = rates.length < 2;
    rates.forEach((rate, i) => {
      const bar = this.rates.children[i];
      bar.title = `Round ${i + 1}: ${text(rate)}`;
      bar.setAttribute("aria-label", bar.title);
      bar.setAttribute("aria-pressed", String(i + 1 === state.round));
      bar.firstChild.style.height = `${2 + (24 * (rate || 0)) / most}px`;
    });
  }

  #fill(leaks) {
    if (leaks === this.leaks) return;
    this.leaks = leaks;
    this.options = (leaks ?? []).map((leak, i) => this.#option(leak, i));
    this.list.replaceChildren(...this.options);
    this.list.hidden = !this.options.length;
    this.list.scrollTop = 0;
    this.seen.disconnect();
    for (const option of this.options) this.seen.observe(option);
  }

  /** Drawn when they are scrolled to. */
  #thumbnails(entries) {
    for (const { target, isIntersecting } of entries) {
      const leak = this.leaks?.[this.options.indexOf(target)]; // none where the list has changed meanwhile
      if (!isIntersecting || !leak) continue;
      this.seen.unobserve(target);
      drawThumbnail(target.querySelector("canvas"), this.current.trace, leak);
    }
  }

  #option(leak, i) {
    const { trace } = this.current,
      name = (id) => [swatch(id), className(trace, id)],
      share = leak.flow / this.leaks[0].flow;
    return el(
      "button.leak",
      { type: "button", role: "option", tabindex: "-1", onclick: () => this.#go(i) },
      el("span.rank", {}, `${i + 1}`),
      el("canvas", { "aria-hidden": "true" }),
      el("span.ends", {}, ...name(leak.from), el("span.into", {}, "→"), ...name(leak.to)),
      el("span.flow", {}, `flow ${leak.flow.toFixed(2)}`, el("i", { style: `transform:scaleX(${share})` })),
    );
  }

  #choose(rank) {
    this.options.forEach((option, i) => {
      option.setAttribute("aria-selected", String(i + 1 === rank));
      option.tabIndex = i + 1 === (rank ?? 1) ? 0 : -1;
    });
    if (rank && this.options[rank - 1]) this.#reveal(this.options[rank - 1]);
  }

  /** The list alone scrolls: the page stays where it is. */
  #reveal({ offsetTop: top, offsetHeight: height }) {
    const { list } = this;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
  }

  #key(event) {
    const at = this.options.indexOf(event.target),
      last = this.options.length - 1;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.shiftKey || at < 0) return;
    event.preventDefault();
    if (to < 0 || to > last) return;
    this.#go(to);
    this.options[to].focus();
  }

  /** Look there: the target is pinned, the source is the second pin. */
  #go(i) {
    const { store } = this,
      { trace } = this.current,
      { state } = this.store,
      { p, q } = this.leaks[i],
      [to, from] = [centre(trace, p), centre(trace, q)];
    store.set({
      leaks: askedLeaks(trace, state).which,
      leak: i + 1,
      ...pinned([to, from]),
      mode: "row",
      stage: "affinity",
      cx: (to.x + from.x) / 2,
      cy: (to.y + from.y) / 2,
      zoom: ZOOM,
    });
  }
}

const atOnce = (g) => g instanceof Scan || g.steps === 1;

const text = (rate) => (rate === null || Number.isNaN(rate) ? "–" : percent(rate, 1));

/** What a class id is called: by the trace, else by its run. */
function className({ meta }, id) {
  if (id === VOID) return "unlabelled";
  return meta.classes[meta.class_ids.indexOf(id)] ?? meta.run?.classes?.[id] ?? `class ${id}`;
}

/** A sentence on the chosen leak. */
function happens(trace, t, { labels, leaks, chosen }) {
  const leak = leaks[chosen - 1],
    g = trace.affinity(t),
    total = leakMap(trace, t, labels)[leak.p],
    name = (id) => className(trace, id),
    several = new Set(labels).size > 2,
    others = several ? `not: most of that is ${name(strongest(g, labels, leak))}` : name(leak.from),
    way = `from ${SIDES[leak.direction][leak.neighbour]}, over a gate of ${leak.gate.toFixed(2)}`;
  // after one pass a quarter of the flow is the cell's own decision
  const here = g.passes === 1 ? `${percent(leak.flow / 4 / total, 0)} of it enters here` : "Much of it enters here";
  return `This cell is ${name(leak.to)}, but ${percent(total, 0)} of its decision is ${others}. ${here}, ${way}.`;
}

/** The other label that decides most of the leak's target. */
function strongest(g, labels, { p, to }) {
  const row = new Float32Array(labels.length),
    share = new Float64Array(256);
  g.row(p, row);
  labels.forEach((label, q) => (share[label] += label === to ? 0 : row[q]));
  return share.indexOf(Math.max(...share));
}

/** What the tab says while no leak is chosen. */
function instead(trace, t, { labels, leaks, lost }) {
  const g = trace.affinity(t);
  if (!linear(g)) return `${g?.why ?? "There is no affinity here."} Without a matrix there is no leak.`;
  if (!labels) return "The refined map is still being computed.";
  if (!leaks) {
    if (!g.steps) return "Nothing is carried anywhere, so nothing leaks.";
    if (g.broken) return "This browser does not walk on: the leak rate is not known.";
    const rate = leakRate(trace, t, labels) === null ? "The rate is being computed …" : "The rate is exact.";
    return `${rate} ${UNRANKED}`;
  }
  if (lost) return `This edge is not among the ${leaks.length} largest leaks of round ${t}. ${CHOOSE}`;
  if (!leaks.length) return "Nothing leaks here: there is no boundary, or nothing crosses it.";
  return `Where most of it enters. ${CHOOSE}`;
}

/** The photo around an edge, with the edge. */
function drawThumbnail(canvas, trace, leak) {
  canvas.width = canvas.height = Math.round(THUMB * Math.min(2, devicePixelRatio || 1));
  const { W, H, stride } = trace,
    cell = canvas.width / CROP,
    context = canvas.getContext("2d");
  const [left, top] = [W, H].map((px, i) => {
    const first = (leak.source[i] + leak.target[i] + 1 - CROP) / 2;
    return Math.max(0, Math.min(px / stride - CROP, first));
  });
  context.translate(-left * cell, -top * cell);
  context.drawImage(trace.image, 0, 0, (W / stride) * cell, (H / stride) * cell);
  drawLeaks(context, [leak], 1, cell);
}
