// The line between two rounds, to be dragged, or moved by the arrow keys.
import { el } from "../ui/dom.js";

export class Wipe {
  /** pane: the main one, in which it stands. */
  constructor({ store, pane }) {
    this.store = store;
    this.pane = pane;
    const node = el("div.wipe", {
      hidden: true,
      role: "slider",
      tabindex: "0",
      "aria-label": "Wipe between two rounds",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    this.node = node;
    node.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      const box = pane.node.getBoundingClientRect();
      this.#set((event.clientX - box.left) / box.width);
    });
    node.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.#set(store.state.wipe / 100 + by);
    });
  }

  #set(share) {
    this.store.set({ wipe: Math.round(100 * Math.min(1, Math.max(0, share))) });
  }

  update() {
    const { node } = this,
      { wipe } = this.store.state,
      two = this.pane.twoRounds();
    node.hidden = !two || two.seen !== null;
    if (node.hidden) return;
    node.style.left = `${wipe}%`;
    node.setAttribute("aria-valuenow", wipe);
    const [earlier, later] = two.rounds;
    node.setAttribute("aria-valuetext", `${wipe} %: round ${earlier} left of it, round ${later} right of it`);
  }
}
