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
export function buildPage(root, { top, stepper, gallery, picture, watchBar, tools, panel, lessons }) {
  const under = el("div.tools", {}, panel.legend, tools.nodes),
    view = el("div.view", {}, picture.node, watchBar.node, under),
    hints = KEYS.map(([key, does]) => el("span", {}, el("kbd", {}, key), ` ${does}`));
  root.prepend(
    top,
    stepper.node,
    el("div.work", {}, gallery.node, view, el("div.side", {}, panel.node)),
    el("p.keys", {}, hints),
    lessons.menu.node,
  );
  const narrow = matchMedia(NARROW);
  const place = () => {
    narrow.matches ? stepper.node.after(panel.head) : panel.tabs.node.after(panel.head);
    narrow.matches ? stepper.node.after(lessons.card.node) : panel.node.before(lessons.card.node);
  };
  narrow.addEventListener("change", place);
  place();
}
