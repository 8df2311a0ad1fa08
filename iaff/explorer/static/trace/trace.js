// A trace in the browser: the bytes of one safetensors file, decoded here, never changed on the way.
import { cellAt, strideOf, upsample } from "../engine/grid.js";
import { Scan, argmax } from "../engine/scan.js";
import { Refined } from "../engine/refined.js";
import { Sparse } from "../engine/sparse.js";
import { carry } from "../engine/stepped.js";
import { Walk } from "../engine/walk.js";
import { borders, edgePath, grey, outlines } from "../draw/paint.js";
import { perRound } from "../state/state.js";
import { REWRITE, TraceError, floats, integers, parseSafetensors } from "./safetensors.js";
import { checkLabels, checkMeta, checkTensors } from "./schema.js";
import { decodeLabels, decodePhoto, decodeRegions } from "./decode.js";

export { TraceError };

const SCHEMA = "1";

export class Trace {
  /** What the file says of itself, see docs/formats.md. @type {Record<string, any>} */
  meta;
  /** What the page calls its photo; the file's own title, if it has one. */
  title = "";
  /** The file's id of each class id, where it numbers classes otherwise: class_numbers.js. @type {Uint8Array | null} */
  fileNumbers = null;
  /** By name. @type {Map<string, any>} */
  tensors;
  /** The file's. @type {Uint8Array} */
  bytes;
  /** Size of the photo and of the grid. @type {number} */
  W;
  /** @type {number} */
  H;
  /** @type {number} */
  w;
  /** @type {number} */
  h;
  /** Px of the photo that a cell of the grid is wide and high. @type {number} */
  stride;
  /** The photo, decoded. @type {any} */
  image;
  /** Class ids (w * h), 255 unknown, or null. @type {Uint8Array | null} */
  seeds;
  /** Class ids (W * H), 255 void, or null. @type {Uint8Array | null} */
  truth;
  /** Superpixel ids (W * H), or null. @type {any} */
  superpixels;
  /** Class ids (w * h) of each round, or null. @type {(Uint8Array | null)[]} */
  confident;

  /** buffer: ArrayBuffer of the file. Gives a trace that can be drawn, or throws a TraceError, whatever the bytes. */
  static async parse(buffer) {
    try {
      return await Trace.#read(buffer);
    } catch (error) {
      if (error instanceof TraceError) throw error;
      throw new TraceError(`The file cannot be read (${error.message}).`, "Expected a trace.", REWRITE);
    }
  }

  // Label maps are decoded at once, the rounds' floats when first asked for.
  static async #read(buffer) {
    const { info, tensors } = parseSafetensors(buffer);
    if (info.format !== "iaff-trace" || info.schema !== SCHEMA)
      throw new TraceError(
        `The file says format "${info.format ?? "none"}", schema ${info.schema ?? "none"}.`,
        `Expected iaff-trace, schema ${SCHEMA}.`,
        REWRITE,
      );
    const trace = new Trace();
    trace.meta = checkMeta(info.trace);
    trace.tensors = tensors;
    trace.bytes = new Uint8Array(buffer); // as they came
    trace.#measure();
    checkTensors(trace);
    await trace.#decode();
    checkLabels(trace);
    return trace;
  }

  #measure() {
    const { size, grid, classes, rounds } = this.meta;
    [this.W, this.H] = size;
    [this.w, this.h] = grid;
    this.stride = strideOf(this.meta);
    this.n = this.w * this.h;
    this.K = classes.length;
    this.T = rounds.length;
    this.cache = new Map();
  }

  /** Whether the trace holds what a stage shows; `t` matters for the stages of a round. */
  has(stage, t) {
    const name = { cam: "cam", seeds: "seeds", superpixels: "superpixels", confident: `rounds.${t}.confident` }[stage];
    if (perRound(stage) && !this.T) return false;
    return !name || this.tensors.has(name);
  }

  /** Ends what computes for this trace and for its variants. */
  close() {
    for (const value of [...this.cache.values(), ...(this.variants?.values() ?? [])]) value?.close?.();
  }

  /** Called when a layer is there that was still being computed. */
  onlater = () => {};

  /** What else this trace is seen as, see variant.js; null until something is. */
  variants = null;

  async #decode() {
    const { W, H, w, h } = this;
    const layer = (decoder, name, ...size) =>
      this.tensors.has(name) ? decoder(name, this.tensors.get(name).bytes, ...size) : null;
    const rounds = this.meta.rounds.map((_, i) => layer(decodeLabels, `rounds.${i + 1}.confident`, w, h));
    [this.image, this.seeds, this.truth, this.superpixels, ...this.confident] = await Promise.all([
      decodePhoto(this.tensors.get("image").bytes, W, H),
      layer(decodeLabels, "seeds", w, h),
      layer(decodeLabels, "truth", W, H),
      layer(decodeRegions, "superpixels", W, H),
      ...rounds,
    ]);
    this.S = this.superpixels ? this.superpixels.reduce((a, b) => Math.max(a, b), 0) + 1 : 0;
  }

  /** A value that is made when it is first asked for. */
  once(key, make) {
    if (!this.cache.has(key)) this.cache.set(key, make());
    return this.cache.get(key);
  }

  /** A tensor's numbers, decoded once, or null where the trace has none of that name. */
  floats(name) {
    const tensor = this.tensors.get(name);
    return tensor ? this.once(name, () => floats(tensor)) : null;
  }

  /** Float32Array (K-1, h, w): activation per tag, 0..1; that of map `i` of "cam_scales" or "cam_climb", or the CAM. */
  cam(part, i) {
    if (!part) return this.floats("cam") ?? new Float32Array(0);
    const size = (this.K - 1) * this.n,
      { bytes } = this.tensors.get(part);
    return this.once(`${part}${i}`, () => Float32Array.from(bytes.subarray(i * size, (i + 1) * size), (v) => v / 255));
  }

  /** The unary map of round t, Float32Array (K, h, w). */
  unary(t) {
    return this.floats(`rounds.${t}.alpha_u`);
  }

  /** The refined map: G_t applied to the unary map, computed here; null while steps are still to be walked. */
  refined(t) {
    return this.once(`p${t}`, () => carry(this.affinity(t), this.unary(t), this.K)).map;
  }

  /** Region scores (S, K) of round t, or null. */
  scores(t) {
    return this.floats(`rounds.${t}.scores`);
  }

  /** The affinity of round t: a Scan (exact at once), or a Walk or Sparse (exact after a while if they have many steps). */
  affinity(t) {
    return this.once(`g${t}`, () => {
      const { h, w } = this,
        { kind, passes, steps, why } = this.meta.rounds[t - 1].affinity,
        part = (name) => this.tensors.get(`rounds.${t}.${name}`);
      if (kind === "scan") return new Scan(this.floats(`rounds.${t}.gates`), h, w, passes);
      if (kind === "map") return new Refined(this.floats(`rounds.${t}.alpha_p`), why);
      const weights = this.floats(`rounds.${t}.weights`),
        affinity =
          kind === "sparse"
            ? new Sparse(part("partners") ? integers(part("partners")) : null, weights, h, w, steps)
            : new Walk(integers(part("offsets")), weights, h, w, steps);
      affinity.onlater = () => this.onlater();
      return affinity;
    });
  }

  /** A soft map at photo size, and the channel that wins each pixel: {alpha (K, H, W), label (H*W)}. */
  full(stage, t) {
    return this.once(`full-${stage}${t}`, () => {
      const soft = stage === "unary" ? this.unary(t) : this.refined(t);
      const alpha = upsample(soft, this.K, this);
      return { alpha, label: argmax(alpha, this.K, this.W * this.H) };
    });
  }

  /** The photo in grey; colours above it then mean only what the legend says. */
  grey() {
    return this.once("grey", () => grey(this.image));
  }

  /** Borders between superpixels (see paint.js), or null. */
  edges() {
    return this.superpixels ? this.once("edges", () => borders(this.superpixels, this.W, this.H)) : null;
  }

  /** The same as one path. */
  edgesPath() {
    return this.superpixels ? this.once("edgesPath", () => edgePath(new Path2D(), this.edges())) : null;
  }

  /** The true borders as a path, or null. */
  truthPath() {
    return this.truth
      ? this.once("truthPath", () => outlines(new Path2D(), borders(this.truth, this.W, this.H)))
      : null;
  }

  /** What a class id is called; truth may have classes of the run that are no tag of the photo. */
  className(id) {
    const { classes, class_ids: ids, run } = this.meta;
    return classes[ids.indexOf(id)] ?? run?.classes?.[id] ?? `class ${id}`;
  }

  /** Image pixel -> cell of the grid. */
  cell(x, y) {
    return cellAt(this, x, y);
  }
}

/** Fetch and parse. */
export async function loadTrace(client, address, name) {
  const response = await client.file(address).catch(() => {
    throw new TraceError("The explorer does not answer.", "Expected it to serve the trace.", "Start it again: iaff");
  });
  if (!response.ok)
    throw new TraceError(
      `No trace "${name}" (HTTP ${response.status}).`,
      `Expected the file ${name} in the run's traces folder.`,
      "Choose another photo, or write the traces of this run again.",
    );
  return Trace.parse(await response.arrayBuffer());
}
