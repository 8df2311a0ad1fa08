// Maps of the affinity (engine/cell_maps.js) as a person sees them: what they are called, on which scale, in which
// colours.
import { RAMP } from "./colour.js";
import { offscreen } from "./paint.js";
import { number, percent } from "../ui/format.js";

/** Of each map: its name, in brief, and what it says of a cell. */
export const ABOUT_MAPS = {
  leak: { name: "Leak", short: "leak", says: "the share of its decision that comes from other labels" },
  reach: { name: "Reach", short: "reach", says: "the fewest cells that hold 90 % of its decision" },
  selfweight: { name: "Self-weight", short: "self-weight", says: "the share of its decision that it makes itself" },
  gates: { name: "Gate strength", short: "gates", says: "what its gates let in, the mean over the four directions" },
};

/**
 * The scale of a map on a grid of n cells, the same for all rounds, panes and photos of that grid: {at, value, ends, text,
 * tick, unit}. `at(v)`: where a value lies, 0..1, and `value` back; `ends`: both ends in words; `text(v)`: a value in
 * words, `tick(v)` without its `unit`. Reach is told in decades, from a thousandth of the cells.
 */
export function scaleOf(name, n) {
  if (name !== "reach") {
    const text = (v) => percent(v, v > 0 && v < 0.1 ? 1 : 0);
    return {
      at: (v) => v,
      value: (share) => share,
      ends: [text(0), text(1)],
      text,
      tick: (v) => number(100 * v),
      unit: "%",
    };
  }
  const low = Math.max(1, n / 1000),
    wide = Math.log(Math.max(2, n) / low),
    text = (v) => `${number(Math.round(v))} ${Math.round(v) === 1 ? "cell" : "cells"}`;
  return {
    at: (v) => Math.max(0, Math.log(v / low) / wide),
    value: (share) => low * Math.exp(share * wide),
    ends: [`${low > 1 ? "≤ " : ""}${text(low)}`, `${text(n)}, log`],
    text,
    tick: (v) => number(Math.round(v)),
    unit: "cells, log",
  };
}

/** A map as a layer (see layers.js); cells without a number stay clear. */
export function cellLayer(name, values, { w, h }) {
  const { at } = scaleOf(name, w * h),
    colour = (v) => (Number.isNaN(v) ? 0 : RAMP[Math.min(255, Math.max(0, 255 * at(v))) | 0]);
  return { map: picture(w, h, (p) => colour(values[p])), smooth: false };
}

function picture(w, h, colour) {
  const canvas = offscreen(w, h),
    context = canvas.getContext("2d"),
    data = context.createImageData(w, h),
    pixels = new Uint32Array(data.data.buffer);
  for (let p = 0; p < pixels.length; p++) pixels[p] = colour(p);
  context.putImageData(data, 0, 0);
  return canvas;
}
