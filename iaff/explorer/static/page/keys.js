// The keyboard, and the overlay that lists it.
import about from "./keys.json" with { type: "json" };
import { DIRECTIONS, STAGES } from "../state/state.js";
import { COUNTS } from "../state/panes.js";
import { nextTab } from "../panel/tabs.js";
import { embedded } from "../client/embedded.js";
import { copyLink } from "../state/links.js";
import { dialog, el } from "../ui/dom.js";

const { groups, keys } = about;

const next = (list, value, by = 1) => list[(list.indexOf(value) + by + list.length) % list.length];
const opacity =
  (by) =>
  ({ state, store }) =>
    store.set({ opacity: Math.min(100, Math.max(0, state.opacity + by)) });
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// What each key does; `keys.json` says what it is for, to the reader of the page and of README.md.
export const PRESSED = {
  ArrowLeft: (app) => app.lessons.turn(-1, true) || app.walk(-1),
  ArrowRight: (app) => app.lessons.turn(1, true) || app.walk(1),
  ...Object.fromEntries(STAGES.map((stage, i) => [String(i + 1), (app) => app.goStage(stage)])),
  "[": (app) => app.goRound(-1),
  "]": (app) => app.goRound(1),
  " ": (app) => app.stepper.toggle(),
  k: ({ state, store }) => store.set({ loop: state.loop ? null : "1" }),
  ",": (app) => app.goPhoto(-1),
  ".": (app) => app.goPhoto(1),
  "-": (app) => app.zoom(-1),
  "+": (app) => app.zoom(1),
  "=": (app) => app.zoom(1),
  0: ({ store }) => store.set({ zoom: 1, cx: null, cy: null }),
  "<": opacity(-10),
  ">": opacity(10),
  o: () => solo(),
  t: (app) => app.toggleTruth(),
  q: (app) => nextTab(app),
  f: (app) => app.hiding.toggle(),
  m: (app) => app.pinMore(),
  Escape: (app) => app.ownView.cancel() || app.pen.lift() || app.unpin(),
  b: ({ state, store }) => store.set({ mode: next(["row", "column"], state.mode) }),
  l: ({ state, store }) => store.set({ scale: next(["log", "linear"], state.scale) }),
  d: ({ state, store }) => store.set({ dir: next([null, ...DIRECTIONS], state.dir) }),
  a: (app) => app.animation.toggle(),
  p: ({ state, store }) => store.set({ panes: next(COUNTS, state.panes) }),
  w: (app) => app.toggleWipe(),
  x: (app) => app.blinks(true),
  e: (app) => app.pen.toggle(),
  z: (app) => app.whatIf.undo(),
  r: (app) => app.whatIf.reset(),
  g: (app) => app.browser.open(),
  u: (app) => app.ownView.choose(),
  v: (app) => app.lessons.menu.open(),
  s: (app) => app.exports.open(),
  c: (app) => copyLink(app),
  "?": (app) => app.help.toggle(),
};

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
function act(app, { key, shiftKey }, alt) {
  if (alt) return key in ARROWS && app.pan(...ARROWS[key]); // at the whole photo it stays the browser's key
  if (shiftKey && key in ARROWS) app.nudge(...ARROWS[key]);
  else if (WORKING.has(key)) PRESSED[key](app);
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
    if (key.toLowerCase() === "x") app.blinks(false); // Shift may have come in between
  });
  addEventListener("blur", () => app.blinks(false)); // the release of a held key may go elsewhere
}

export function help(root) {
  const node = dialog("help", "Keys", [], el("div.key-groups", {}, Object.keys(groups).map(group)));
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
  const keys = HERE.filter((key) => key.group === name),
    rows = keys.map(({ show, does }) => el("div", {}, el("dt", {}, el("kbd", {}, show)), el("dd", {}, does)));
  return el("section", {}, el("h3", {}, groups[name]), el("dl", {}, rows));
}
