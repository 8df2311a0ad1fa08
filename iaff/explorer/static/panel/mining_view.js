// The tab "Mining": which superpixels become confident regions, at which thresholds, and how far scores can be trusted.
import { classColour, css } from "../draw/colour.js";
import { el } from "../ui/dom.js";
import { centre } from "../engine/grid.js";
import {
  regionFigures,
  regionTable,
  follows,
  gridRegions,
  thresholdsAt,
  verdictsAt,
  kindOf,
} from "../engine/mining.js";
import { MiningPlots } from "./mining_plots.js";
import { bestOf, patchVerdict } from "./patch_verdict.js";
import { toSee } from "../draw/seen.js";
import { Scatter } from "../ui/scatter.js";
import { number, percent } from "../ui/format.js";
import { inWords } from "../ui/pointing.js";
import { figureRow, resetButton, threshold } from "./tried_thresholds.js";
import { termOf } from "../ui/term.js";

const KEYS = ["tau", "taubg", "purity"];
const SAY = "Thresholds change only these layers; they take effect in the next training round.";
const HINT = "Point at a superpixel, in the photo or the map, for its shares, scores and verdict.";
const OTHERWISE =
  "This trace's confident regions follow from no threshold alone, so a slider shows what plain relabelling would give.";
const RINGS = { kept: "thin", relabelled: "strong", unknown: "dashed" }; // of the points, by verdict

export class MiningView {
  constructor({ store, current, pointer, client }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.client = client;
    this.sliders = {
      tau: this.#slider("tau", "τ", "score that a region must reach"),
      taubg: this.#slider("taubg", "τ, background", "score that a background region must reach"),
      purity: this.#slider("purity", "purity", "share of one unary label that makes a superpixel a sample"),
    };
    this.reset = resetButton(store, KEYS);
    this.figures = figureRow(["coverage", "precision", "relabelled", "samples"]);
    this.plots = new MiningPlots();
    this.map = new Scatter(
      "Superpixels by their unary features; arrows go from one to the next, Enter pins it",
      (id) => this.#point(id),
      (id) => store.set(pixelOf(current.trace, id)),
    );
    this.mapNote = el("span");
    this.mapKey = el("p.map-key", {}, key("kept"), key("relabelled", "relabelled (ring: new label)"), key("unknown"));
    this.say = el("p.note");
    this.story = el("section.mining-story", { "aria-label": "The superpixel in question" });
    this.missing = el("p.note", { hidden: true });
    this.parts = el(
      "div.mining-parts",
      {},
      el(
        "div.rails",
        {},
        Object.values(this.sliders).map(({ node }) => node),
      ),
      el("div.tried-row", {}, this.figures.node, this.reset.node),
      this.plots.node,
      el("h3", {}, "Map of unary features", this.mapNote),
      this.map.node,
      this.mapKey,
      this.story,
      this.say,
    );
    this.node = el("section.mining", { "aria-label": "Mining" }, this.parts, this.missing);
  }

  /** State or trace changed. */
  update() {
    const { trace } = this.current,
      { state } = this.store,
      missing = lacks(trace, state.round);
    this.missing.hidden = !missing;
    this.parts.hidden = Boolean(missing);
    this.missing.textContent = missing ?? "";
    if (missing) return;
    const at = thresholdsAt(trace, state);
    this.#showSliders(at);
    this.#showFigures(at);
    this.say.textContent = follows(trace, state.round) || !trace.has("confident", state.round) ? SAY : OTHERWISE;
    this.#fetch();
    this.plots.show(trace, state, at);
    this.#showMap(at);
    this.hover();
  }

  /** The superpixel in question, which the picture outlines too: marked, and what became of it. */
  hover() {
    if (this.parts.hidden) return;
    this.map.highlight(this.pointer.region);
    this.#tell();
  }

  /** A superpixel was pointed at in the map; -1: no longer, so that it is the picture's again. */
  #point(id) {
    if (id < 0) return this.pointer.leave();
    this.pointer.outline(id);
    this.#tell();
  }

  #tell() {
    const { trace } = this.current,
      { state } = this.store,
      { region } = this.pointer,
      at = thresholdsAt(trace, state),
      told = [trace, state.round, region, at.tau, at.tauBg, at.purity];
    if (this.told?.every((value, i) => value === told[i])) return;
    this.told = told;
    this.say.hidden = region >= 0;
    this.story.replaceChildren(
      ...(region < 0 ? [el("p.note", {}, inWords(HINT))] : patchVerdict(trace, state.round, region, at)),
    );
  }

  #slider(key, name, title) {
    const { store } = this,
      input = el("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": `${name}: ${title}` }),
      mark = el("u"),
      value = el("output.value", { "aria-live": "off" }); // the range says it
    input.addEventListener("input", () => {
      const seen = toSee(["confident"], store.state, this.current.trace);
      store.set({ [key]: threshold(+input.value, this.#own(key)), ...seen });
    });
    const rail = el("span.rail", {}, input, mark);
    return {
      node: el("label.rail-row", {}, el("span.name", { "data-explained": termOf(name) }, name), rail, value),
      input,
      mark,
      value,
    };
  }

  /** The run's own value of a slider. */
  #own(key) {
    const { thresholds: own = {} } = this.current.trace.meta;
    return { tau: own.tau, taubg: own.tau_background, purity: own.purity }[key];
  }

  #showSliders({ tau, tauBg, purity }) {
    const { state } = this.store,
      two = state.taubg !== null || this.#own("taubg") !== undefined;
    this.sliders.taubg.node.hidden = !two;
    this.sliders.tau.node.firstChild.textContent = two ? "τ, objects" : "τ";
    for (const [key, now] of Object.entries({ tau, taubg: tauBg, purity })) {
      const { input, mark, value } = this.sliders[key],
        own = this.#own(key);
      input.value = now;
      input.style.setProperty("--fill", now);
      value.textContent = now.toFixed(2);
      mark.hidden = own === undefined;
      if (own !== undefined) {
        mark.style.setProperty("--at", own);
        mark.title = `trained with ${own}`;
      }
    }
    this.reset.show(state);
  }

  #showFigures(at) {
    const { trace } = this.current,
      { state } = this.store,
      text = ({ coverage, precision, relabelled, samples }) => [
        percent(coverage),
        precision === null || !coverage ? "–" : percent(precision),
        percent(relabelled),
        number(samples),
      ];
    const now = text(regionFigures(trace, state.round, at)),
      own = text(regionFigures(trace, state.round, thresholdsAt(trace)));
    this.figures.show(now.map((value, i) => ({ text: value, was: own[i] })));
  }

  /** The run's histogram, anew for each trace: a run that still trains has more of it. */
  async #fetch() {
    const { current } = this,
      { run } = current,
      trace = current.trace.origin ?? current.trace;
    if (this.asked === trace) return;
    this.asked = trace;
    if (this.of !== run) this.plots.clear();
    this.of = run;
    const answer = await this.client.mining(run.name).catch(({ message }) => ({ why: message }));
    if (this.asked !== trace) return;
    this.plots.answered(answer.why ? null : answer, answer.why);
    if (answer.why) this.asked = null; // asked again when something changes
    if (!current.trace || this.parts.hidden) return;
    const { state } = this.store;
    this.plots.show(current.trace, state, thresholdsAt(current.trace, state));
  }

  /** Drawn when the photo, the round or a verdict may have changed; dragging the purity changes none. */
  #showMap(at) {
    const { trace } = this.current,
      { state } = this.store,
      { round } = state,
      shown = [trace, round, at.tau, at.tauBg];
    if (this.shown?.every((value, i) => value === shown[i])) return;
    this.shown = shown;
    const places = trace.floats(`rounds.${round}.embedding`),
      { size } = regionTable(trace, round),
      small = size.reduce((sum, v) => sum + (v ? 0 : 1), 0);
    this.map.show(places ? points(trace, round, at, places) : []);
    this.map.node.hidden = this.mapKey.hidden = !places;
    this.mapNote.textContent = !places ? "this trace has none" : small ? `${small} too small to show` : "";
  }
}

/** Why there is nothing to mine, or null. */
function lacks(trace, t) {
  if (!trace.T) return "This trace has no rounds, so nothing was mined.";
  if (!trace.superpixels) return "This trace holds no superpixels, which confident regions are made of.";
  if (!trace.scores(t)) return "This trace holds no region scores for this round, so no threshold can be tried.";
  return null;
}

function key(kind, text = kind) {
  return el("span", {}, el(`i.${kind}`, { "aria-hidden": "true" }), text);
}

function points(trace, t, at, places) {
  const { size, unary, share } = regionTable(trace, t),
    pixels = regionPixels(trace),
    final = verdictsAt(trace, t, at),
    { class_ids: ids, classes } = trace.meta,
    colours = ids.map((id) => css(classColour(id))),
    found = [];
  for (let id = 0; id < trace.S; id++) {
    if (!size[id]) continue;
    const kept = final(id),
      kind = kindOf(kept, unary[id]),
      said = `unary ${classes[unary[id]]} ${percent(share[id], 0)}`;
    found.push({
      id,
      x: places[2 * id],
      y: places[2 * id + 1],
      size: pixels[id],
      fill: colours[unary[id]],
      edge: colours[kept],
      ring: RINGS[kind],
      say: () => `${said} · score ${bestOf(trace, t, id).text} · ${kind} · ${number(pixels[id])} px`,
    });
  }
  return found;
}

/** Photo px of each superpixel. */
function regionPixels(trace) {
  return trace.once("region-pixels", () => {
    const pixels = new Uint32Array(trace.S);
    for (const id of trace.superpixels) pixels[id]++;
    return pixels;
  });
}

/** The pixel {x, y} of a superpixel that is nearest to its middle, at the centre of a cell of it. */
function pixelOf(trace, id) {
  const grid = gridRegions(trace),
    spots = [];
  grid.forEach((s, p) => s === id && spots.push(centre(trace, p)));
  const mean = (of) => spots.reduce((sum, spot) => sum + of(spot), 0) / spots.length,
    [x, y] = [mean((spot) => spot.x), mean((spot) => spot.y)],
    from = (spot) => Math.hypot(spot.x - x, spot.y - y);
  return spots.reduce((best, spot) => (from(spot) < from(best) ? spot : best));
}
