// The layers of a photo, each made once, when it is first shown: what every stage puts over the picture.
import { softMap, camMap, labelMap, scoreMap, edgePath, winners, contour } from "./paint.js";
import { upsample } from "./scan.js";
import { differ } from "./difference.js";
import { verdict } from "./patch.js";

export const COMPARED = ["unary", "confident", "refined"]; // stages where rounds can be compared

export class Layers {
  /** `edges`: borders of the superpixels, or null. */
  constructor(trace, state, edges) {
    Object.assign(this, { trace, state, edges, made: new Map() });
  }

  #once(key, make) {
    if (!this.made.get(key)) this.made.set(key, make()); // null is asked for again: a walk may end
    return this.made.get(key);
  }

  /** A stage's layer at photo or grid size, or null: {map, smooth, lines?, dashed?, dotted?, unknown?}. */
  get(stage, round) {
    const key = stage === "cam" ? `cam${this.#channel()}-${this.camScale()}` : `${stage}${round}`;
    return this.#once(key, () => this.#make(stage, round));
  }

  /** Index of the CAM's scale that is shown, -1 for the mean. */
  camScale() {
    const { cam } = this.state,
      { tensors, meta } = this.trace;
    return cam !== null && tensors.has("cam_scales") && meta.cam_scales?.[cam] ? cam : -1;
  }

  /** Channel of the CAM that is shown alone, -1 for all. */
  #channel() {
    return Math.max(0, this.trace.meta.classes.indexOf(this.state.cls)) - 1; // background has none
  }

  /** Name of the class whose activation is shown alone, or null. */
  only() {
    return this.#channel() < 0 ? null : this.state.cls;
  }

  /** What changed against the round that is compared with, or null. */
  difference() {
    const { stage, round, diff } = this.state,
      { W, H, w, h, T } = this.trace;
    if (!diff || diff === round || diff > T || !COMPARED.includes(stage)) return null;
    return this.#once(`${stage}${diff}-${round}`, () => {
      const [before, now] = [this.labels(stage, diff), this.labels(stage, round)];
      if (!before || !now) return null;
      return stage === "confident" ? differ(before, now, w, h) : differ(before, now, W, H);
    });
  }

  /** Class ids of a stage's map: at photo size for soft maps, on the grid for the confident regions. */
  labels(stage, t) {
    const { trace } = this;
    if (stage === "confident") return trace.confident[t - 1];
    if (stage === "refined" && !trace.refined(t)) return null;
    return this.#once(`labels-${stage}${t}`, () => trace.full(stage, t).label.map((k) => trace.meta.class_ids[k]));
  }

  #make(stage, round) {
    const { trace } = this,
      { W, H, w, h } = trace;
    if (stage === "cam") return this.#cam();
    if (stage === "seeds") return flat(labelMap(trace.seeds, w, h));
    if (stage === "truth") return flat(labelMap(trace.truth, W, H));
    if (stage === "confident")
      return { ...flat(labelMap(trace.confident[round - 1], w, h)), dotted: this.#relabelled(round) };
    if (stage === "superpixels") return this.#scores(trace.scores(round));
    if (stage === "unary") return this.#soft(stage, round, trace.unary(round));
    if (stage === "refined") return this.#soft(stage, round, trace.refined(round));
    return null;
  }

  #scores(scores) {
    const { superpixels, meta, W, H } = this.trace;
    return scores && { map: scoreMap(superpixels, scores, meta.class_ids, W, H), smooth: false };
  }

  #soft(stage, round, alpha) {
    const { trace } = this,
      { W, H, w, h, K, meta } = trace;
    return (
      alpha && {
        map: softMap(trace.full(stage, round).alpha, meta.class_ids, W, H),
        smooth: true,
        lines: winners(alpha, K, w, h),
      }
    );
  }

  /** Outlines of the superpixels whose label the region network corrected. */
  #relabelled(round) {
    const { trace, edges } = this;
    if (!edges) return null;
    const path = new Path2D();
    for (let id = 0; id < trace.S; id++)
      if (verdict(trace, round, id).kind === "relabelled") edgePath(path, edges, id);
    return path;
  }

  /** Activation, with the two seed thresholds as lines. */
  #cam() {
    const { W, H, w, h, K, n, meta } = this.trace,
      { seed_fg: fg, seed_bg: bg } = meta.thresholds ?? {},
      cam = this.#alone(this.trace.cam(this.camScale())),
      strongest = new Float32Array(n);
    for (let i = 0; i < cam.length; i++) strongest[i % n] = Math.max(strongest[i % n], cam[i]);
    const at = (level) => level && contour(new Path2D(), strongest.map((v) => v - level || 1e-9), w, h);
    const map = camMap(upsample(cam, K - 1, h, w, H, W), meta.class_ids, W, H);
    return { map, smooth: true, lines: at(fg), dashed: at(bg) };
  }

  /** The activation of the chosen class alone, or all of it. */
  #alone(cam) {
    const { n } = this.trace,
      k = this.#channel();
    return k < 0 ? cam : cam.map((v, i) => (Math.floor(i / n) === k ? v : 0));
  }
}

const flat = ({ labels, unknown }) => ({ map: labels, unknown, smooth: false });
