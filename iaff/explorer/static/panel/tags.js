// The tags of an own photo: what the run claims, how sure it is, and what the user says instead.
import { el } from "../ui/dom.js";
import { listed, percent } from "../ui/format.js";

const SURE =
    "Calibrated: of photos with such an activation, half of which show none of the run's classes, about this share " +
    "shows the class. Below 50 % nothing is claimed.",
  SCORE = "The classifier's own score. It is not calibrated: a photo of anything else can have a high one.";

/** How sure the run is of each of its classes, 0..1, with what that means; else the classifier's scores. */
function sureness({ tag_sure: sure = null, tag_scores: scores = {} }) {
  return sure ? { values: sure, unit: "sure", means: SURE } : { values: scores, unit: "score", means: SCORE };
}

/** "cat, 94 % sure" */
function said(meta, name) {
  const { values, unit } = sureness(meta),
    share = percent(values[name] ?? 0, 0);
  return unit === "sure" ? `${name}, ${share} sure` : `${name}, score ${share} (not calibrated)`;
}

const same = (a, b) => a.length === b.length && a.every((name) => b.includes(name));

/** In a sentence or two, what the run claims of a photo, or what the user said. */
export function claim({ tags, proposed = [], ...meta }, classes) {
  const { values } = sureness(meta);
  if (!same(tags, proposed)) return tags.length ? `You said: ${listed(tags)}.` : "You said: none of these.";
  if (tags.length) return `It seems to show ${listed(tags.map((name) => said(meta, name)))}.`;
  const best = [...classes].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0))[0];
  return (
    `This run knows ${listed(classes)}. It is not sure that any of them is here (best: ${said(meta, best)}), so that ` +
    "all is background. Tick what you see."
  );
}

/** What is claimed, and the way out of it in one click, at any stage but the one where tags are edited. */
export function claimLine(trace, classes, compute) {
  const { tags } = trace.meta;
  return el("p.claim", {}, claim(trace.meta, classes), tags.length ? [" ", none("plain", compute)] : null);
}

const none = (kind, compute) =>
  el(`button.${kind}.none`, { type: "button", onclick: () => compute([]) }, "None of these");

/** A list of the run's classes to switch on and off; `compute(tags)` is asked for when the choice has changed. */
export function tagEditor(trace, classes, compute) {
  const { tags } = trace.meta,
    { values, unit, means } = sureness(trace.meta);
  const chosen = new Set(tags);
  const go = el("button.primary", { type: "button", hidden: true, onclick: () => compute([...chosen]) });
  const rows = classes.map((name) => {
    const share = values[name] ?? 0;
    const row = el(
      "button.bar.choice",
      {
        type: "button",
        role: "checkbox",
        "aria-checked": String(chosen.has(name)),
        "aria-label": `${name}, ${unit} ${percent(share, 0)}`,
        title: means,
        onclick: () => {
          chosen.has(name) ? chosen.delete(name) : chosen.add(name);
          row.setAttribute("aria-checked", String(chosen.has(name)));
          go.hidden = same([...chosen], tags);
          go.textContent = chosen.size ? "Compute with these tags" : "Compute without a tag";
        },
      },
      el("span.tick", { "aria-hidden": "true" }),
      el("span.name", {}, name),
      el("span.rail", {}, el("i", { style: `transform:scaleX(${share})` })),
      el("span.value", {}, percent(share, 0)),
    );
    return [share, row];
  });
  rows.sort((a, b) => b[0] - a[0]);
  return el(
    "section.tag-editor",
    { "aria-label": "Tags of this photo" },
    el("h3", {}, "Which of these does it show?"),
    el("p.note", {}, claim(trace.meta, classes)),
    el(
      "div.scores",
      {},
      rows.map(([, row]) => row),
    ),
    tags.length ? none("plain", compute) : null,
    go,
  );
}
