// Safetensors in the browser: 8 bytes little-endian header length, JSON header, data.

import { parseJson } from "./json.js";

const WIDTH = { BOOL: 1, I8: 1, U8: 1, I16: 2, U16: 2, F16: 2, I32: 4, U32: 4, F32: 4, I64: 8, U64: 8, F64: 8 };
const MOST_SIDES = 64; // of a tensor, as numpy has them

/** What went wrong, in three parts, so that the page can say it instead of showing an empty picture. */
export class TraceError extends Error {
  constructor(got, expected, remedy) {
    super(`${got} ${expected} ${remedy}`);
    this.name = "TraceError";
    this.got = got;
    this.expected = expected;
    this.remedy = remedy;
  }
}

export const REWRITE = "Write the trace again with this version of iaff.";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** {info, tensors}: the metadata and, by name, {dtype, shape, bytes}. Throws TraceError, whatever the bytes are. */
export function parseSafetensors(buffer) {
  const bad = (got) =>
    new TraceError(got, "Expected a safetensors file.", "The file may be cut short: copy or write it again.");
  if (buffer.byteLength < 8) throw bad(`The file has ${buffer.byteLength} bytes.`);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (8 + length > buffer.byteLength) throw bad("The header is longer than the file.");
  const start = 8 + length;
  let header;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, length)));
  } catch (error) {
    throw bad(`The header is not JSON (${error.message}).`);
  }
  if (!isObject(header)) throw bad("The header is not an object.");
  const { __metadata__: said, ...entries } = header,
    info = said ?? {};
  if (!isObject(info) || !Object.values(info).every((v) => typeof v === "string"))
    throw bad("The metadata are not an object of texts.");
  const tensors = new Map(),
    ranges = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: range } = isObject(entry) ? entry : {};
    if (![shape, range].every(sizes) || range.length !== 2 || shape.length > MOST_SIDES || !Object.hasOwn(WIDTH, dtype))
      throw bad(`Tensor "${name}" is described wrongly.`);
    const [from, to] = range,
      sides = shape.reduce((a, b) => a * (b || 1), WIDTH[dtype]);
    const bytes = shape.includes(0) ? 0 : sides;
    if (sides > Number.MAX_SAFE_INTEGER || bytes !== to - from || start + to > buffer.byteLength)
      throw bad(`Tensor "${name}" (${dtype}, ${shape}) does not fit the file.`);
    ranges.push(range);
    tensors.set(name, { dtype, shape, bytes: new Uint8Array(buffer, start + from, to - from) });
  }
  ranges.sort(([a, b], [c, d]) => a - c || b - d);
  let end = 0;
  for (const [from, to] of ranges) {
    if (from !== end) throw bad("The tensors overlap, or leave a gap.");
    end = to;
  }
  if (start + end !== buffer.byteLength) throw bad("There are bytes that belong to no tensor.");
  return { info, tensors };
}

const sizes = (list) => Array.isArray(list) && list.every((n) => Number.isInteger(n) && n >= 0);

let halves; // every half-precision number, decoded once: 65,536 entries
function halfTable() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let i = 0; i < 65536; i++) {
    const e = (i >> 10) & 31,
      m = i & 1023,
      sign = i & 32768 ? -1 : 1;
    halves[i] = sign * (e === 31 ? (m ? NaN : Infinity) : e ? 2 ** (e - 15) * (1 + m / 1024) : 2 ** -14 * (m / 1024));
  }
  return halves;
}

/** A tensor's numbers as Float32Array. */
export function floats({ dtype, bytes }) {
  const { buffer, byteOffset, byteLength } = bytes;
  const aligned = byteOffset % WIDTH[dtype] ? bytes.slice().buffer : buffer;
  const offset = aligned === buffer ? byteOffset : 0;
  if (dtype === "F32") return new Float32Array(aligned, offset, byteLength / 4);
  const table = halfTable(),
    raw = new Uint16Array(aligned, offset, byteLength / 2);
  const out = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = table[raw[i]];
  return out;
}

/** A tensor's whole numbers: Int32Array, or Uint16Array of 16 bits. */
export function integers({ dtype, bytes }) {
  const { buffer } = bytes.slice();
  return dtype === "U16" ? new Uint16Array(buffer) : new Int32Array(buffer);
}
