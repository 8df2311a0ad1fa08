// The pictures of a trace in Node: label maps as PNG are decoded to their pixels, of a photo as JPEG the size is enough.
import { inflateSync } from "node:zlib";

const CHANNELS = { 0: 1, 2: 3 }; // of PNG's colour types grey and RGB, the ones that label maps have

/** {width, height, rgba?, close()} as an ImageBitmap has them; rgba of a PNG of 8 bits without palette and alpha. */
export function readPicture(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { ...(bytes[0] === 0xff ? readJpeg(view) : readPng(bytes, view)), close: () => {} };
}

function readJpeg(view) {
  for (let i = 2; ; i += 2 + view.getUint16(i + 2)) {
    const marker = view.getUint8(i + 1);
    if (marker >= 0xc0 && marker <= 0xc2) return { width: view.getUint16(i + 7), height: view.getUint16(i + 5) };
  }
}

function readPng(bytes, view) {
  const [width, height] = [view.getUint32(16), view.getUint32(20)],
    channels = bytes[24] === 8 && CHANNELS[bytes[25]];
  if (!channels) return { width, height };
  const parts = [];
  for (let i = 8; i < bytes.length; i += 12 + view.getUint32(i)) {
    const name = String.fromCharCode(...bytes.subarray(i + 4, i + 8));
    if (name === "IDAT") parts.push(bytes.subarray(i + 8, i + 8 + view.getUint32(i)));
  }
  const lines = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels),
    rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let p = 0; p < width * height; p++)
    for (let c = 0; c < 3; c++) rgba[4 * p + c] = lines[channels * p + (channels === 3 ? c : 0)];
  return { width, height, rgba };
}

/** The bytes of all lines, each `length` long, without PNG's filters: what the standard's section 9.2 says. */
function unfiltered(data, length, height, channels) {
  const out = new Uint8Array(length * height);
  for (let y = 0; y < height; y++) {
    const guess = GUESSES[data[y * (length + 1)]];
    for (let x = 0, o = y * length; x < length; x++, o++) {
      const left = x >= channels ? out[o - channels] : 0,
        above = y > 0 ? out[o - length] : 0,
        corner = x >= channels && y > 0 ? out[o - length - channels] : 0;
      out[o] = data[y * (length + 1) + 1 + x] + guess(left, above, corner);
    }
  }
  return out;
}

/** What each filter takes a byte for, from its neighbours; the file has the difference. */
const GUESSES = [() => 0, (left) => left, (_, above) => above, (left, above) => (left + above) >> 1, nearest];

/** Which of the three neighbours is nearest to left + above - corner. */
function nearest(left, above, corner) {
  const toLeft = Math.abs(above - corner),
    toAbove = Math.abs(left - corner),
    toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
