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
 * The scale of a map on a grid of n cells, the same for all rounds, panes and photos of that grid: {low, high, at, value,
 * text, root}. `at(v)`: where a value lies, 0..1, and `value` back; `text(v)`: the value in words. Reach is an area: its
 * root, as a radius, is what is even on the scale.
 */
export function scaleOf(name, n) {
  if (name !== "reach")
    return { low: 0, high: 1, at: (v) => v, value: (share) => share, text: (v) => percent(v, v > 0 && v < 0.1 ? 1 : 0) };
  return {
    low: 1,
    high: n,
    at: (v) => Math.sqrt(v / n),
    value: (share) => share * share * n,
    text: (v) => `${number(Math.round(v))} ${Math.round(v) === 1 ? "cell" : "cells"}`,
    root: true,
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
