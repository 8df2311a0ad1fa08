// The keyboard, and the overlay that lists it.
import { STAGES } from "./state.js";
import { el } from "./dom.js";

const KEYS = [
  ["← →", "stage back, forward"],
  ["1 … 8", "go to a stage"],
  ["[ ]", "round back, forward"],
  ["space", "play the rounds"],
  ["click", "pin a pixel"],
  ["Shift + arrows", "move the pin by one cell"],
  ["Esc", "unpin, cancel"],
  ["b", "affinity: row or column"],
  ["l", "affinity: log or linear"],
  ["t", "ground truth: off, border, filled"],
  [", .", "photo back, forward"],
  ["− +", "layer opacity"],
  ["u", "take in your photo"],
  ["c", "copy a link to this view"],
  ["?", "this list"],
];

function action(app, { key, shiftKey }) {
  const { state, store } = app,
    arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (shiftKey && key in arrows) return () => app.nudge(...arrows[key]);
  if (/^[1-8]$/.test(key)) return () => app.goStage(STAGES[key - 1]);
  const opacity = (by) => () => store.set({ opacity: Math.min(100, Math.max(0, state.opacity + by)) });
  return {
    ArrowLeft: () => app.walk(-1),
    ArrowRight: () => app.walk(1),
    "[": () => app.goRound(-1),
    "]": () => app.goRound(1),
    " ": () => app.stepper.toggle(),
    Escape: () => app.ownView.cancel() || app.unpin(),
    ",": () => app.goPhoto(-1),
    ".": () => app.goPhoto(1),
    b: () => store.set({ mode: state.mode === "row" ? "column" : "row" }),
    l: () => store.set({ scale: state.scale === "log" ? "linear" : "log" }),
    t: () => app.toggleTruth(),
    u: () => app.ownView.choose(),
    c: () => app.copyLink(),
    "?": () => app.help.toggle(),
    "-": opacity(-10),
    "+": opacity(10),
    "=": opacity(10),
  }[key];
}

// Keys belong to a control that has the focus when it would use them itself.
function taken({ target, key }) {
  if (target.closest("select, textarea, [contenteditable], input:not([type=range], [type=checkbox])"))
    return true;
  if (target.closest("input[type=range]") && key.startsWith("Arrow")) return true;
  return key === " " && target.closest("button, input, a, summary");
}

export function listen(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || taken(event)) return;
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
}

export function help(root) {
  const close = el(
    "button.quiet",
    { type: "button", "aria-label": "Close", onclick: () => dialog.close() },
    "✕",
  );
  const dialog = el(
    "dialog.help",
    { "aria-label": "Keys" },
    el("header", {}, el("h2", {}, "Keys"), close),
    el(
      "dl",
      {},
      KEYS.map(([key, does]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, does))),
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
