// Under the picture: ground truth and the layer's opacity.
import { el, segmented } from "../ui/dom.js";

export class Tools {
  constructor({ store, current }) {
    this.store = store;
    this.current = current;
    this.opacity = el("input", {
      type: "range",
      min: 0,
      max: 100,
      "aria-label": "Layer opacity in percent",
      oninput: () => store.set({ opacity: +this.opacity.value }),
    });
    this.truth = segmented(
      "Ground truth",
      [
        [null, "off", "no ground truth (t)"],
        ["border", "border", "the true border above the layer (t)"],
        ["filled", "filled", "the true labels in place of the layer (t)"],
      ],
      (truth) => store.set({ truth }),
    );
    this.layer = el("label.opacity", {}, "layer", this.opacity);
    this.truths = el("div.check", {}, el("span", { "aria-hidden": "true" }, "truth"), this.truth.node);
    this.nodes = [this.truths, this.layer];
    current.changed.subscribe(() => this.#changed());
  }

  /** Another photo, or none. */
  #changed() {
    const { origin } = this.current;
    this.layer.hidden = !origin;
    this.truths.hidden = !origin?.truth;
  }

  update() {
    const { truth, opacity, stage } = this.store.state;
    this.truth.show(truth);
    this.opacity.value = opacity;
    this.opacity.style.setProperty("--fill", opacity / 100);
    this.layer.classList.toggle("off", stage === "photo");
    this.opacity.disabled = stage === "photo";
  }
}
