// The stage's own choices in the panel: the CAM's scale, the round to compare with.
import { el, segmented } from "./dom.js";
import { COMPARED } from "./layers.js";

export class Choices {
  constructor(app) {
    this.app = app;
  }

  #choice(label, options, value, choose) {
    const control = segmented(label, options, choose);
    control.show(value);
    return el("div.choice-row", {}, el("h3", {}, label), control.node);
  }

  /** At which scale of the photo. */
  cam() {
    const { trace, state, store } = this.app,
      { classes, cam_scales: scales = [] } = trace.meta,
      names = classes.slice(1),
      rows = [];
    if (trace.tensors.has("cam_scales") && scales.length > 1 && names.length) {
      const sizes = scales.map((scale, i) => [i, `${scale}×`, `the photo at ${scale} times its size`]);
      const options = [[null, "mean", "what seeds are made of"], ...sizes];
      const chosen = scales[state.cam] ? state.cam : null;
      rows.push(this.#choice("Scale of the photo", options, chosen, (cam) => store.set({ cam })));
    }
    return rows;
  }

  /** Against which other round. */
  difference() {
    const { trace, state, store } = this.app;
    if (!COMPARED.includes(state.stage)) return [];
    const rounds = Array.from({ length: trace.T }, (_, i) => i + 1),
      others = rounds.filter((t) => t !== state.round && trace.has(state.stage, t));
    if (!others.length) return [];
    const against = others.map((t) => [t, String(t), `what changed against round ${t}`]),
      options = [[null, "–", "show the map itself"], ...against];
    const chosen = others.includes(state.diff) ? state.diff : null;
    return [this.#choice("With round", options, chosen, (diff) => store.set({ diff, wipe: diff && state.wipe }))];
  }
}
