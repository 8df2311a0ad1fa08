// The page's frame: top line, stepper, photos, picture with its tools, panel, keys. Built once.
import { embedded } from "../client/embedded.js";
import { el, icon, ICONS, segmented } from "../ui/dom.js";
import { copyLink } from "../state/links.js";

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

/** Puts the app's parts into `root`, and the controls that belong to none of them onto the app. */
export function buildPage(app, root) {
  app.title = el("h1");
  app.readout = el("output.readout", { hidden: true, "aria-live": "off" }); // it follows the cursor
  app.picture.main.node.append(app.readout);
  app.runChoice = runChoice(app);
  app.copy = copyButton(app);
  Object.assign(app, tools(app));
  const view = el(
    "div.view",
    {},
    app.picture.node,
    el("div.tools", {}, app.panel.legend, app.truthLabel, app.layer),
  );
  const hints = KEYS.map(([key, does]) => el("span", {}, el("kbd", {}, key), ` ${does}`));
  root.replaceChildren(
    top(app),
    app.stepper.node,
    el("div.work", {}, app.gallery.node, view, el("div.side", {}, app.panel.node)),
    el("p.keys", {}, hints),
    app.lessons.menu.node,
  );
  const narrow = matchMedia("(max-width: 999px)");
  const place = () => {
    narrow.matches ? app.stepper.node.after(app.panel.head) : app.panel.tabs.node.after(app.panel.head);
    narrow.matches ? app.stepper.node.after(app.lessons.card.node) : app.panel.node.before(app.lessons.card.node);
  };
  narrow.addEventListener("change", place);
  place();
}

function top(app) {
  return el(
    "header.top",
    {},
    el("span.brand", { title: "iterative affinity" }, "iaff"),
    app.title,
    app.runs.length > 1
      ? el("label.run", {}, "run", app.runChoice)
      : el("span.run", {}, app.runs[0]?.name ? `run ${app.runs[0].name}` : ""),
    el("span.spring"),
    app.lessons.offered &&
      el("button.quiet", { type: "button", title: "Lessons (v)", onclick: () => app.lessons.menu.open() }, "Lessons"),
    !embedded && el("button.quiet", { type: "button", onclick: toCharts }, "Run figures ↓"),
    !embedded && app.copy,
    el(
      "button.quiet",
      { type: "button", title: "Pictures, files and figures of this view (s)", onclick: () => app.exports.open() },
      icon(ICONS.take),
      "Export",
    ),
    el(
      "button.quiet",
      { type: "button", title: "All keys (?)", "aria-label": "All keys", onclick: () => app.help.toggle() },
      "?",
    ),
  );
}

function runChoice({ runs, store }) {
  const options = runs.map(({ name }) => el("option", { value: name }, name));
  const choice = el(
    "select",
    { "aria-label": "Run", onchange: () => store.set({ run: choice.value, img: null }) },
    options,
  );
  return choice;
}

function copyButton(app) {
  return el(
    "button.quiet",
    { type: "button", title: "Copy a link to exactly this view (c)", onclick: () => copyLink(app) },
    icon(ICONS.link),
    el("span", {}, "Copy link"),
  );
}

/** Under the picture: ground truth and the layer's opacity. */
function tools({ store }) {
  const opacity = el("input", {
    type: "range",
    min: 0,
    max: 100,
    "aria-label": "Layer opacity in percent",
    oninput: () => store.set({ opacity: +opacity.value }),
  });
  const truth = segmented(
    "Ground truth",
    [
      [null, "off", "no ground truth (t)"],
      ["border", "border", "the true border above the layer (t)"],
      ["filled", "filled", "the true labels in place of the layer (t)"],
    ],
    (value) => store.set({ truth: value }),
  );
  return {
    opacity,
    layer: el("label.opacity", {}, "layer", opacity),
    truth,
    truthLabel: el("div.check", {}, el("span", { "aria-hidden": "true" }, "truth"), truth.node),
  };
}

function toCharts() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector(".iaff-charts")?.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}
