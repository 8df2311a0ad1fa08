// Parts of the page that a link, a lesson or a key leaves out, and the way back to them.
import { EVERYTHING } from "./state.js";
import { el } from "../ui/dom.js";
import { hasKeys } from "../ui/pointing.js";

const UNPRESENTED = ["top", "gallery", "tabs", "keys", "charts"]; // what no class needs to see
const LEAVING_MS = 5000; // that it is said how presenter mode is left, if nobody does anything before

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
    this.leaving = el("p.leaving", { role: "status", hidden: true });
    store.subscribe((changed) => {
      if (changed.has("present")) this.#sayHowToLeave();
      if (["hide", "lesson", "present"].some((key) => changed.has(key))) this.update();
    });
    for (const act of ["keydown", "pointerdown"])
      addEventListener(act, () => this.said && (this.leaving.hidden = true), { capture: true });
    this.#sayHowToLeave();
    this.update();
  }

  update() {
    const { hide, lesson, present } = this.store.state,
      parts = [...new Set([...(hide?.split("_") ?? []), ...(present ? UNPRESENTED : [])])].join(" ");
    for (const node of [this.root, document.querySelector(".iaff-charts")])
      if (node && node.dataset.hide !== parts) node.dataset.hide = parts;
    this.root.toggleAttribute("data-lesson", Boolean(lesson));
    this.root.toggleAttribute("data-present", Boolean(present));
    this.node.hidden = !hide || Boolean(lesson || present); // a lesson says what is shown, and how it is left
  }

  /** Into presenter mode, or out of it. */
  present() {
    const { store } = this;
    store.set({ present: store.state.present ? null : "1" });
  }

  /** Out of presenter mode; false where it is not on. */
  leave() {
    const { present } = this.store.state;
    if (present) this.present();
    return Boolean(present);
  }

  /** For a few seconds; where there are no keys, a button stays. */
  #sayHowToLeave() {
    const { leaving } = this,
      on = Boolean(this.store.state.present);
    clearTimeout(this.said);
    this.said = 0;
    leaving.hidden = !on;
    if (on && !hasKeys())
      return leaving.replaceChildren(
        el("button", { type: "button", onclick: () => this.leave() }, "Leave presenter mode"),
      );
    leaving.replaceChildren(
      ...(on ? [el("kbd", {}, "h"), " or ", el("kbd", {}, "Esc"), " leaves presenter mode"] : []),
    );
    if (on) this.said = setTimeout(() => (leaving.hidden = true), LEAVING_MS);
  }

  /** All but the picture, or all. */
  toggle() {
    const { store } = this;
    store.set({ hide: store.state.hide ? null : EVERYTHING });
  }
}
