// Up to 256 colours that stand for all colours of some pictures: boxes of alike colours are split where they err most.

const MOST = 256;
const BITS = 6; // of each channel: colours that are alike in them count as one
const CHANNELS = [0, 1, 2];

const binOf = (rgba, p) =>
  ((rgba[p] >> (8 - BITS)) << (2 * BITS)) | ((rgba[p + 1] >> (8 - BITS)) << BITS) | (rgba[p + 2] >> (8 - BITS));

/**
 * {colours, indexOf}: the colours as [r, g, b], and of all pixels of a picture the index of the nearest one.
 *
 * @param {ImageData[]} pictures opaque ones
 */
export function paletteOf(pictures) {
  const bins = countedColours(pictures),
    colours = boxesOf(bins).map(({ mean }) => mean.map(Math.round)),
    nearest = new Uint8Array(1 << (3 * BITS));
  for (const { bin, mean } of bins) nearest[bin] = nearestTo(mean, colours);
  const indexOf = ({ data }) => new Uint8Array(data.length / 4).map((_, i) => nearest[binOf(data, 4 * i)]);
  return { colours, indexOf };
}

/** The colours that occur: [{bin, count, mean}]. */
function countedColours(pictures) {
  const counts = new Uint32Array(1 << (3 * BITS)),
    sums = new Float64Array(3 * counts.length);
  for (const { data } of pictures)
    for (let p = 0; p < data.length; p += 4) {
      const bin = binOf(data, p);
      counts[bin]++;
      for (let k = 0; k < 3; k++) sums[3 * bin + k] += data[p + k];
    }
  const found = [];
  counts.forEach((count, bin) => {
    if (count) found.push({ bin, count, mean: CHANNELS.map((k) => sums[3 * bin + k] / count) });
  });
  return found;
}

/** The colours in boxes, of which the one with the largest error is split at its mean until there are enough. */
function boxesOf(bins) {
  const boxes = [boxOf(bins)];
  while (boxes.length < MOST) {
    const worst = boxes.reduce((a, b) => (b.error > a.error ? b : a)),
      { members, mean, widest } = worst;
    if (members.length < 2) break;
    const low = members.filter((one) => one.mean[widest] <= mean[widest]),
      high = members.filter((one) => one.mean[widest] > mean[widest]);
    if (!low.length || !high.length) break;
    boxes.splice(boxes.indexOf(worst), 1, boxOf(low), boxOf(high));
  }
  return boxes;
}

/** {members, mean, error, widest}: `error` is the sum of squared distances from the mean, most of it in one channel. */
function boxOf(members) {
  const total = members.reduce((sum, { count }) => sum + count, 0),
    mean = CHANNELS.map((k) => members.reduce((sum, one) => sum + one.count * one.mean[k], 0) / total),
    errors = CHANNELS.map((k) => members.reduce((sum, one) => sum + one.count * (one.mean[k] - mean[k]) ** 2, 0));
  return {
    members,
    mean,
    error: errors.reduce((sum, v) => sum + v),
    widest: errors.indexOf(Math.max(...errors)),
  };
}

function nearestTo([r, g, b], colours) {
  let best = 0,
    least = Infinity;
  colours.forEach((colour, i) => {
    const distance = (colour[0] - r) ** 2 + (colour[1] - g) ** 2 + (colour[2] - b) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
