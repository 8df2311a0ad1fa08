// The pinned pixel through all rounds: which class wins, and how clearly.
import { el } from "../ui/dom.js";
import { swatch } from "../draw/swatch.js";
import { term } from "../ui/term.js";

const UNKNOWN = 255;

/** Rows of the table: {stage, of(round)}, which gives {id, name, text}, or null where the trace knows none. */
function rows(trace, p) {
  const { classes, class_ids: ids } = trace.meta,
    mined = trace.confident.some(Boolean);
  const soft = (map) => {
    if (!map) return null;
    let k = 0;
    for (let j = 1; j < trace.K; j++) if (map[j * trace.n + p] > map[k * trace.n + p]) k = j;
    return { id: ids[k], name: classes[k], text: map[k * trace.n + p].toFixed(2) };
  };
  const sure = (map) => {
    if (!map) return null;
    const id = map[p];
    return id === UNKNOWN
      ? { id, name: "unknown", text: "?" }
      : { id, name: classes[ids.indexOf(id)] ?? `class ${id}`, text: "kept" };
  };
  return [
    { stage: "unary", of: (t) => soft(trace.unary(t)) },
    ...(mined ? [{ stage: "confident", of: (t) => sure(trace.confident[t - 1]) }] : []),
    { stage: "refined", of: (t) => soft(trace.refined(t)) },
  ];
}

/** Nodes of the story, for a pixel {x, y}. */
export function pixelRounds(trace, { x, y }, round, unpin) {
  const rounds = Array.from({ length: trace.T }, (_, i) => i + 1),
    here = (tag, t) => (t === round ? `${tag}.here` : tag);
  const cell = (t, found) =>
    found
      ? el(here("td", t), { title: `${found.name} ${found.text}` }, swatch(found.id), el("span", {}, found.text))
      : el(here("td", t));
  const heads = rounds.map((t) => el(here("th", t), { scope: "col" }, `${t}`));
  return [
    el(
      "h3",
      {},
      `Pixel ${x}, ${y} through the rounds`,
      el("button.unpin", { type: "button", title: "Unpin (Esc)", onclick: unpin }, "unpin"),
    ),
    el(
      "table",
      {},
      el("tr", {}, el("td"), heads),
      rows(trace, trace.cell(x, y)).map(({ stage, of }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, term(stage)),
          rounds.map((t) => cell(t, of(t))),
        ),
      ),
    ),
  ];
}
