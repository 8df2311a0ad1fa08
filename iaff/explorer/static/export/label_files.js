// Label maps as the field keeps them: PNG with PASCAL VOC's palette, and NumPy's .npy. Values are class ids, 255 is void.

/** Colours of the class ids 0..255 as PASCAL VOC has them: the id's bits, spread over red, green and blue. */
export const VOC_PALETTE = Uint8Array.from({ length: 768 }, (_, i) => {
  const [id, channel] = [Math.floor(i / 3), i % 3];
  let value = 0;
  for (let bit = 0; 3 * bit + channel < 8; bit++) value |= ((id >> (3 * bit + channel)) & 1) << (7 - bit);
  return value;
});

/**
 * The class ids of a scene's map at the size of its photo, as the trace's file has them, or null where it shows none.
 *
 * @param {import("../draw/scene.js").Scene} scene
 * @returns {{labels: Uint8Array, width: number, height: number} | null}
 */
export function labelMap(scene) {
  const found = scene.labels();
  if (!found) return null;
  const { W: width, H: height, fileNumbers } = scene.trace,
    whole = found.length === width * height,
    at = (p) => scene.trace.cell(p % width, Math.floor(p / width)); // a map on the grid: each cell covers its pixels
  const id = (p) => found[whole ? p : at(p)],
    labels = Uint8Array.from({ length: width * height }, (_, p) => (fileNumbers ? fileNumbers[id(p)] : id(p)));
  return { labels, width, height };
}

/** A label map as a .npy file, uint8 (height, width). */
export function npy({ labels, width, height }) {
  const about = `{'descr': '|u1', 'fortran_order': False, 'shape': (${height}, ${width}), }`,
    before = 10, // bytes of "\x93NUMPY", version 1.0, and the length of what follows
    length = 64 * Math.ceil((before + about.length + 1) / 64) - before, // so that the values start at a multiple of 64
    head = `\x93NUMPY\x01\0${String.fromCharCode(length & 255, length >> 8)}${about.padEnd(length - 1)}\n`;
  return new Blob([Uint8Array.from(head, (letter) => letter.charCodeAt(0)), labels]);
}

/** Promise of a label map as a PNG whose pixels are the class ids themselves. */
export async function palettePng({ labels, width, height }) {
  const head = new DataView(new ArrayBuffer(13)),
    rows = new Uint8Array((width + 1) * height); // each row after a byte 0: no filter
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint16(8, 0x0803); // 8 bits, an index into a palette
  for (let y = 0; y < height; y++) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const packed = await new Response(
    new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")),
  ).arrayBuffer();
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(head.buffer)),
    chunk("PLTE", VOC_PALETTE),
    chunk("IDAT", new Uint8Array(packed)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** A part of a PNG: length, name, data, check sum of name and data. */
function chunk(name, data) {
  const bytes = new Uint8Array(data.length + 12),
    view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, i) => {
  for (let bit = 0; bit < 8; bit++) i = i & 1 ? 0xedb88320 ^ (i >>> 1) : i >>> 1;
  return i;
});

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return sum ^ 0xffffffff;
}
