// The panel's tabs: the stage itself, and what can be done with it.
import { TABS } from "../state/state.js";
import { el } from "../ui/dom.js";

/** Of each tab: its name, and what it is for. */
export const NAMES = {
  stage: ["Stage", "what this stage does (q)"],
  layers: ["Layers", "layers, classes, zoom (q)"],
  compare: ["Compare", "rounds, runs and propagators (q)"],
  leaks: ["Leaks", "where another label comes in (q)"],
  mining: ["Mining", "superpixels and thresholds (q)"],
  whatif: ["What if", "paint walls and labels (q)"],
};

export function tabs(store) {
  const buttons = TABS.map((tab) =>
    el(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: `tab-${tab}`,
        "aria-controls": "iaff-tab",
        title: NAMES[tab][1],
        onclick: () => store.set({ tab }),
      },
      NAMES[tab][0],
    ),
  );
  const node = el("div.tab-strip", { role: "tablist", "aria-label": "Panel" }, buttons);
  node.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    nextTab(store, by);
    buttons[TABS.indexOf(store.state.tab)].focus();
  });
  return {
    node,
    show(tab) {
      buttons.forEach((button, i) => {
        button.setAttribute("aria-selected", String(TABS[i] === tab));
        button.tabIndex = TABS[i] === tab ? 0 : -1;
      });
      const { offsetLeft: left, offsetWidth: width } = buttons[TABS.indexOf(tab)];
      node.scrollLeft = Math.max(left + width - node.clientWidth, Math.min(node.scrollLeft, left)); // the page stays
    },
  };
}

export function nextTab(store, by = 1) {
  store.set({ tab: TABS[(TABS.indexOf(store.state.tab) + by + TABS.length) % TABS.length] });
}
