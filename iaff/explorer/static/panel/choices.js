// The stage's own choices in the panel: the CAM's scale or step, the round to compare with.
import { el, segmented } from "../ui/dom.js";
import { COMPARED, Layers } from "../draw/layers.js";

export class Choices {
  constructor({ store, current }) {
    this.store = store;
    this.current = current;
  }

  #choice(label, options, value, choose) {
    const control = segmented(label, options, choose);
    control.show(value);
    return el("div.choice-row", {}, el("h3", {}, label), control.node);
  }

  /** At which scale of the photo, or after which step of the climb: one choice takes back the other. */
  cam() {
    const { store } = this,
      { trace } = this.current,
      { state } = this.store,
      { tensors, meta } = trace;
    if (trace.K === 1) return [];
    const scales = (tensors.has("cam_scales") && meta.cam_scales) || [],
      steps = Array.from({ length: tensors.get("cam_climb")?.shape[0] ?? 0 }, (_, i) => i),
      sizes = scales.map((scale, i) => [i, `${scale}×`, `the photo at ${scale} times its size`]),
      climbed = steps.map((i) => (i ? [i, `${i}`, `after step ${i}`] : [i, "photo", "before the first step"]));
    const [part, chosen = null] = new Layers(trace, state).camPart();
    const row = (label, name, what, options, choose) => {
      const seeds = "what seeds are made of",
        all = steps.length ? [null, "all", `${what}: ${seeds}`] : [null, "mean", seeds],
        value = part && part !== name ? undefined : chosen; // nothing where the other row's choice holds
      return this.#choice(label, [all, ...options], value, choose);
    };
    const ofScale = (cam) => store.set({ cam, climb: null }),
      ofStep = (climb) => store.set({ cam: null, climb });
    return [
      sizes.length > 1 && row("Scale of the photo", "cam_scales", "all scales and all steps", sizes, ofScale),
      steps.length && row("Step of the climb", "cam_climb", "all steps and all scales", climbed, ofStep),
    ].filter(Boolean);
  }

  /** With which other round. */
  difference() {
    const { store } = this,
      { trace } = this.current,
      { state } = this.store;
    if (!COMPARED.includes(state.stage)) return [];
    const rounds = Array.from({ length: trace.T }, (_, i) => i + 1),
      others = rounds.filter((t) => t !== state.round && trace.has(state.stage, t));
    if (!others.length) return [];
    const against = others.map((t) => [t, String(t), `what changed between this round and round ${t}`]),
      options = [[null, "–", "show the map itself"], ...against];
    const chosen = others.includes(state.diff) ? state.diff : null;
    return [this.#choice("With round", options, chosen, (diff) => store.set({ diff, wipe: diff && state.wipe }))];
  }
}
