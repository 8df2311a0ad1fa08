// Parts of the page that a link, a lesson or a key leaves out, and the way back to them.
import { EVERYTHING } from "./state.js";
import { el } from "../ui/dom.js";

export class Hiding {
  /** root: the page's node; the charts' is a part as well. onshow(): everything is shown again. */
  constructor({ root, store, onshow }) {
    this.root = root;
    this.store = store;
    const show = () => {
      store.set({ hide: null });
      onshow();
    };
    this.node = el(
      "button.show-controls",
      { type: "button", title: "Show controls (f)", onclick: show },
      "Show controls",
    );
    store.subscribe((changed) => (changed.has("hide") || changed.has("lesson")) && this.update());
    this.update();
  }

  update() {
    const { hide, lesson } = this.store.state,
      parts = hide?.replaceAll("_", " ") ?? "";
    for (const node of [this.root, document.querySelector(".iaff-charts")])
      if (node && node.dataset.hide !== parts) node.dataset.hide = parts;
    this.root.toggleAttribute("data-lesson", Boolean(lesson));
    this.node.hidden = !hide || Boolean(lesson); // a lesson says what is shown, and how it is left
  }

  /** All but the picture, or all. */
  toggle() {
    const { store } = this;
    store.set({ hide: store.state.hide ? null : EVERYTHING });
  }
}
