// Pixels of some kinds, drawn: each kind in a colour and under a pattern of its own, so that neither is the only cue.
import { countKinds } from "../engine/errors.js";
import { offscreen } from "./paint.js";

/**
 * How a kind of pixel looks: `rgb` and `css` are its colour, `sign` and `ink` its sign in the legend; `shape` is that
 * sign in the picture, one every `tile` CSS px. Without a colour it is left as it is; as `unknown` it is hatched.
 *
 * @typedef {{name: string, tile?: number, shape?: string, sign?: string, ink?: string, css?: string, rgb?: number[], unknown?: boolean}} Look
 */

const look = (name, shape, sign, css, ink = "#000") => ({
  name,
  shape,
  sign,
  ink,
  css,
  rgb: [1, 3, 5].map((i) => parseInt(css.slice(i, i + 2), 16)),
});

// Okabe and Ito's sky blue, vermilion and yellow: no class is drawn beside them.
const changeLooks = (good, bad, other) => [
  look(good, "plus", "+", "#56b4e9"),
  look(bad, "minus", "−", "#d55e00"),
  look(other, "dots", "●", "#f0e442"),
];
/** In the order of changeKinds() from 1. @type {Look[]} */
export const CHANGES = changeLooks("gained", "lost", "another class");
/** In the order of correctionKinds() from 1. @type {Look[]} */
export const CORRECTIONS = changeLooks("wrong → right", "right → wrong", "wrong → other wrong");
/**
 * In the order of errorKinds() from 0. No class has these colours, dark, middle and light, beside which it may be drawn.
 *
 * @type {Look[]}
 */
export const ERRORS = [
  { name: "void", unknown: true },
  { name: "right" },
  look("missed", "minus", "−", "#4a1486", "#fff"),
  look("false", "plus", "+", "#ff4fa0"),
  look("wrong class", "cross", "×", "#d4ff3a"),
  { name: "unknown", unknown: true },
];

const TILE = 10; // CSS px between two signs

/**
 * {map, masks, unknown, counts, smooth}: the kinds (W * H) in colour, for each look a mask for its pattern (null: none),
 * one for the hatch, or null, and the pixels of each.
 *
 * @param {Uint8Array} kinds
 * @param {Look[]} looks of the kinds from `first` on; earlier ones are not drawn
 * @param {{W: number, H: number}} trace
 * @param {number} first
 */
export function drawKinds(kinds, looks, { W, H }, first) {
  const counts = countKinds(kinds, first + looks.length - 1).slice(first),
    colours = looks.map(({ rgb }) => rgb && [...rgb, 235]),
    mask = (holds) => picture(W, H, (out, p) => holds(kinds[p] - first) && (out[4 * p + 3] = 255)),
    isUnknown = looks.map((one, i) => Boolean(one.unknown && counts[i]));
  return {
    looks,
    counts,
    smooth: false,
    map: picture(W, H, (out, p) => colours[kinds[p] - first] && out.set(colours[kinds[p] - first], 4 * p)),
    masks: looks.map(({ shape }, i) => (shape && counts[i] ? mask((kind) => kind === i) : null)),
    unknown: isUnknown.includes(true) ? mask((kind) => isUnknown[kind]) : null,
  };
}

function picture(w, h, paint) {
  const canvas = offscreen(w, h),
    context = canvas.getContext("2d"),
    data = context.createImageData(w, h);
  for (let p = 0; p < w * h; p++) paint(data.data, p);
  context.putImageData(data, 0, 0);
  return canvas;
}

const FILLED = ["dots", "triangle", "diamond"];

// Lines from point to point, in arms from the middle of a tile; closed where the first point comes again.
const STROKES = {
  plus: [
    [-1, 0, 1, 0],
    [0, -1, 0, 1],
  ],
  minus: [[-1, 0, 1, 0]],
  bar: [[0, -1, 0, 1]],
  cross: [
    [-0.8, -0.8, 0.8, 0.8],
    [-0.8, 0.8, 0.8, -0.8],
  ],
  triangle: [[0, -0.9, 0.9, 0.7, -0.9, 0.7, 0, -0.9]],
  square: [[-0.75, -0.75, 0.75, -0.75, 0.75, 0.75, -0.75, 0.75, -0.75, -0.75]],
  star: [
    [0, -1, 0, 1],
    [-0.87, -0.5, 0.87, 0.5],
    [-0.87, 0.5, 0.87, -0.5],
  ],
  diamond: [[0, -1, 0.8, 0, 0, 1, -0.8, 0, 0, -1]],
  chevron: [[-0.9, 0.6, 0, -0.6, 0.9, 0.6]],
  grid: [
    [-1, -0.4, 1, -0.4],
    [-1, 0.4, 1, 0.4],
    [-0.4, -1, -0.4, 1],
    [0.4, -1, 0.4, 1],
  ],
};

/**
 * The pattern of a look in its ink.
 *
 * @param {any} context
 * @param {Look} look
 * @param {number} scale canvas px of a CSS px
 */
export function patternOf(context, { shape, ink, tile: apart = TILE }, scale) {
  const size = Math.round(apart * scale),
    tile = offscreen(size, size),
    c = tile.getContext("2d"),
    middle = size / 2,
    arm = size * 0.28;
  c.fillStyle = c.strokeStyle = ink;
  c.lineWidth = 1.6 * scale;
  c.beginPath();
  if (shape === "dots") c.arc(middle, middle, size * 0.17, 0, 7);
  if (shape === "ring") c.arc(middle, middle, size * 0.24, 0, 7);
  for (const points of STROKES[shape] ?? [])
    for (let i = 0; i < points.length; i += 2) {
      const at = [points[i], points[i + 1]].map((v) => middle + v * arm);
      i ? c.lineTo(at[0], at[1]) : c.moveTo(at[0], at[1]);
    }
  if (FILLED.includes(shape)) c.fill();
  c.stroke();
  return context.createPattern(tile, "repeat");
}
