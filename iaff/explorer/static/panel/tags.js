// The tags of an own photo: what the classifier proposes, and what the user says instead.
import { el } from "../ui/dom.js";
import { percent } from "../ui/format.js";

/** A list of the run's classes to switch on and off; `compute(tags)` is asked for when the choice has changed. */
export function tagEditor(trace, classes, compute) {
  const { tags, tag_scores: scores = {} } = trace.meta;
  const chosen = new Set(tags);
  const go = el("button.primary", { type: "button", hidden: true, onclick: () => compute([...chosen]) });
  const same = () => chosen.size === tags.length && tags.every((tag) => chosen.has(tag));
  const rows = classes.map((name) => {
    const score = scores[name] ?? 0;
    const row = el(
      "button.bar.choice",
      {
        type: "button",
        role: "checkbox",
        "aria-checked": String(chosen.has(name)),
        "aria-label": `${name}, score ${percent(score, 0)}`,
        onclick: () => {
          chosen.has(name) ? chosen.delete(name) : chosen.add(name);
          row.setAttribute("aria-checked", String(chosen.has(name)));
          go.hidden = same();
          go.textContent = chosen.size ? "Compute again with these tags" : "Compute again without a tag";
        },
      },
      el("span.tick", { "aria-hidden": "true" }),
      el("span.name", {}, name),
      el("span.rail", {}, el("i", { style: `transform:scaleX(${score})` })),
      el("span.value", {}, percent(score, 0)),
    );
    return [score, row];
  });
  rows.sort((a, b) => b[0] - a[0]);
  return el(
    "section.tag-editor",
    { "aria-label": "Tags of this photo" },
    el("h3", {}, "Which of these does it show?"),
    el("p.note", {}, said(trace)),
    el(
      "div.scores",
      {},
      rows.map(([, row]) => row),
    ),
    go,
  );
}

function said({ meta: { tags, proposed = [], thresholds: th = /** @type {any} */ ({}) } }) {
  const sure = `${Math.round(100 * (th.proposed ?? 0.5))} %`;
  const same = proposed.length === tags.length && proposed.every((tag) => tags.includes(tag));
  if (!same) return "These are your tags; the bars are the classifier's scores.";
  return tags.length
    ? `The classifier proposes what it gives at least ${sure}. Change it if you know better.`
    : `The classifier gives none of them ${sure}. Switch on what you see, and compute again.`;
}
