// The line at the top: which photo of which run, and the ways to all else.
import { embedded } from "../client/embedded.js";
import { el, icon, ICONS } from "../ui/dom.js";
import { hasKeys } from "../ui/pointing.js";
import { more } from "./more.js";

/**
 * @param {object} parts
 * @param {import("../state/store.js").Store} parts.store
 * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
 * @param {Record<string, any>[]} parts.runs those that are open
 * @param {Node} parts.copyLink the button
 * @param {() => void} parts.toggleOpening
 * @param {() => void} parts.openLessons
 * @param {() => void} parts.openExports
 * @param {() => void} parts.openKeys
 */
export function topLine({ store, current, runs, copyLink, toggleOpening, openLessons, openExports, openKeys }) {
  const title = el("h1");
  current.changed.subscribe(() => (title.textContent = current.title));
  return el(
    "header.top",
    {},
    embedded
      ? el("span.brand", { title: "iterative affinity" }, "iaff")
      : el("button.brand", { type: "button", title: "What this is", onclick: toggleOpening }, "iaff"),
    title,
    runs.length > 1
      ? el("label.run", {}, "run", runChoice(store, current, runs))
      : el("span.run", {}, runs[0]?.name ? `run ${runs[0].name}` : ""),
    el("span.spring"),
    !embedded &&
      el("button.quiet.lessons-button", { type: "button", title: "Lessons (v)", onclick: openLessons }, "Lessons"),
    more(
      [
        !embedded && el("button.quiet.run-figures", { type: "button", onclick: toCharts }, "Run figures ↓"),
        !embedded && copyLink,
        el(
          "button.quiet.export",
          { type: "button", title: "Pictures, files and figures of this view (s)", onclick: openExports },
          icon(ICONS.take),
          "Export",
        ),
        keysButton(openKeys),
      ],
      [copyLink],
    ),
  );
}

/** A question mark; in a list of buttons it has its name. */
function keysButton(openKeys) {
  const name = hasKeys() ? "All keys" : "What fingers do",
    words = [el("span.glyph", { "aria-hidden": "true" }, "?"), el("span.name", {}, name)];
  return el(
    "button.quiet.all-keys",
    { type: "button", title: "All keys (?)", "aria-label": name, onclick: openKeys },
    words,
  );
}

function runChoice(store, current, runs) {
  const options = runs.map(({ name }) => el("option", { value: name }, name));
  const choice = el(
    "select",
    { "aria-label": "Run", onchange: () => store.set({ run: choice.value, img: null }) },
    options,
  );
  current.changed.subscribe(() => (choice.value = current.run?.name));
  return choice;
}

function toCharts() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector(".iaff-charts")?.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}
