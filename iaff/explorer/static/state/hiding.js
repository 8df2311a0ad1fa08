// Parts of the page that a link, a lesson or a key leaves out, and the way back to them.
import { PARTS } from "./state.js";
import { el } from "../ui/dom.js";

export const EVERYTHING = PARTS.join("_");

export class Hiding {
  /** root: the page's node; the charts' is a part as well. */
  constructor(app, root) {
    Object.assign(this, { app, root });
    const show = () => {
      app.store.set({ hide: null });
      app.picture.over.focus({ preventScroll: true });
    };
    this.node = el(
      "button.show-controls",
      { type: "button", title: "Show controls (f)", onclick: show },
      "Show controls",
    );
    this.update();
  }

  update() {
    const { hide, lesson } = this.app.state,
      parts = hide?.replaceAll("_", " ") ?? "";
    for (const node of [this.root, document.querySelector(".iaff-charts")])
      if (node && node.dataset.hide !== parts) node.dataset.hide = parts;
    this.root.toggleAttribute("data-lesson", Boolean(lesson));
    this.node.hidden = !hide || Boolean(lesson); // a lesson says what is shown, and how it is left
  }

  /** All but the picture, or all. */
  toggle() {
    const { state, store } = this.app;
    store.set({ hide: state.hide ? null : EVERYTHING });
  }
}
