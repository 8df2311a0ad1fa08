// The page's frame: top line, stepper, photos, picture with its tools, panel, keys. Built once.
import { el } from "../ui/dom.js";
import { hasKeys, onKeys } from "../ui/pointing.js";

const KEYS = [
  ["← →", "stage"],
  ["[ ]", "round"],
  ["space", "play"],
  ["b", "row or column"],
  ["click", "pin"],
  ["wheel", "zoom"],
  ["p", "panes"],
  ["h", "for a class"],
  ["?", "all keys"],
];
const FINGERS = ["one finger asks", "a tap pins", "two fingers zoom", "a quick swipe scrolls"];
// On narrow and high pages the parts stand below each other: see narrow.css.
const STACKED = "(max-width: 539px), (max-width: 999px) and (max-aspect-ratio: 5/4)";

/** Puts the parts of the page into its node `root`; `top` is the top line. */
export function buildPage(root, { store, top, stepper, gallery, picture, watchBar, tools, panel, lessons, opening }) {
  const under = el("div.tools", {}, panel.legend, tools.nodes),
    view = el("div.view", {}, picture.node, watchBar.node, under),
    hints = el("p.keys");
  const hint = () =>
    hints.replaceChildren(
      ...(hasKeys()
        ? KEYS.map(([key, does]) => el("span", {}, el("kbd", {}, key), ` ${does}`))
        : FINGERS.map((text) => el("span", {}, text))),
    );
  root.prepend(
    top,
    stepper.node,
    el("div.work", {}, gallery.node, view, el("div.side", {}, opening.node, lessons.card.node, panel.node)),
    hints,
    lessons.menu.node,
    lessons.recorder.node,
  );
  const stacked = matchMedia(STACKED);
  const place = () => {
    const above = stacked.matches && !store.state.present;
    above ? stepper.node.after(panel.head) : panel.scroll.prepend(panel.head);
  };
  store.subscribe((changed) => changed.has("present") && place());
  stacked.addEventListener("change", place);
  place();
  hint();
  onKeys(hint);
}
