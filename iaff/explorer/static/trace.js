// A trace in the browser: the bytes of one safetensors file, decoded here, never changed on the way.
import { STRIDE, Scan, argmax, upsample } from "./scan.js";

const SCHEMA = "1";
const WIDTH = { U8: 1, F16: 2, I32: 4, F32: 4 };

/** What went wrong, in three parts, so that the page can say it instead of showing an empty picture. */
export class TraceError extends Error {
  constructor(got, expected, remedy) {
    super(`${got} ${expected} ${remedy}`);
    Object.assign(this, { name: "TraceError", got, expected, remedy });
  }
}

const REWRITE = "Write the trace again with this version of iaff.";

/** Safetensors: 8 bytes little-endian header length, JSON header, data. Returns {meta, tensors}. */
export function parseSafetensors(buffer) {
  const bad = (got) =>
    new TraceError(got, "Expected a safetensors file.", "The file may be cut short: copy or write it again.");
  if (buffer.byteLength < 8) throw bad(`The file has ${buffer.byteLength} bytes.`);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (8 + length > buffer.byteLength) throw bad("The header is longer than the file.");
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  } catch {
    throw bad("The header is not JSON.");
  }
  const { __metadata__: info = {}, ...entries } = header;
  const tensors = new Map();
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(entries)) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (!(dtype in WIDTH) || count * WIDTH[dtype] !== to - from || 8 + length + to > buffer.byteLength)
      throw bad(`Tensor "${name}" (${dtype}, ${shape}) does not fit the file.`);
    tensors.set(name, { dtype, shape, bytes: new Uint8Array(buffer, 8 + length + from, to - from) });
  }
  return { info, tensors };
}

let halves; // every half-precision number, decoded once: 65,536 entries
function halfTable() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let i = 0; i < 65536; i++) {
    const e = (i >> 10) & 31,
      m = i & 1023,
      sign = i & 32768 ? -1 : 1;
    halves[i] =
      sign * (e === 31 ? (m ? NaN : Infinity) : e ? 2 ** (e - 15) * (1 + m / 1024) : 2 ** -14 * (m / 1024));
  }
  return halves;
}

function floats({ dtype, bytes }) {
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

/** PNG bytes -> pixels (4 bytes each), exactly as stored: no colour management, no premultiplied alpha. */
async function decodePng(bytes, w, h, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new TraceError(`The layer "${name}" is not a picture.`, "Expected PNG bytes.", REWRITE);
  }
  if (bitmap.width !== w || bitmap.height !== h)
    throw new TraceError(
      `The layer "${name}" is ${bitmap.width} × ${bitmap.height}.`,
      `Expected ${w} × ${h}.`,
      REWRITE,
    );
  const context = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, w, h).data;
}

function firstByte(rgba) {
  const out = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < out.length; i++) out[i] = rgba[4 * i];
  return out;
}

export class Trace {
  /** buffer: ArrayBuffer of the file. Label maps are decoded at once, the rounds' floats when first asked for. */
  static async parse(buffer) {
    const { info, tensors } = parseSafetensors(buffer);
    if (info.format !== "iaff-trace" || info.schema !== SCHEMA)
      throw new TraceError(
        `The file says format "${info.format ?? "none"}", schema ${info.schema ?? "none"}.`,
        `Expected iaff-trace, schema ${SCHEMA}.`,
        REWRITE,
      );
    const trace = new Trace();
    trace.meta = JSON.parse(info.trace);
    trace.tensors = tensors;
    trace.#check();
    await trace.#decode();
    return trace;
  }

  #check() {
    const { size, grid, classes, rounds } = this.meta;
    [this.W, this.H] = size;
    [this.w, this.h] = grid;
    this.n = this.w * this.h;
    this.K = classes.length;
    this.T = rounds.length;
    this.cache = new Map();
    const { K, h, w } = this;
    const shapes = { cam: [K - 1, h, w] };
    for (let t = 1; t <= this.T; t++) {
      shapes[`rounds.${t}.alpha_u`] = [K, h, w];
      if (rounds[t - 1].affinity.kind === "scan") shapes[`rounds.${t}.gates`] = [4, 3, h, w];
    }
    for (const name of ["image", "seeds", "superpixels"]) this.#tensor(name);
    for (const [name, shape] of Object.entries(shapes)) {
      const got = this.#tensor(name).shape;
      if (String(got) !== String(shape))
        throw new TraceError(
          `Tensor "${name}" has shape (${got.join(", ")}).`,
          `Expected (${shape.join(", ")}).`,
          REWRITE,
        );
    }
  }

  #tensor(name) {
    const tensor = this.tensors.get(name);
    if (!tensor)
      throw new TraceError(`Tensor "${name}" is missing.`, "Expected every layer of schema 1.", REWRITE);
    return tensor;
  }

  async #decode() {
    const { W, H, w, h } = this;
    const png = (name, ...size) => decodePng(this.#tensor(name).bytes, ...size, name);
    const confident = this.meta.rounds.map((_, i) => png(`rounds.${i + 1}.confident`, w, h));
    const truth = this.tensors.has("truth") ? png("truth", W, H) : null;
    const [image, seeds, superpixels, truthMap, ...labels] = await Promise.all([
      createImageBitmap(new Blob([this.#tensor("image").bytes])).catch(() => {
        throw new TraceError("The photo cannot be decoded.", "Expected JPEG or PNG bytes.", REWRITE);
      }),
      png("seeds", w, h),
      png("superpixels", W, H),
      truth,
      ...confident,
    ]);
    this.image = image;
    this.seeds = firstByte(seeds);
    this.truth = truthMap && firstByte(truthMap);
    this.confident = labels.map(firstByte);
    this.superpixels = new Uint16Array(W * H);
    for (let i = 0; i < W * H; i++) this.superpixels[i] = superpixels[4 * i] | (superpixels[4 * i + 1] << 8);
    this.S = this.superpixels.reduce((a, b) => Math.max(a, b), 0) + 1;
  }

  #once(key, make) {
    if (!this.cache.has(key)) this.cache.set(key, make());
    return this.cache.get(key);
  }

  /** Float32Array (K-1, h, w): activation per tag, 0..1. */
  cam() {
    return this.#once("cam", () => floats(this.#tensor("cam")));
  }

  /** The unary map of round t, Float32Array (K, h, w). */
  unary(t) {
    return this.#once(`u${t}`, () => floats(this.#tensor(`rounds.${t}.alpha_u`)));
  }

  /** The refined map: G_t applied to the unary map, computed here from the gates. */
  refined(t) {
    return this.#once(`p${t}`, () => this.scan(t)?.propagate(this.unary(t), this.K) ?? null);
  }

  /** Region scores (S, K) of round t, or null. */
  scores(t) {
    const tensor = this.tensors.get(`rounds.${t}.scores`);
    return tensor ? this.#once(`s${t}`, () => floats(tensor)) : null;
  }

  scan(t) {
    const { kind, passes } = this.meta.rounds[t - 1].affinity;
    if (kind !== "scan") return null;
    return this.#once(
      `g${t}`,
      () => new Scan(floats(this.#tensor(`rounds.${t}.gates`)), this.h, this.w, passes),
    );
  }

  /** A soft map at photo size, and the channel that wins each pixel: {alpha (K, H, W), label (H*W)}. */
  full(stage, t) {
    return this.#once(`full-${stage}${t}`, () => {
      const soft = stage === "unary" ? this.unary(t) : this.refined(t);
      const alpha = upsample(soft, this.K, this.h, this.w, this.H, this.W);
      return { alpha, label: argmax(alpha, this.K, this.W * this.H) };
    });
  }

  /** Per superpixel of round t: its unary label, that label's share of its pixels, and its confident label. */
  regions(t) {
    return this.#once(`r${t}`, () => {
      const { W, H, w, K, S, meta } = this,
        unary = this.full("unary", t).label,
        Y = this.confident[t - 1];
      const votes = new Uint32Array(S * K),
        kept = new Uint32Array(S * (K + 1)),
        pixels = new Uint32Array(S);
      const channel = new Map(meta.class_ids.map((id, k) => [id, k]));
      for (let y = 0, p = 0; y < H; y++)
        for (let x = 0; x < W; x++, p++) {
          const s = this.superpixels[p],
            label = Y[Math.floor(y / STRIDE) * w + Math.floor(x / STRIDE)];
          pixels[s]++;
          votes[s * K + unary[p]]++;
          kept[s * (K + 1) + (channel.get(label) ?? K)]++;
        }
      const best = (table, s, k) =>
        table.subarray(s * k, (s + 1) * k).reduce((b, v, i, all) => (v > all[b] ? i : b), 0);
      return Array.from({ length: S }, (_, s) => {
        const label = best(votes, s, K),
          final = best(kept, s, K + 1);
        return {
          pixels: pixels[s],
          label,
          share: votes[s * K + label] / pixels[s],
          final: final < K ? final : null,
        };
      });
    });
  }

  /** Image pixel -> grid pixel index, the only place where this is done in the browser. */
  cell(x, y) {
    return Math.floor(y / STRIDE) * this.w + Math.floor(x / STRIDE);
  }
}

/** Fetch and parse. A run may be training: always ask the server whether the file changed. */
export async function loadTrace(url, name) {
  let response;
  try {
    response = await fetch(url, { cache: "no-cache" });
  } catch {
    throw new TraceError(
      "The explorer does not answer.",
      "Expected it to serve the trace.",
      "Start it again: python app.py",
    );
  }
  if (!response.ok)
    throw new TraceError(
      `No trace "${name}" (HTTP ${response.status}).`,
      `Expected the file ${name} in the run's traces folder.`,
      "Choose another photo, or write the traces of this run again.",
    );
  return Trace.parse(await response.arrayBuffer());
}
