// What can be said of every pane that shows a label map: the table of the tab "Compare", on the page and in files.
import { sameSize } from "../draw/pair.js";
import { agreement, miou, objectShare } from "../engine/score.js";
import { number, percent } from "../ui/format.js";
import { hasRows, leakIsOpen, leakOf, reachIsOpen, reachOf } from "./affinity_figures.js";

const UNKNOWN = 255;

const known = new WeakMap();

/** A figure of a label map, measured once. */
function once(labels, key, make) {
  const of = known.get(labels) ?? known.set(labels, {}).get(labels);
  return (of[key] ??= make());
}

const UNITS = { share: percent, cells: number };

/** A figure of the table as people read it; nothing where there is none. */
export const written = (value, unit) => (Number.isFinite(value) ? UNITS[unit](value) : "");

/** The share of a kind of errors (see draw/kinds.js), where they are shown. */
function errorShare(scene, name) {
  const { looks, counts } = scene.errors() ?? { looks: [], counts: [] },
    i = looks.findIndex((look) => look.name === name);
  return i < 0 ? null : counts[i] / (counts.reduce((a, b) => a + b, 0) - counts[0] || 1); // void counts nowhere
}

/**
 * `of`: the figure of a scene and its labels, if it has any; `open`: whether it is still being computed.
 *
 * @type {{name: string, unit: keyof typeof UNITS, of: (map: any, first: any) => number | null, open?: (scene: any) => boolean}[]}
 */
const FIGURES = [
  {
    name: "mIoU",
    unit: "share",
    of: ({ scene: { trace }, labels }) =>
      labels && trace.truth && !labels.includes(UNKNOWN) // which would count as wrong
        ? once(labels, "miou", () => miou(labels, trace.truth))
        : null,
  },
  ...["missed", "false", "wrong class"].map((name) => ({
    name,
    unit: /** @type {const} */ ("share"),
    of: ({ scene }) => errorShare(scene, name),
  })),
  {
    name: "object share",
    unit: "share",
    of: ({ labels }) => labels && once(labels, "share", () => objectShare(labels)),
  },
  {
    name: "same label as 1",
    unit: "share",
    of: ({ scene, labels }, first) =>
      first.labels && labels && labels !== first.labels && sameSize(scene, first.scene)
        ? agreement(first.labels, labels)
        : null,
  },
  { name: "leak", unit: "share", of: ({ scene }) => leakOf(scene), open: leakIsOpen },
  { name: "median reach, cells", unit: "cells", of: ({ scene }) => reachOf(scene), open: reachIsOpen },
];

/**
 * {scenes: those with a label map or an affinity, rows: [{name, unit, values: [number | null], open: [boolean]} of each
 * of them]}; what none has falls out.
 *
 * @param {import("../draw/scene.js").Scene[]} all the first is the one that others are compared with
 */
export function comparedFigures(all) {
  const maps = all
      .map((scene) => ({ scene, labels: scene.labels() }))
      .filter(({ scene, labels }) => labels || hasRows(scene)),
    first = { scene: all[0], labels: all[0].labels() },
    rows = FIGURES.map(({ name, unit, of, open }) => ({
      name,
      unit,
      values: maps.map((map) => of(map, first)),
      open: maps.map(({ scene }) => Boolean(open?.(scene))),
    }));
  return {
    scenes: maps.map(({ scene }) => scene),
    rows: rows.filter(({ values, open }) => values.some(Number.isFinite) || open.includes(true)),
  };
}
