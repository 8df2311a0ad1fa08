// The stage's own choices in the panel: class and scale of the CAM, the round to compare with.
import { el, segmented } from "./dom.js";

const COMPARED = ["unary", "confident", "refined"];

export class Choices {
  constructor(app) {
    this.app = app;
  }

  #choice(label, options, value, choose) {
    const control = segmented(label, options, choose);
    control.show(value);
    return el("div.choice-row", {}, el("h3", {}, label), control.node);
  }

  /** Which class, at which scale of the photo. */
  cam() {
    const { trace, state, store } = this.app,
      { tags, cam_scales: scales = [] } = trace.meta;
    const rows = [];
    if (tags.length > 1) {
      const names = [[null, "all", "every tag"], ...tags.map((tag) => [tag, tag, `only ${tag}`])];
      rows.push(this.#choice("Class", names, tags.includes(state.cls) ? state.cls : null, (cls) => store.set({ cls })));
    }
    if (trace.tensors.has("cam_scales") && scales.length > 1 && tags.length) {
      const sizes = scales.map((scale, i) => [i, `${scale}×`, `the photo at ${scale} times its size`]);
      const mean = [null, "mean", "what seeds are made of"];
      rows.push(
        this.#choice("Scale of the photo", [mean, ...sizes], scales[state.cam] ? state.cam : null, (cam) =>
          store.set({ cam }),
        ),
      );
    }
    return rows;
  }

  /** Against which other round. */
  difference() {
    const { trace, state, store } = this.app;
    if (!COMPARED.includes(state.stage) || trace.T < 2) return [];
    const others = Array.from({ length: trace.T }, (_, i) => i + 1).filter((t) => t !== state.round);
    const options = [[null, "no", "show the map itself"], ...others.map((t) => [t, `round ${t}`, `what changed since round ${t}`])];
    const chosen = others.includes(state.diff) ? state.diff : null;
    return [this.#choice("Compare with", options, chosen, (diff) => store.set({ diff }))];
  }
}
