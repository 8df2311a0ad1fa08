// What the colours, patterns and lines of the picture mean.
import { RAMP_CSS, classColour, css } from "../draw/colour.js";
import { swatch } from "../draw/swatch.js";
import { CHANGES } from "../draw/difference.js";
import { heat } from "../draw/paint.js";
import { el } from "../ui/dom.js";
import { percent } from "../ui/format.js";
import { DIFFERENCE } from "../state/panes.js";
import { classChips } from "./layers_view.js";

const item = (mark, text) => el("span.item", {}, mark, text);
const line = (kind = "") => el(`span.line${kind}`, { "aria-hidden": "true" });
const grade = (id) => el("span.grade", { "aria-hidden": "true", style: `--c:${css(classColour(id))}` });

/** {items, high}: the legend's entries, and the node that names the top of the affinity's scale, if any. */
export function legend(app, scaleChoice) {
  const { trace, state, picture } = app,
    { stage } = state,
    { class_ids: ids, classes } = trace.meta;
  const classItems = classChips(app);
  const truth = trace.truth && state.truth;
  if (truth === "filled")
    return { items: [el("span.item.dim", {}, "the true labels:"), ...classItems, item(swatch(255), "void")] };
  const of = {
    photo: () => [el("span.item.dim", {}, "Hover for values, click to pin a pixel.")],
    cam: () => camItems(app),
    seeds: () => [...classItems, item(swatch(255), "unknown")],
    unary: () => [...classItems, item(line(), "class border")],
    superpixels: () =>
      trace.scores(state.round) && [
        ...ids.map((id, k) => item(grade(id), classes[k])).reverse(),
        el("span.item.dim", {}, "fuller colour: higher score"),
      ],
    confident: () => [
      ...classItems,
      item(swatch(255), "unknown"),
      ...(trace.superpixels ? [item(line(".dotted"), "relabelled")] : []),
      ...(trace.superpixels && app.pinned() ? [item(line(".closed"), "the pinned patch")] : []),
    ],
    affinity: () => [],
    refined: () => [
      ...classItems,
      item(line(), "class border"),
      item(
        line(".closed"),
        state.mode === "row" ? "decides the pixel: 90 % of the mass" : "where its label goes: 90 % of the mass",
      ),
    ],
  };
  const difference = state.wipe === null ? picture.difference() : null;
  const items = difference ? changeItems(difference, `against round ${state.diff}:`) : (of[stage]() ?? []);
  let high = null;
  if (stage === "affinity") {
    const log = state.scale === "log";
    high = el("span", {}, "max");
    items.push(
      el(
        "div.ramp",
        {},
        el("span", {}, log ? `max/${(10 ** heat.decades).toLocaleString("en-GB")}` : "0"),
        el("span.ramp-bar", { "aria-hidden": "true", style: `background:${RAMP_CSS}` }),
        high,
        scaleChoice,
      ),
      item(line(), "holds 90 % of the mass"),
    );
  }
  const between = picture.panes.find(({ spec }) => spec.stage === DIFFERENCE)?.difference();
  if (between) items.push(...changeItems(between, "pane 1 → 2:"));
  if (truth) items.push(item(line(".dashed"), "true border"));
  return { items, high };
}

function camItems(app) {
  const { state } = app,
    { thresholds: th = {} } = app.trace.meta;
  return [
    ...classChips(app, { mark: grade, from: 1, text: (name) => `${name}, activation 0 to 1` }),
    th.seed_fg && item(line(), `${state.fg ?? th.seed_fg}: object seed inside`),
    th.seed_bg && item(line(".dashed"), `${state.bg ?? th.seed_bg}: background seed outside`),
  ].filter(Boolean);
}

function changeItems({ shares, counts }, what) {
  return [
    el("span.item.dim", {}, what),
    ...CHANGES.flatMap(({ name, sign, css }, i) =>
      !counts[i] && name === "another class"
        ? []
        : item(
            el("span.sign", { "aria-hidden": "true", style: `background:${css}` }, sign),
            `${name} ${percent(shares[i], 1)} (${counts[i].toLocaleString("en-GB")})`,
          ),
    ),
  ];
}
