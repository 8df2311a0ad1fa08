// How well a label map agrees with the truth, as iaff/metrics.py has it.

const VOID = 255,
  UNKNOWN = 255;

/** IoU (0..1) of each class id that occurs or is predicted, void left out; Map by id. Unknown is no class: a miss. */
export function ious(labels, truth) {
  const both = new Map(),
    count = (id) => both.get(id) ?? both.set(id, [0, 0]).get(id);
  for (let p = 0; p < labels.length; p++) {
    if (truth[p] === VOID) continue;
    if (labels[p] === truth[p]) count(truth[p])[0]++;
    else {
      count(truth[p])[1]++;
      if (labels[p] !== UNKNOWN) count(labels[p])[1]++;
    }
  }
  return new Map([...both].map(([id, [hit, miss]]) => [id, hit / (hit + miss)]));
}

/** mIoU (0..1) of class ids at photo size over the classes that occur or are predicted, void left out; null without truth. */
export function miou(labels, truth) {
  if (!truth) return null;
  const all = [...ious(labels, truth).values()];
  return all.length ? all.reduce((sum, v) => sum + v, 0) / all.length : null;
}

/** Share (0..1) of pixels that are neither background nor unknown. */
export function objectShare(labels) {
  let sum = 0;
  for (const id of labels) if (id !== 0 && id !== UNKNOWN) sum++;
  return sum / labels.length;
}

/** Share (0..1) of pixels with the same label. */
export function agreement(a, b) {
  let sum = 0;
  for (let p = 0; p < a.length; p++) if (a[p] === b[p]) sum++;
  return sum / a.length;
}
