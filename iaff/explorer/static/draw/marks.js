// On request every class has a sign of its own, over its fill and in the legend, which tells it from others in grey.
import { classColour } from "./colour.js";
import { offscreen } from "./paint.js";

const TILE = 15; // CSS px between two signs
const UNKNOWN = 255;
// Neighbours in a list of classes look least alike. Beyond these they come again.
const SIGNS = [
  { shape: "dots", sign: "●" },
  { shape: "cross", sign: "×" },
  { shape: "bar", sign: "|" },
  { shape: "ring", sign: "○" },
  { shape: "plus", sign: "+" },
  { shape: "triangle", sign: "▲" },
  { shape: "minus", sign: "−" },
  { shape: "square", sign: "□" },
  { shape: "star", sign: "∗" },
  { shape: "diamond", sign: "◆" },
  { shape: "chevron", sign: "∧" },
  { shape: "grid", sign: "#" },
];

/** How the sign of a class looks, see kinds.js: Look; null for background and unknown, which have none. */
export function classMark(id) {
  if (id === 0 || id === UNKNOWN) return null;
  const [r, g, b] = classColour(id),
    light = 0.3 * r + 0.59 * g + 0.11 * b;
  return { name: String(id), ...SIGNS[(id - 1) % SIGNS.length], ink: light > 90 ? "#000" : "#fff", tile: TILE };
}

/**
 * {masks, looks} of a layer, as Painter draws them: where each class lies, as opaque as it is filled there.
 *
 * @param {OffscreenCanvas} map the fill
 * @param {Uint8Array} ids the class of each of its pixels
 */
export function classMarks(map, ids) {
  const { width, height } = map,
    fill = /** @type {any} */ (map.getContext("2d")).getImageData(0, 0, width, height).data,
    found = new Map();
  for (let p = 0; p < ids.length; p++) {
    if (ids[p] === 0 || ids[p] === UNKNOWN) continue;
    if (!found.has(ids[p])) found.set(ids[p], new ImageData(width, height));
    found.get(ids[p]).data[4 * p + 3] = fill[4 * p + 3];
  }
  const masks = [...found.values()].map((data) => {
    const mask = offscreen(width, height);
    /** @type {any} */ (mask.getContext("2d")).putImageData(data, 0, 0);
    return mask;
  });
  return { masks, looks: [...found.keys()].map(classMark) };
}
