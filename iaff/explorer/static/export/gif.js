// A moving GIF of some pictures, as GIF89a has it: one palette for all, so that nothing flickers; it runs for ever.
import { paletteOf } from "./palette.js";

const CODES = 4096; // that a code may have: 12 bits
const BLOCK = 255; // bytes that follow each other at most
const BYTE_BITS = 8;
const CLEAR = 1 << BYTE_BITS; // the code that forgets all sequences
const END = CLEAR + 1;

/**
 * The bytes of the file.
 *
 * @param {ImageData[]} pictures opaque ones of one size
 * @param {number} ms that each of them stays
 */
export function gifOf(pictures, ms) {
  const [{ width, height }] = pictures,
    palette = paletteOf(pictures),
    table = new Uint8Array(3 * 256);
  table.set(palette.colours.flat());
  const parts = [
    text("GIF89a"),
    [...short(width), ...short(height), 0xf7, 0, 0], // a palette of 256 colours for all
    table,
    [0x21, 0xff, 11],
    text("NETSCAPE2.0"),
    [3, 1, ...short(0), 0], // again and again
  ];
  for (const picture of pictures)
    parts.push(
      [0x21, 0xf9, 4, 0x04, ...short(Math.round(ms / 10)), 0, 0], // each stays where the next one is drawn
      [0x2c, ...short(0), ...short(0), ...short(width), ...short(height), 0, BYTE_BITS],
      ...inBlocks(compressed(palette.indexOf(picture))),
      [0],
    );
  parts.push([0x3b]);
  return joined(parts);
}

const text = (words) => [...words].map((letter) => letter.charCodeAt(0));
const short = (value) => [value & 255, value >> 8];

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function inBlocks(bytes) {
  const blocks = [];
  for (let i = 0; i < bytes.length; i += BLOCK) {
    const block = bytes.subarray(i, i + BLOCK);
    blocks.push([block.length], block);
  }
  return blocks;
}

/** Bytes by Lempel, Ziv and Welch: each sequence that was met before is one code, of 9 bits at first, 12 at most. */
function compressed(bytes) {
  const longer = new Uint16Array(CODES * 256), // code of a sequence and the next byte -> that of both; 0: not met yet
    out = new Uint8Array(2 * bytes.length + 16);
  let length = 0,
    held = 0, // bits that are no whole byte yet
    count = 0, // of them
    size = BYTE_BITS + 1, // bits of a code
    next = END + 1; // the first code that is free
  const put = (code) => {
    held |= code << count;
    for (count += size; count >= 8; count -= 8) {
      out[length++] = held & 255;
      held >>>= 8;
    }
  };
  put(CLEAR);
  let sequence = bytes[0];
  for (let i = 1; i < bytes.length; i++) {
    const both = sequence * 256 + bytes[i];
    if (longer[both]) {
      sequence = longer[both];
      continue;
    }
    put(sequence);
    if (next < CODES) {
      if (next === 1 << size) size++;
      longer[both] = next++;
    } else {
      put(CLEAR);
      longer.fill(0);
      size = BYTE_BITS + 1;
      next = END + 1;
    }
    sequence = bytes[i];
  }
  put(sequence);
  put(END);
  if (count) out[length++] = held;
  return out.subarray(0, length);
}
