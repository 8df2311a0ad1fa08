// How well a label map agrees with the truth, as iaff/metrics.py has it.

const VOID = 255;

/** mIoU (0..1) of class ids at photo size over the classes that occur or are predicted, void left out; null without truth. */
export function miou(labels, truth) {
  if (!truth) return null;
  const both = new Map(),
    count = (id) => both.get(id) ?? both.set(id, [0, 0]).get(id);
  for (let p = 0; p < labels.length; p++) {
    if (truth[p] === VOID) continue;
    if (labels[p] === truth[p]) count(truth[p])[0]++;
    else {
      count(truth[p])[1]++;
      count(labels[p])[1]++;
    }
  }
  let sum = 0;
  for (const [hit, miss] of both.values()) sum += hit / (hit + miss);
  return both.size ? sum / both.size : null;
}

/** Share (0..1) of pixels that are neither background nor unknown. */
export function objectShare(labels) {
  let sum = 0;
  for (const id of labels) if (id !== 0 && id !== VOID) sum++;
  return sum / labels.length;
}

/** Share (0..1) of pixels with the same label. */
export function agreement(a, b) {
  let sum = 0;
  for (let p = 0; p < a.length; p++) if (a[p] === b[p]) sum++;
  return sum / a.length;
}
