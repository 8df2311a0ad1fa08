// The keyboard, and the overlay that lists it.
import { DIRECTIONS, STAGES } from "./state.js";
import { COUNTS } from "./panes.js";
import { nextTab } from "./tabs.js";
import { el } from "./dom.js";

const next = (list, value, by = 1) => list[(list.indexOf(value) + by + list.length) % list.length];
const opacity =
  (by) =>
  ({ state, store }) =>
    store.set({ opacity: Math.min(100, Math.max(0, state.opacity + by)) });
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// One table: what the keyboard does, and what the overlay says of it. `held` hears of the key's release too.
export const KEYS = [
  {
    show: "← →",
    does: "stage back, forward",
    keys: { ArrowLeft: (app) => app.walk(-1), ArrowRight: (app) => app.walk(1) },
  },
  {
    show: "1 … 8",
    does: "go to a stage",
    keys: Object.fromEntries(STAGES.map((stage, i) => [String(i + 1), (app) => app.goStage(stage)])),
  },
  { show: "[ ]", does: "round back, forward", keys: { "[": (app) => app.goRound(-1), "]": (app) => app.goRound(1) } },
  { show: "space", does: "play the rounds", keys: { " ": (app) => app.stepper.toggle() } },
  {
    show: "k",
    does: "play once or in a loop",
    keys: { k: ({ state, store }) => store.set({ loop: state.loop ? null : "1" }) },
  },
  { show: ", .", does: "photo back, forward", keys: { ",": (app) => app.goPhoto(-1), ".": (app) => app.goPhoto(1) } },
  { show: "click", does: "pin a pixel" },
  { show: "Shift + click", does: "pin one more, up to four" },
  { show: "Shift + arrows", does: "move the pin by one cell" },
  { show: "Esc", does: "unpin, cancel", keys: { Escape: (app) => app.ownView.cancel() || app.unpin() } },
  {
    show: "b",
    does: "affinity: row or column",
    keys: { b: ({ state, store }) => store.set({ mode: next(["row", "column"], state.mode) }) },
  },
  {
    show: "l",
    does: "affinity: log or linear",
    keys: { l: ({ state, store }) => store.set({ scale: next(["log", "linear"], state.scale) }) },
  },
  {
    show: "d",
    does: "affinity: all directions, or one",
    keys: { d: ({ state, store }) => store.set({ dir: next([null, ...DIRECTIONS], state.dir) }) },
  },
  { show: "a", does: "watch a label travel", keys: { a: (app) => app.animation.toggle() } },
  {
    show: "p",
    does: "panes: one, two, four",
    keys: { p: ({ state, store }) => store.set({ panes: next(COUNTS, state.panes) }) },
  },
  { show: "w", does: "wipe between two rounds", keys: { w: (app) => app.toggleWipe() } },
  {
    show: "hold x",
    does: "blink: the other round",
    keys: { x: (app) => app.blinks(true) },
    held: { x: (app) => app.blinks(false) },
  },
  { show: "t", does: "ground truth: off, border, filled", keys: { t: (app) => app.toggleTruth() } },
  {
    show: "− +",
    does: "farther, nearer",
    keys: { "-": (app) => app.zoom(-1), "+": (app) => app.zoom(1), "=": (app) => app.zoom(1) },
  },
  { show: "0", does: "the whole photo", keys: { 0: ({ store }) => store.set({ zoom: 1, cx: null, cy: null }) } },
  { show: "< >", does: "layer opacity", keys: { "<": opacity(-10), ">": opacity(10) } },
  { show: "q", does: "next tab of the panel", keys: { q: (app) => nextTab(app) } },
  { show: "r", does: "what if: reset", keys: { r: (app) => app.resetEdits() } },
  { show: "g", does: "all photos of the run", keys: { g: (app) => app.browser.open() } },
  { show: "u", does: "take in your photo or a trace", keys: { u: (app) => app.ownView.choose() } },
  { show: "c", does: "copy a link to this view", keys: { c: (app) => app.copyLink() } },
  { show: "?", does: "this list", keys: { "?": (app) => app.help.toggle() } },
];

const PRESSED = Object.assign({}, ...KEYS.map(({ keys }) => keys)),
  RELEASED = Object.assign(Object.create(null), ...KEYS.map(({ held }) => held));

function action(app, { key, shiftKey }) {
  if (shiftKey && key in ARROWS) return () => app.nudge(...ARROWS[key]);
  return Object.hasOwn(PRESSED, key) && (() => PRESSED[key](app));
}

// Keys belong to a control that has the focus when it would use them itself.
function taken({ target, key }) {
  if (target.closest("select, textarea, [contenteditable], input:not([type=range], [type=checkbox])")) return true;
  if (target.closest("input[type=range]") && key.startsWith("Arrow")) return true;
  return key === " " && target.closest("button, input, a, summary");
}

export function listen(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || taken(event)) return;
    if (document.querySelector("dialog[open]:not(.help)")) return; // it has keys of its own
    if (app.help.open) {
      if (event.key === "Escape" || event.key === "?") {
        app.help.toggle();
        event.preventDefault();
      }
      return;
    }
    const run = action(app, event);
    if (!run) return;
    event.preventDefault();
    run();
  });
  document.addEventListener("keyup", ({ key }) => {
    const release = RELEASED[key.toLowerCase()]; // Shift may have come in between
    release?.(app);
  });
  addEventListener("blur", () => app.blinks(false)); // the release of a held key may go elsewhere
}

export function help(root) {
  const close = el("button.quiet", { type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕");
  const dialog = el(
    "dialog.help",
    { "aria-label": "Keys" },
    el("header", {}, el("h2", {}, "Keys"), close),
    el(
      "dl",
      {},
      KEYS.map(({ show, does }) => el("div", {}, el("dt", {}, el("kbd", {}, show)), el("dd", {}, does))),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.append(dialog);
  return {
    get open() {
      return dialog.open;
    },
    toggle() {
      dialog.open ? dialog.close() : dialog.showModal();
    },
  };
}
