// The page's frame: top line, stepper, photos, picture with its tools, panel, keys. Built once.
import { el } from "../ui/dom.js";

const KEYS = [
  ["← →", "stage"],
  ["[ ]", "round"],
  ["space", "play"],
  ["b", "row or column"],
  ["click", "pin"],
  ["wheel", "zoom"],
  ["p", "panes"],
  ["?", "all keys"],
];
const NARROW = "(max-width: 999px)";

/** Puts the parts of the page into its node `root`; `top` is the top line. */
export function buildPage(root, { store, top, stepper, gallery, picture, watchBar, tools, panel, lessons }) {
  const under = el("div.tools", {}, panel.legend, tools.nodes),
    view = el("div.view", {}, picture.node, watchBar.node, under),
    hints = KEYS.map(([key, does]) => el("span", {}, el("kbd", {}, key), ` ${does}`));
  root.prepend(
    top,
    stepper.node,
    el("div.work", {}, gallery.node, view, el("div.side", {}, lessons.card.node, panel.node)),
    el("p.keys", {}, hints),
    lessons.menu.node,
  );
  const narrow = matchMedia(NARROW);
  const place = () => {
    const above = narrow.matches && !store.state.present;
    above ? stepper.node.after(panel.head) : panel.tabs.node.after(panel.head);
  };
  store.subscribe((changed) => changed.has("present") && place());
  narrow.addEventListener("change", place);
  place();
}
