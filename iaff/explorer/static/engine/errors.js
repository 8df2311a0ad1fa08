// What is right and wrong of a label map, and what changed from one map to another: a kind for each pixel, 0 for those
// that are left out. Labels are class ids, 0 the background, 255 unknown; in truth 255 is void, which counts nowhere.
import { ious, objectShare } from "./score.js";

const UNKNOWN = 255,
  VOID = 255;
const object = (label) => label !== 0 && label !== UNKNOWN;

/** Of each pixel: 1 right, 2 missed, 3 false, 4 wrong class, 5 unknown in the map; 0 void. */
export function errorKinds(labels, truth) {
  return labels.map((label, p) => {
    if (truth[p] === VOID) return 0;
    if (label === truth[p]) return 1;
    if (label === UNKNOWN) return 5;
    if (label === 0) return 2;
    return truth[p] === 0 ? 3 : 4;
  });
}

/** Of each pixel: 1 became an object, 2 became background or unknown, 3 became another object; else 0. */
export function changeKinds(before, after) {
  return after.map((label, p) => {
    if (label === before[p]) return 0;
    if (object(label)) return object(before[p]) ? 3 : 1;
    return object(before[p]) ? 2 : 0;
  });
}

/** Of each pixel: 1 wrong before and right now, 2 right before and wrong now, 3 wrong otherwise; else 0. Unknown is wrong. */
export function correctionKinds(before, after, truth) {
  return after.map((label, p) => {
    if (truth[p] === VOID || label === before[p]) return 0;
    if (label === truth[p]) return 1;
    return before[p] === truth[p] ? 2 : 3;
  });
}

/** How many pixels there are of the kinds 0 to `last`. */
export function countKinds(kinds, last) {
  const counts = new Array(last + 1).fill(0);
  for (const kind of kinds) counts[kind]++;
  return counts;
}

/**
 * What changed from one label map to another, in numbers; each pair is [before, after].
 *
 * @param {object} maps of one size
 * @param {Uint8Array} maps.before
 * @param {Uint8Array} maps.after
 * @param {Uint8Array | null} [maps.truth] without it, `miou` is null and `classes` is empty
 * @returns {{counts: number[], of: number, unknown: boolean, objects: number[], miou: number[] | null,
 *   classes: {id: number, iou: (number | null)[], change: number}[]}}
 *   counts: pixels of each kind of correction (without truth: of change), of so many that count; unknown: whether a map
 *   says nothing of some pixels; objects: share (0..1) of the pixels that are an object; classes: those that occur or
 *   are predicted in either map, with their IoU (0..1, null: not in that map's mean), the one that changed most first
 */
export function changesBetween({ before, after, truth = null }) {
  const kinds = truth ? correctionKinds(before, after, truth) : changeKinds(before, after),
    maps = [before, after],
    of = truth ? truth.reduce((sum, id) => sum + Number(id !== VOID), 0) : after.length,
    scores = truth ? maps.map((labels) => ious(labels, truth)) : [],
    ids = [...new Set(scores.flatMap((score) => [...score.keys()]))];
  const classes = ids.map((id) => {
    const iou = scores.map((score) => score.get(id) ?? null);
    return { id, iou, change: (iou[1] ?? 0) - (iou[0] ?? 0) };
  });
  return {
    counts: countKinds(kinds, 3).slice(1),
    of,
    unknown: maps.some((labels) => labels.includes(UNKNOWN)),
    objects: maps.map(objectShare),
    miou: ids.length ? scores.map(mean) : null,
    classes: classes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
  };
}

const mean = (score) => [...score.values()].reduce((sum, v) => sum + v, 0) / score.size;
