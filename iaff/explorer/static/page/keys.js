// The keyboard, and the overlay that lists it.
import { DIRECTIONS, STAGES } from "../state/state.js";
import { COUNTS } from "../state/panes.js";
import { nextTab } from "../panel/tabs.js";
import { embedded } from "../client/embedded.js";
import { copyLink } from "../state/links.js";
import { dialog, el } from "../ui/dom.js";

const next = (list, value, by = 1) => list[(list.indexOf(value) + by + list.length) % list.length];
const opacity =
  (by) =>
  ({ state, store }) =>
    store.set({ opacity: Math.min(100, Math.max(0, state.opacity + by)) });
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// What keys are for, as the overlay and README.md head them.
export const GROUPS = { look: "Look", compare: "Compare", ask: "Ask", paint: "What if", more: "Open and share" };

// One table: what the keyboard does, and what the overlay and README.md say of it (tools/keys.py reads `group`, `show`
// and `does` in this order; without a group it is one of "more"). `held` hears of the key's release too.
export const KEYS = [
  {
    group: "look",
    show: "← →",
    does: "stage back, forward; in a lesson: step",
    keys: {
      ArrowLeft: (app) => app.lessons.turn(-1, true) || app.walk(-1),
      ArrowRight: (app) => app.lessons.turn(1, true) || app.walk(1),
    },
  },
  {
    group: "look",
    show: "1 … 8",
    does: "go to a stage",
    keys: Object.fromEntries(STAGES.map((stage, i) => [String(i + 1), (app) => app.goStage(stage)])),
  },
  {
    group: "look",
    show: "[ ]",
    does: "round back, forward",
    keys: { "[": (app) => app.goRound(-1), "]": (app) => app.goRound(1) },
  },
  { group: "look", show: "space", does: "play the rounds", keys: { " ": (app) => app.stepper.toggle() } },
  {
    group: "look",
    show: "k",
    does: "play once or in a loop",
    keys: { k: ({ state, store }) => store.set({ loop: state.loop ? null : "1" }) },
  },
  {
    group: "look",
    show: ", .",
    does: "photo back, forward",
    keys: { ",": (app) => app.goPhoto(-1), ".": (app) => app.goPhoto(1) },
  },
  {
    group: "look",
    show: "− +",
    does: "farther, nearer",
    keys: { "-": (app) => app.zoom(-1), "+": (app) => app.zoom(1), "=": (app) => app.zoom(1) },
  },
  {
    group: "look",
    show: "0",
    does: "the whole photo",
    keys: { 0: ({ store }) => store.set({ zoom: 1, cx: null, cy: null }) },
  },
  { group: "look", show: "Alt + arrows", does: "move the photo, when it is near" },
  { group: "look", show: "< >", does: "layer opacity", keys: { "<": opacity(-10), ">": opacity(10) } },
  { group: "look", show: "o", does: "only the class or layer that has the focus, or all", keys: { o: () => solo() } },
  { group: "look", show: "t", does: "ground truth: off, border, filled", keys: { t: (app) => app.toggleTruth() } },
  { group: "look", show: "q", does: "next tab of the panel", keys: { q: (app) => nextTab(app) } },
  { group: "look", show: "f", does: "the picture alone, or with controls", keys: { f: (app) => app.hiding.toggle() } },
  { group: "ask", show: "click", does: "pin a pixel" },
  { group: "ask", show: "Shift + click", does: "pin one more, up to four" },
  { group: "ask", show: "Shift + arrows", does: "pin a pixel, move the pin by one cell" },
  {
    group: "ask",
    show: "m",
    does: "leave one more pin here, or take it away",
    keys: { m: (app) => app.pinMore() },
  },
  {
    group: "ask",
    show: "Esc",
    does: "unpin, cancel",
    keys: { Escape: (app) => app.ownView.cancel() || app.pen.lift() || app.unpin() },
  },
  {
    group: "ask",
    show: "b",
    does: "affinity: row or column",
    keys: { b: ({ state, store }) => store.set({ mode: next(["row", "column"], state.mode) }) },
  },
  {
    group: "ask",
    show: "l",
    does: "affinity: log or linear",
    keys: { l: ({ state, store }) => store.set({ scale: next(["log", "linear"], state.scale) }) },
  },
  {
    group: "ask",
    show: "d",
    does: "affinity: all directions, or one",
    keys: { d: ({ state, store }) => store.set({ dir: next([null, ...DIRECTIONS], state.dir) }) },
  },
  { group: "ask", show: "a", does: "watch a label travel", keys: { a: (app) => app.animation.toggle() } },
  {
    group: "compare",
    show: "p",
    does: "panes: one, two, four",
    keys: { p: ({ state, store }) => store.set({ panes: next(COUNTS, state.panes) }) },
  },
  { group: "compare", show: "w", does: "wipe between two rounds", keys: { w: (app) => app.toggleWipe() } },
  {
    group: "compare",
    show: "hold x",
    does: "blink: the other round",
    keys: { x: (app) => app.blinks(true) },
    held: { x: (app) => app.blinks(false) },
  },
  {
    group: "paint",
    show: "e",
    does: "pen down at the pin (Shift + arrows paint), or up",
    keys: { e: (app) => app.pen.toggle() },
  },
  { group: "paint", show: "z", does: "take back the last stroke", keys: { z: (app) => app.whatIf.undo() } },
  { group: "paint", show: "r", does: "reset", keys: { r: (app) => app.whatIf.reset() } },
  { group: "more", show: "g", does: "all photos of the run", keys: { g: (app) => app.browser.open() } },
  { group: "more", show: "u", does: "take in your photo or a trace", keys: { u: (app) => app.ownView.choose() } },
  { group: "more", show: "v", does: "lessons", keys: { v: (app) => app.lessons.menu.open() } },
  { group: "more", show: "s", does: "export: pictures, files, figures", keys: { s: (app) => app.exports.open() } },
  { group: "more", show: "c", does: "copy a link to this view", keys: { c: (app) => copyLink(app) } },
  { group: "more", show: "Tab", does: "to every control, and the picture" },
  { group: "more", show: "?", does: "this list", keys: { "?": (app) => app.help.toggle() } },
];

/** The class or the layer that has the focus is to be shown alone. */
function solo() {
  document.activeElement.closest("[data-solo]")?.dispatchEvent(new Event("solo"));
}

// A self-contained file holds one photo, has no lessons, and its address says nothing of the view.
const SERVED = [", .", "g", "u", "v", "c"],
  HERE = embedded ? KEYS.filter(({ show }) => !SERVED.includes(show)) : KEYS;

const PRESSED = Object.assign({}, ...HERE.map(({ keys }) => keys)),
  RELEASED = Object.assign(Object.create(null), ...HERE.map(({ held }) => held));

/** Whether something was done. */
function act(app, { key, shiftKey }, alt) {
  if (alt) return key in ARROWS && app.pan(...ARROWS[key]); // at the whole photo it stays the browser's key
  if (shiftKey && key in ARROWS) app.nudge(...ARROWS[key]);
  else if (Object.hasOwn(PRESSED, key)) PRESSED[key](app);
  else return false;
  return true;
}

// Keys belong to a control that has the focus when it would use them itself.
function taken({ target, key }) {
  if (target.closest("select, textarea, [contenteditable], input:not([type=range], [type=checkbox])")) return true;
  if (target.closest("input[type=range]") && key.startsWith("Arrow")) return true;
  return key === " " && target.closest("button, input, a, summary");
}

export function listen(app) {
  document.addEventListener("keydown", (event) => {
    const character = event.getModifierState("AltGraph"); // on some keyboards it makes "[", with Ctrl or without
    if ((event.ctrlKey && !character) || event.metaKey || event.defaultPrevented || taken(event)) return;
    if (document.querySelector("dialog[open]:not(.help)")) return; // it has keys of its own
    if (app.help.open) {
      if (event.key === "Escape" || event.key === "?") {
        app.help.toggle();
        event.preventDefault();
      }
      return;
    }
    if (act(app, event, event.altKey && !character)) event.preventDefault();
  });
  document.addEventListener("keyup", ({ key }) => {
    const release = RELEASED[key.toLowerCase()]; // Shift may have come in between
    release?.(app);
  });
  addEventListener("blur", () => app.blinks(false)); // the release of a held key may go elsewhere
}

export function help(root) {
  const node = dialog("help", "Keys", [], el("div.key-groups", {}, Object.keys(GROUPS).map(group)));
  root.append(node);
  return {
    get open() {
      return node.open;
    },
    toggle() {
      node.open ? node.close() : node.showModal();
    },
  };
}

/** The keys for one thing. */
function group(name) {
  const keys = HERE.filter(({ group = "more" }) => group === name),
    rows = keys.map(({ show, does }) => el("div", {}, el("dt", {}, el("kbd", {}, show)), el("dd", {}, does)));
  return el("section", {}, el("h3", {}, GROUPS[name]), el("dl", {}, rows));
}
