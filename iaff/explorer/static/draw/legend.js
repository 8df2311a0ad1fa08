// The legend as data: what the colours, patterns and lines of a picture mean. The page shows it under the picture
// (panel/legend.js), exports draw it on figures (export/export_legend.js).
import { heat } from "./paint.js";
import { ABOUT_MAPS, scaleOf } from "./cell_maps.js";
import { shownClasses } from "./layers.js";
import { mapOver } from "../state/over.js";
import { pinsOf } from "../state/pins.js";
import { number, percent } from "../ui/format.js";
import { inWords } from "../ui/pointing.js";

const UNKNOWN = 255;

const note = (words) => ({ swatch: null, words });
const line = (words, form = "solid") => ({ swatch: { kind: "line", form }, words });
const area = (id, words) => ({ swatch: { kind: "area", id }, words });
const grade = (id, words) => ({ swatch: { kind: "grade", id }, words });

/**
 * The entries of a legend, in their order: [{swatch, words, of?, shown?}].
 *
 * `swatch` is the sign before the words, or null where the words stand alone:
 * {kind: "area", id, marked?}: the colour of a class id, 255 unknown, with its sign where classes have one;
 * {kind: "grade", id}: that colour from clear to full;
 * {kind: "line", form}: "solid", "dashed", "dotted" or "closed"; {kind: "sign", sign, ink, colour}: a kind of pixel;
 * {kind: "ramp", low, glow?}: a scale, from the words `low` to the entry's own; with `glow` it is the affinity's.
 * An entry with `of` stands for the class of that name as a whole, which is drawn where `shown` is true.
 *
 * @param {object} what
 * @param {any} what.trace
 * @param {any} what.state the view, whose stage and round are those of the picture
 * @param {any} what.difference what changed between two rounds (see difference.js)
 * @param {any[]} what.maps of the affinity that are shown, see scene.js: shownMaps
 * @param {string?} what.crossed over which boundary a leak was chosen that is drawn with it, "truth" or "labels"
 * @param {any} what.between what changed between the first two panes, where a pane shows it
 * @param {any} what.errors those of a label map, where they are shown (see errorsOf)
 */
export function legend(what) {
  const { trace, state, difference = null, between = null, maps = [], crossed = null, errors = null } = what;
  const truth = trace.truth && state.truth;
  if (truth === "filled") return [note("the true labels:"), ...classEntries(trace, state), area(UNKNOWN, "void")];
  const changed = state.wipe === null ? difference : null;
  return [
    ...(changed ? changeEntries(changed) : state.opacity ? STAGE_ENTRIES[state.stage](trace, state) : []),
    ...(state.stage === "affinity" ? scaleEntries(state) : []),
    ...mapEntries(maps),
    ...(crossed ? [line(crossed === "truth" ? "true border there" : "predicted border there", "dashed")] : []),
    ...(between ? changeEntries(between) : []),
    ...(errors ? errorEntries(errors, errors.alone) : []),
    ...(truth ? [line("true border", "dashed")] : []),
  ];
}

/** Entries for the classes that other panes show, and that the main one's trace does not have. */
export function classesBeside([main, ...others]) {
  const known = new Set(main.trace.meta.classes),
    found = new Map();
  for (const { trace, spec, shared } of others) {
    if (!trace || !(spec.stage in STAGE_ENTRIES)) continue; // of a difference, or a map of the affinity
    const shown = { ...shared.state, stage: spec.stage, round: spec.round };
    for (const { swatch, of } of STAGE_ENTRIES[spec.stage](trace, shown))
      if (of && !known.has(of)) found.set(of, { swatch, words: of });
  }
  return [...found.values()];
}

const STAGE_ENTRIES = {
  photo: (_, { present }) => (present ? [] : [note(inWords("Hover for values, click to pin a pixel."))]),
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

/** With the sign of its class, where classes have one: then in the place of a grade, which grey hardly shows. */
const marked = ({ swatch, words }, { marks }) => ({
  swatch: marks ? { kind: "area", id: swatch.id, marked: true } : swatch,
  words,
});

/** One entry a class, the background last. */
function classEntries({ meta: { classes, class_ids: ids } }, state, entry = area) {
  const shown = shownClasses(classes, state);
  const made = (id, name) => marked(entry(id, name), state);
  return classes.map((name, k) => ({ ...made(ids[k], name), of: name, shown: shown[k] })).reverse();
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

function scoreEntries(trace, state) {
  const { class_ids: ids, classes } = trace.meta;
  if (!trace.scores(state.round)) return [];
  return [...ids.map((id, k) => marked(grade(id, classes[k]), state)).reverse(), note("fuller colour: higher score")];
}

/** The affinity's: where a map stands in the place of its glow, the outline alone. */
function scaleEntries(state) {
  const low = state.scale === "log" ? `max/${(10 ** heat.decades).toLocaleString("en-GB")}` : "0",
    ramp = { swatch: { kind: "ramp", low, glow: true }, words: "max" };
  return [...(mapOver(state) ? [] : [ramp]), line("holds 90 % of the mass")];
}

/** The top of the glow's scale in a scene, and whose it is: "max 0.31 of all panes". */
export function glowWords(scene) {
  const { scenes, state } = scene.shared,
    several = scenes.length > 1 && (state.glow === "own" ? ` in pane ${scene.index + 1}` : " of all panes");
  return `max ${number(scene.glowTop())}${several || ""}`;
}

/** How many of n cells a map is of, where it is not all. */
export function progress({ known, total }, n) {
  if (known < total) return `${number(known)} of ${number(total)} cells so far`;
  return total && total < n ? `a sample of ${number(total)} cells` : "";
}

/** The scales of maps of the affinity: [{name, map, n}], see scene.js: shownMaps. */
export function mapEntries(maps) {
  return maps.map(({ name, map, n }) => {
    const [low, high] = scaleOf(name, n).ends,
      words = [high, progress(map, n)].filter(Boolean).join(" · ");
    return { swatch: { kind: "ramp", low: `${ABOUT_MAPS[name].short} ${low}` }, words };
  });
}

const counted = (name, share, count) => `${name} ${percent(share, 1)} (${count.toLocaleString("en-GB")})`;
const signed = ({ sign, ink, css: colour }) => ({ kind: "sign", sign, ink, colour });

function changeEntries({ title, note: more, looks, shares, counts }) {
  const entry = (look, i) => ({ swatch: signed(look), words: counted(look.name, shares[i], counts[i]) });
  const seen = looks.map((look, i) => (counts[i] || i < 2 ? entry(look, i) : null));
  return [note(title), ...seen.filter(Boolean), ...(more ? [note(more)] : [])];
}

/** What errorEntries() tells of a scene, or null where it shows no errors. */
export function errorsOf(scene) {
  const errors = scene.errors(),
    { length } = scene.shared.scenes;
  if (!errors) return null;
  const where = length > 1 ? ` in pane ${scene.index + 1}` : "";
  return { ...errors, title: `errors of ${scene.labelStage()}${where}:`, alone: length === 1 };
}

/** Errors of a scene, see errorsOf(), with their figures, or for all scenes without; shares are of what is not void. */
export function errorEntries({ title, looks, counts }, figures = true) {
  const [none] = counts, // of void
    of = counts.reduce((a, b) => a + b, 0) - none,
    order = [...looks.keys()].slice(1).concat(0); // void comes last
  const words = (name, i) =>
    i ? counted(name, counts[i] / (of || 1), counts[i]) : `${name} (${none.toLocaleString("en-GB")})`;
  const entries = order
    .filter((i) => counts[i] || MAIN_ERRORS.includes(looks[i].name))
    .map((i) => ({ swatch: errorSwatch(looks[i]), words: figures ? words(looks[i].name, i) : looks[i].name }));
  return [note(figures ? title : "errors:"), ...entries];
}

const MAIN_ERRORS = ["right", "missed", "false"]; // named even where there are none

function errorSwatch(look) {
  if (look.unknown) return { kind: "area", id: UNKNOWN };
  return look.css ? signed(look) : { kind: "sign", sign: "", ink: "", colour: "transparent" };
}
