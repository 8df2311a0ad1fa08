// What can be said of every pane that shows a label map: the table of the tab "Compare", on the page and in files.
import { sameSize } from "../draw/pair.js";
import { agreement, miou, objectShare } from "../engine/score.js";
import { percent } from "../ui/format.js";

const known = new WeakMap();

/** A figure of a label map, measured once. */
function once(labels, key, make) {
  const of = known.get(labels) ?? known.set(labels, {}).get(labels);
  return (of[key] ??= make());
}

const comparable = (a, b) => sameSize(a.trace, b.trace) && a.labels().length === b.labels().length;

const UNITS = { share: percent };

/** A figure of the table as people read it; nothing where there is none. */
export const written = (value, unit) => (Number.isFinite(value) ? UNITS[unit](value) : "");

/** @type {{name: string, unit: keyof typeof UNITS, of: (map: any, first: any) => number | null}[]} */
const FIGURES = [
  {
    name: "mIoU",
    unit: "share",
    of: ({ scene: { trace }, labels }) =>
      labels.length === trace.truth?.length ? once(labels, "miou", () => miou(labels, trace.truth)) : null,
  },
  { name: "object share", unit: "share", of: ({ labels }) => once(labels, "share", () => objectShare(labels)) },
  {
    name: "same label as 1",
    unit: "share",
    of: ({ scene, labels }, first) =>
      first.labels && labels !== first.labels && comparable(scene, first.scene)
        ? agreement(first.labels, labels)
        : null,
  },
];

/**
 * {scenes: those with a label map, rows: [{name, unit, values: [number | null] of each of them}]}; what no map has falls
 * out.
 *
 * @param {import("../draw/scene.js").Scene[]} all the first is the one that others are compared with
 */
export function comparedFigures(all) {
  const maps = all.map((scene) => ({ scene, labels: scene.labels() })).filter(({ labels }) => labels),
    first = { scene: all[0], labels: all[0].labels() },
    rows = FIGURES.map(({ name, unit, of }) => ({ name, unit, values: maps.map((map) => of(map, first)) }));
  return {
    scenes: maps.map(({ scene }) => scene),
    rows: rows.filter(({ values }) => values.some(Number.isFinite)),
  };
}
