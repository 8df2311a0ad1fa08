// Pictures inside a trace: their headers are read first, so that nothing is decoded whose size is not the expected one.
import { REWRITE, TraceError } from "./safetensors.js";

const PNG = [137, 80, 78, 71, 13, 10, 26, 10];

/** {w, h, kind}: kind is "JPEG", or a PNG's "bits/colour type", or null where the bytes are neither. */
function header(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 26 && PNG.every((v, i) => bytes[i] === v))
    return { w: view.getUint32(16), h: view.getUint32(20), kind: `${bytes[24]}/${bytes[25]}` };
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let i = 2; i + 9 < bytes.length && bytes[i] === 0xff; i += 2 + view.getUint16(i + 2)) {
    const marker = bytes[i + 1]; // frames are C0 to CF, less three that are tables
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { w: view.getUint16(i + 7), h: view.getUint16(i + 5), kind: "JPEG" };
  }
  return null;
}

async function decode(name, bytes, w, h, expected, options) {
  const found = header(bytes);
  if (!found) throw new TraceError(`The layer "${name}" is no picture.`, `Expected ${expected}.`, REWRITE);
  if (found.w !== w || found.h !== h)
    throw new TraceError(`The layer "${name}" is ${found.w} × ${found.h} px.`, `Expected ${w} × ${h}.`, REWRITE);
  const bitmap = await createImageBitmap(new Blob([bytes]), options).catch(() => null);
  if (bitmap?.width !== w || bitmap.height !== h)
    throw new TraceError(`The layer "${name}" cannot be decoded.`, `Expected ${expected}.`, REWRITE);
  return [bitmap, found.kind];
}

/** The photo, JPEG or PNG, as an ImageBitmap. */
export async function decodePhoto(bytes, w, h) {
  const [bitmap] = await decode("image", bytes, w, h, "JPEG or PNG bytes");
  return bitmap;
}

/** Pixels of a PNG (4 bytes each), exactly as stored: no colour management, no premultiplied alpha. */
async function pixels(name, bytes, w, h, kind, expected) {
  const exactly = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const [bitmap, got] = await decode(name, bytes, w, h, expected, exactly);
  if (got !== kind)
    throw new TraceError(`The layer "${name}" is a PNG of type ${got}.`, `Expected ${expected}.`, REWRITE);
  const context = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, w, h).data;
}

/** Class ids, Uint8Array (h*w). */
export async function decodeLabels(name, bytes, w, h) {
  const rgba = await pixels(name, bytes, w, h, "8/0", "a grey PNG of 8 bits");
  return new Uint8Array(w * h).map((_, p) => rgba[4 * p]);
}

/** Superpixel ids, Uint16Array (H*W): R + 256 G. */
export async function decodeRegions(name, bytes, w, h) {
  const rgba = await pixels(name, bytes, w, h, "8/2", "a colour PNG of 8 bits");
  return new Uint16Array(w * h).map((_, p) => rgba[4 * p] | (rgba[4 * p + 1] << 8));
}
