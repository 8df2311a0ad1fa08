// The layers of a photo, each made once, when it is first shown: what every stage puts over the picture.
import { softMap, camMap, labelMap, scoreMap, outlines, winners, contour } from "./paint.js";
import { ERRORS, drawKinds } from "./kinds.js";
import { classMarks } from "./marks.js";
import { ERROR } from "../state/panes.js";
import { errorKinds } from "../engine/errors.js";
import { CELL_MAPS, perRound } from "../state/state.js";
import { cellLayer } from "./cell_maps.js";
import { cellMap } from "../engine/cell_maps.js";
import { boundaryOf } from "../engine/leaks.js";
import { confidentAt, kindAt, thresholdsAt } from "../engine/mining.js";
import { argmax } from "../engine/scan.js";
import { onPhoto, upsample } from "../engine/grid.js";
import { carriedSeeds, seedThresholds, seedsAt } from "../engine/seeds.js";

export const COMPARED = ["unary", "confident", "refined"]; // stages where rounds can be compared
const LABELLED = ["seeds", ...COMPARED]; // stages that are label maps
const KEPT = 64; // canvases of one photo

/** Which of the classes (names) a view shows: [boolean]. Where it names none of them, all. */
export function shownClasses(classes, { cls }) {
  const chosen = cls?.split(",").filter((name) => classes.includes(name));
  return classes.map((name) => !chosen?.length || chosen.includes(name));
}

/** The stage of the label map that a layer shows, or that its errors are those of; `main` is the stage of the view. */
export function labelStage(layer, main) {
  if (LABELLED.includes(layer)) return layer;
  return layer === ERROR && LABELLED.includes(main) ? main : "refined";
}

/** Whether a layer shows a label map. */
export const isLabelled = (layer) => LABELLED.includes(layer) || layer === "affinity" || layer === ERROR;

export class Layers {
  /** A trace's layers in a view; what was made is kept with the trace, for all views of it. */
  constructor(trace, state) {
    const { made, live, enlarged } = trace.once("layers", () => ({
      made: new Map(),
      live: {},
      enlarged: new WeakMap(),
    }));
    this.trace = trace;
    this.state = state;
    this.made = made;
    this.live = live;
    this.enlarged = enlarged;
  }

  #once(key, make) {
    if (!this.made.get(key)) {
      this.made.set(key, make()); // null is asked for again: a walk may end
      if (this.made.size > KEPT) this.made.delete(this.made.keys().next().value);
    }
    return this.made.get(key);
  }

  /** What changes while a slider moves is kept only as it is now. */
  #now(name, key, make) {
    if (this.live[name]?.key !== key || !this.live[name].value) this.live[name] = { key, value: make() };
    return this.live[name].value;
  }

  /** A layer at photo or grid size, or null: {map, smooth, lines?, dashed?, dotted?, unknown?, masks?, looks?}. */
  get(name, round) {
    if (CELL_MAPS.includes(name)) return this.#cells(name, round);
    const { cls, marks } = this.state,
      tried = this.#tried(name),
      make = () => this.#marked(this.#make(name, round));
    if (tried) return this.#now(name, `${tried}|${round}|${cls}|${marks}`, make);
    const once = ["cam", "seeds", "truth"].includes(name),
      part = name === "cam" ? this.camPart().join("") : "";
    return this.#once(`${name}${part}|${once ? "" : round}|${cls}|${marks}`, make);
  }

  /** With the signs of the classes, where they are wanted. */
  #marked(layer) {
    return this.state.marks && layer?.ids ? { ...layer, ...classMarks(layer.map, layer.ids()) } : layer;
  }

  /** Class ids of channels; background where they are not shown. */
  #idsOf(channels) {
    const shown = this.shown(),
      ids = this.trace.meta.class_ids.map((id, k) => (shown[k] ? id : 0));
    return Uint8Array.from(channels, (k) => ids[k]);
  }

  /** A map of the affinity, as far as it is known; the leaks' is over the chosen boundary. */
  #cells(name, round) {
    const { trace } = this,
      which = boundaryOf(trace, this.state),
      { shown, known } = cellMap(trace, round, name, which);
    return shown && this.#now(`${name}${round}`, `${which}|${known}`, () => cellLayer(name, shown, trace));
  }

  /** The thresholds that are tried here in place of the run's, as text, or "". */
  #tried(name) {
    const { fg, bg, tau, taubg } = this.state;
    const values = { cam: [fg, bg], seeds: [fg, bg], carried: [fg, bg], confident: [tau, taubg] }[name] ?? [];
    return values.some((v) => v !== null) ? values.join() : "";
  }

  /** What of the CAM is shown: the tensor of its parts and an index into it, or [] for the CAM itself. */
  camPart() {
    const { cam, climb } = this.state,
      parts = { cam_scales: cam, cam_climb: climb };
    return Object.entries(parts).find(([name, i]) => i !== null && i < this.trace.tensors.get(name)?.shape[0]) ?? [];
  }

  /** Which channels are shown, (K) of booleans. */
  shown() {
    return shownClasses(this.trace.meta.classes, this.state);
  }

  /** The same for class ids. */
  #shownIds() {
    const shown = this.shown(),
      ids = new Uint8Array(256).fill(1);
    this.trace.meta.class_ids.forEach((id, k) => (ids[id] = shown[k] ? 1 : 0));
    return ids;
  }

  /**
   * What is wrong with the label map of a stage, against truth, drawn (see drawKinds()), with its pixels' `kinds`; null
   * without truth, or where there is no such map yet.
   */
  errors(stage, round) {
    const { truth } = this.trace,
      labels = truth && this.labels(stage, round);
    if (!labels) return null;
    const make = () => {
      const kinds = errorKinds(labels, truth);
      return { kinds, labels, ...drawKinds(kinds, ERRORS, this.trace, 0) };
    };
    if (this.#tried(stage)) return this.#now(`errors-${stage}`, labels, make);
    return this.#once(`errors-${stage}${round}`, make);
  }

  /** Class ids of a stage's map at photo size, 255 unknown; null where there is none, or none yet. */
  labels(stage, t) {
    const { trace } = this;
    if (stage === "seeds") return trace.seeds && this.#onPhoto(this.seeds());
    if (!trace.T) return null;
    if (stage === "confident") return trace.has(stage, t) ? this.#onPhoto(this.confident(t)) : null;
    if (stage === "refined" && !trace.refined(t)) return null;
    return this.#once(`labels-${stage}${t}`, () => trace.full(stage, t).label.map((k) => trace.meta.class_ids[k]));
  }

  /** A map of the cells, which is then not changed any more, at photo size. */
  #onPhoto(map) {
    const { enlarged } = this;
    if (!enlarged.has(map)) enlarged.set(map, onPhoto(map, this.trace));
    return enlarged.get(map);
  }

  /** The confident regions at the thresholds that are tried, else the trace's. */
  confident(t) {
    const { tau, taubg } = this.state;
    if (tau === null && taubg === null) return this.trace.confident[t - 1];
    return this.#now(`confident-labels${t}`, `${tau}|${taubg}`, () =>
      confidentAt(this.trace, t, { tau: tau ?? undefined, tauBg: taubg ?? undefined }),
    );
  }

  /** The seeds at the thresholds that are tried, else the trace's. */
  seeds() {
    if (this.state.fg === null && this.state.bg === null) return this.trace.seeds;
    const { fg, bg } = seedThresholds(this.trace, this.state);
    return this.#now("seed-labels", `${fg}|${bg}`, () => seedsAt(this.trace, fg, bg));
  }

  #make(name, round) {
    const { trace } = this,
      { W, H, w, h } = trace;
    if (!trace.T && (name === "carried" || perRound(name))) return null;
    const flat = (map, ...size) => map && this.#flat(map, ...size);
    switch (name) {
      case "cam":
        return trace.tensors.has("cam") ? this.#cam() : null;
      case "seeds":
        return flat(trace.seeds && this.seeds(), w, h);
      case "truth":
        return flat(trace.truth, W, H);
      case "confident":
        return trace.has("confident", round)
          ? { ...flat(this.confident(round), w, h), dotted: this.#relabelled(round) }
          : null;
      case "superpixels":
        return this.#scores(trace.scores(round));
      case "carried":
        return trace.seeds ? this.#carried(round) : null;
      case "unary":
        return this.#soft(trace.unary(round), trace.full(name, round));
      case "refined":
        return trace.refined(round) && this.#soft(trace.refined(round), trace.full(name, round));
      default:
        return null;
    }
  }

  #flat(map, w, h) {
    const { labels, unknown } = labelMap(map, w, h, this.#shownIds());
    return { map: labels, unknown, smooth: false, ids: () => map };
  }

  #scores(scores) {
    const { superpixels, meta, W, H, K, S } = this.trace;
    if (!scores) return null;
    const ids = () => {
      const ofClass = Float32Array.from(scores, (_, i) => scores[(i % S) * K + Math.floor(i / S)]),
        best = this.#idsOf(argmax(ofClass, K, S));
      return superpixels.map((s) => best[s]);
    };
    return { map: scoreMap(superpixels, scores, meta.class_ids, W, H, this.shown()), smooth: false, ids };
  }

  #soft(alpha, { alpha: fine, label }) {
    const { W, H, w, h, K, meta } = this.trace,
      shown = this.shown();
    return {
      map: softMap(fine, meta.class_ids, W, H, shown),
      smooth: true,
      lines: winners(alpha, K, w, h, shown),
      ids: () => this.#idsOf(label),
    };
  }

  /** The seeds after one walk over the affinity; nothing where none arrives. */
  #carried(round) {
    const { trace } = this,
      { W, H, K, meta } = trace,
      carried = carriedSeeds(trace, round, this.seeds());
    if (!carried) return null; // a walk that is still under way
    const fine = upsample(carried.alpha, K, trace),
      ids = () => this.#idsOf(argmax(fine, K, W * H));
    return { map: softMap(fine, meta.class_ids, W, H, this.shown()), smooth: true, ids };
  }

  /** Outlines of the superpixels whose label the region network corrected. */
  #relabelled(round) {
    const { trace } = this,
      edges = trace.edges();
    if (!edges) return null;
    const path = new Path2D(),
      at = thresholdsAt(trace, this.state);
    for (let id = 0; id < trace.S; id++) if (kindAt(trace, round, id, at) === "relabelled") outlines(path, edges, id);
    return path;
  }

  /** Activation, with the two seed thresholds as lines. */
  #cam() {
    const { W, H, w, h, K, n, meta } = this.trace,
      { seed_fg, seed_bg } = meta.thresholds ?? {},
      cam = this.#visible(this.trace.cam(...this.camPart())),
      strongest = new Float32Array(n);
    for (let i = 0; i < cam.length; i++) strongest[i % n] = Math.max(strongest[i % n], cam[i]);
    const at = (level) =>
      level &&
      contour(
        new Path2D(),
        strongest.map((v) => v - level || 1e-9),
        w,
        h,
      );
    const fine = upsample(cam, K - 1, this.trace),
      map = camMap(fine, meta.class_ids, W, H),
      ids = () => argmax(fine, K - 1, W * H).map((k) => meta.class_ids[k + 1]);
    return { map, smooth: true, ids, lines: at(this.state.fg ?? seed_fg), dashed: at(this.state.bg ?? seed_bg) };
  }

  /** The activation of the shown classes. */
  #visible(cam) {
    const { n } = this.trace,
      shown = this.shown();
    return shown.every(Boolean) ? cam : cam.map((v, i) => (shown[Math.floor(i / n) + 1] ? v : 0));
  }
}
