// The legend as data: what the colours, patterns and lines of a picture mean. The page shows it under the picture
// (panel/legend.js), exports draw it on figures (export/export_legend.js).
import { CHANGES } from "./difference.js";
import { heat } from "./paint.js";
import { shownClasses } from "./layers.js";
import { pinsOf } from "../state/pins.js";
import { DIFFERENCE } from "../state/panes.js";
import { percent } from "../ui/format.js";

const UNKNOWN = 255;

const note = (words) => ({ swatch: null, words });
const line = (words, form = "solid") => ({ swatch: { kind: "line", form }, words });
const area = (id, words) => ({ swatch: { kind: "area", id }, words });
const grade = (id, words) => ({ swatch: { kind: "grade", id }, words });

/**
 * The entries of a legend, in their order: [{swatch, words, of?, shown?}].
 *
 * `swatch` is the sign before the words, or null where the words stand alone:
 * {kind: "area", id}: the colour of a class id, 255 unknown; {kind: "grade", id}: that colour from clear to full;
 * {kind: "line", form}: "solid", "dashed", "dotted" or "closed"; {kind: "change", sign, colour}: a kind of change;
 * {kind: "ramp", low}: the affinity's scale, from the words `low` to the entry's own.
 * An entry with `of` stands for the class of that name as a whole, which is drawn where `shown` is true.
 *
 * @param {object} what
 * @param {any} what.trace
 * @param {any} what.state the view, whose stage and round are those of the picture
 * @param {any} what.difference what changed between two rounds (see difference.js)
 * @param {any} what.between what changed between the first two panes, where a pane shows it
 */
export function legend({ trace, state, difference = null, between = null }) {
  const truth = trace.truth && state.truth;
  if (truth === "filled") return [note("the true labels:"), ...classEntries(trace, state), area(UNKNOWN, "void")];
  const changed = state.wipe === null ? difference : null;
  return [
    ...(changed ? changeEntries(changed) : STAGE_ENTRIES[state.stage](trace, state)),
    ...(state.stage === "affinity" ? scaleEntries(state) : []),
    ...(between ? changeEntries(between) : []),
    ...(truth ? [line("true border", "dashed")] : []),
  ];
}

/** Entries for the classes that other panes show, and that the main one's trace does not have. */
export function classesBeside([main, ...others]) {
  const known = new Set(main.trace.meta.classes),
    found = new Map();
  for (const { trace, spec, shared } of others) {
    if (!trace || spec.stage === DIFFERENCE) continue;
    const shown = { ...shared.state, stage: spec.stage, round: spec.round };
    for (const { swatch, of } of legend({ trace, state: shown, difference: null, between: null }))
      if (of && !known.has(of)) found.set(of, { swatch, words: of });
  }
  return [...found.values()];
}

const STAGE_ENTRIES = {
  photo: () => [note("Hover for values, click to pin a pixel.")],
  cam: camEntries,
  seeds: (trace, state) => [...classEntries(trace, state), area(UNKNOWN, "unknown")],
  unary: (trace, state) => [...classEntries(trace, state), line("class border")],
  superpixels: scoreEntries,
  confident: (trace, state) => [
    ...classEntries(trace, state),
    area(UNKNOWN, "unknown"),
    ...(trace.superpixels ? [line("relabelled", "dotted")] : []),
    ...(trace.superpixels && pinsOf(state).length ? [line("the pinned patch", "closed")] : []),
  ],
  affinity: () => [],
  refined: (trace, state) => [
    ...classEntries(trace, state),
    line("class border"),
    line(
      state.mode === "row" ? "decides the pixel: 90 % of the mass" : "where its label goes: 90 % of the mass",
      "closed",
    ),
  ],
};

/** One entry a class, the background last. */
function classEntries({ meta: { classes, class_ids: ids } }, state, entry = area) {
  const shown = shownClasses(classes, state);
  return classes.map((name, k) => ({ ...entry(ids[k], name), of: name, shown: shown[k] })).reverse();
}

function camEntries(trace, state) {
  const { seed_fg, seed_bg } = trace.meta.thresholds ?? {},
    activation = (id, name) => grade(id, `${name}, activation 0 to 1`);
  return [
    ...classEntries(trace, state, activation).slice(0, -1), // the background has no activation
    ...(seed_fg ? [line(`${state.fg ?? seed_fg}: object seed inside`)] : []),
    ...(seed_bg ? [line(`${state.bg ?? seed_bg}: background seed outside`, "dashed")] : []),
  ];
}

function scoreEntries(trace, { round }) {
  const { class_ids: ids, classes } = trace.meta;
  if (!trace.scores(round)) return [];
  return [...ids.map((id, k) => grade(id, classes[k])).reverse(), note("fuller colour: higher score")];
}

function scaleEntries({ scale }) {
  const low = scale === "log" ? `max/${(10 ** heat.decades).toLocaleString("en-GB")}` : "0";
  return [{ swatch: { kind: "ramp", low }, words: "max" }, line("holds 90 % of the mass")];
}

function changeEntries({ title, shares, counts }) {
  const entry = ({ name, sign, css: colour }, i) => ({
    swatch: { kind: "change", sign, colour },
    words: `${name} ${percent(shares[i], 1)} (${counts[i].toLocaleString("en-GB")})`,
  });
  const seen = CHANGES.map((change, i) => (counts[i] || change.name !== "another class" ? entry(change, i) : null));
  return [note(title), ...seen.filter(Boolean)];
}
