// The keyboard, and the overlay that lists it.
import about from "./keys.json" with { type: "json" };
import { DIRECTIONS, STAGES } from "../state/state.js";
import { directionOf, reckons } from "../state/arithmetic.js";
import { nextTab } from "../panel/tabs.js";
import { embedded } from "../client/embedded.js";
import { watchFocus } from "./mouse_focus.js";
import { dialog, el } from "../ui/dom.js";
import { allTerms } from "../ui/term.js";
import { byFinger, hasKeys } from "../ui/pointing.js";

const { groups, keys, fingers } = about;

const next = (list, value, by = 1) => list[(list.indexOf(value) + by + list.length) % list.length];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What keys do with the view: a function for each. Those of single parts of the page are added in main.js. */
export function viewKeys(store, actions) {
  const { state } = store,
    turn = (key, values) => () => store.set({ [key]: next(values, state[key]) }),
    opacity = (by) => () => store.set({ opacity: Math.min(100, Math.max(0, state.opacity + by)) }),
    stages = STAGES.map((stage, i) => [String(i + 1), () => actions.goStage(stage)]);
  return {
    ...Object.fromEntries(stages),
    "[": () => actions.goRound(-1),
    "]": () => actions.goRound(1),
    k: turn("loop", [null, "1"]),
    ",": () => actions.goPhoto(-1),
    ".": () => actions.goPhoto(1),
    "-": () => actions.zoom(-1),
    "+": () => actions.zoom(1),
    "=": () => actions.zoom(1),
    0: () => store.set({ zoom: 1, cx: null, cy: null }),
    "<": opacity(-10),
    ">": opacity(10),
    o: solo,
    y: turn("marks", [null, "1"]),
    t: () => actions.toggleTruth(),
    q: () => nextTab(store),
    m: () => actions.pinMore(),
    b: turn("mode", ["row", "column"]),
    l: turn("scale", ["log", "linear"]),
    d: () => store.set({ dir: next(reckons(state) ? DIRECTIONS : [null, ...DIRECTIONS], directionOf(state)) }),
    p: () => actions.panes(),
    w: () => actions.toggleWipe(),
    x: () => actions.blink(true),
  };
}

/** The class or the layer that has the focus is to be shown alone. */
function solo() {
  document.activeElement.closest("[data-solo]")?.dispatchEvent(new Event("solo"));
}

// A self-contained file holds one photo, has no lessons, and its address says nothing of the view: there `alone` is what
// the key does, or false.
const HERE = embedded
    ? keys.filter(({ alone }) => alone !== false).map(({ does, alone = does, ...key }) => ({ ...key, does: alone }))
    : keys,
  WORKING = new Set(HERE.flatMap(({ keys }) => keys));

/** Whether something was done. */
function act(pressed, actions, { key, shiftKey }, alt) {
  if (alt) return key in ARROWS && actions.pan(...ARROWS[key]); // at the whole photo it stays the browser's key
  if (shiftKey && key in ARROWS) actions.nudge(...ARROWS[key]);
  else if (WORKING.has(key)) pressed[key]();
  else return false;
  return true;
}

const WRITES = "select, textarea, [contenteditable], input:not([type=range], [type=checkbox])";
const WALKED = "[role=tab]"; // arrows work them, before the page hears of a key

// Keys belong to a control that has the focus when it would use them itself.
function taken({ target, key }, byMouse) {
  if (target.closest(WRITES)) return true;
  if (target.closest("input[type=range]") && key.startsWith("Arrow")) return true; // what was dragged is put right by them
  if (byMouse) return false;
  return key === " " && target.closest("button, input, a, summary");
}

/** Listens to the keyboard. `pressed`: what each key of keys.json does; `help`: the list of them. */
export function listen({ pressed, actions, help }) {
  const byMouse = watchFocus();
  const hear = (/** @type {any} */ event) => {
    const character = event.getModifierState("AltGraph"); // on some keyboards it makes "[", with Ctrl or without
    if ((event.ctrlKey && !character) || event.metaKey || event.defaultPrevented || taken(event, byMouse())) return;
    if (document.querySelector("dialog[open]:not(.help)")) return; // it has keys of its own
    if (help.open) {
      if (event.key === "Escape" || event.key === "?") {
        help.toggle();
        event.preventDefault();
      }
      return;
    }
    if (event.key === " " && event.target.closest("button, input, summary")) event.target.blur(); // its release would press it
    if (act(pressed, actions, event, event.altKey && !character)) event.preventDefault();
  };
  document.addEventListener("keydown", hear);
  document.addEventListener(
    "keydown",
    (event) => {
      const walked = byMouse() && event.key in ARROWS && /** @type {Element} */ (event.target).closest(WALKED);
      if (!walked) return;
      hear(event);
      if (event.defaultPrevented) event.stopPropagation();
    },
    true,
  );
  document.addEventListener("keyup", ({ key }) => {
    if (key.toLowerCase() === "x") actions.blink(false); // Shift may have come in between
  });
  addEventListener("blur", () => actions.blink(false)); // the release of a held key may go elsewhere
}

/** The list of keys, and of what fingers do where they are what one points with: {open, toggle()}. `explain` says what all this is. */
export function keyList(root, explain) {
  const explaining = () => {
    node.close();
    explain();
  };
  const about = explain && el("button.quiet", { type: "button", onclick: explaining }, "What this is"),
    node = dialog("help", "Keys", about ? [about] : [], el("div.key-groups"), allTerms());
  root.append(node);
  const fill = () => {
    const name = hasKeys() ? "Keys" : "What fingers do";
    node.setAttribute("aria-label", name);
    node.querySelector("h2").textContent = name;
    node
      .querySelector(".key-groups")
      .replaceChildren(
        ...(byFinger() ? [section(hasKeys() ? "Fingers" : "On the picture", fingers, "b")] : []),
        ...(hasKeys() ? Object.keys(groups).map(group) : []),
      );
  };
  return {
    get open() {
      return node.open;
    },
    toggle() {
      if (node.open) return node.close();
      fill();
      node.showModal();
    },
  };
}

/** The keys for one thing. */
function group(name) {
  const keys = HERE.filter((key) => key.group === name);
  return section(groups[name], keys, "kbd");
}

function section(name, entries, mark) {
  const rows = entries.map(({ show, does }) => el("div", {}, el("dt", {}, el(mark, {}, show)), el("dd", {}, does)));
  return el("section", {}, el("h3", {}, name), el("dl", {}, rows));
}
