// Pixels of some kinds, drawn: each kind in a colour and under a pattern of its own, so that neither is the only cue.
import { countKinds } from "../engine/errors.js";
import { offscreen } from "./paint.js";

/**
 * How a kind of pixel looks: `rgb` and `css` are its colour, `sign` and `ink` its sign in the legend; `shape` is that
 * sign in the picture. Without a colour it is left as it is; as `unknown` it is hatched.
 *
 * @typedef {{name: string, shape?: string, sign?: string, ink?: string, css?: string, rgb?: number[], unknown?: boolean}} Look
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

const PATTERNED = [...CHANGES, ...ERRORS].filter(({ shape }) => shape); // corrections look as changes do
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
    lookAt = (p) => looks[kinds[p] - first],
    mask = (holds) => picture(W, H, (out, p) => holds(kinds[p] - first) && (out[4 * p + 3] = 255)),
    isUnknown = looks.map((one, i) => Boolean(one.unknown && counts[i]));
  return {
    looks,
    counts,
    smooth: false,
    map: picture(W, H, (out, p) => lookAt(p)?.rgb && out.set([...lookAt(p).rgb, 235], 4 * p)),
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

/** The patterns of all looks in their inks, by shape and ink: Map; `scale` canvas px are a CSS px. */
export function patterns(context, scale) {
  return new Map(PATTERNED.map((one) => [keyOf(one), signs(context, one, scale)]));
}

/** @param {Look} look */
export const keyOf = ({ shape, ink }) => `${shape} ${ink}`;

/**
 * @param {any} context
 * @param {Look} look
 * @param {number} scale
 */
function signs(context, { shape, ink }, scale) {
  const size = Math.round(TILE * scale),
    tile = offscreen(size, size),
    c = tile.getContext("2d"),
    middle = size / 2,
    arm = size * 0.28,
    thick = 1.6 * scale;
  c.fillStyle = c.strokeStyle = ink;
  c.lineWidth = thick;
  const stroke = (...ends) => {
    c.moveTo(middle - ends[0], middle - ends[1]);
    c.lineTo(middle + ends[0], middle + ends[1]);
  };
  if (shape === "dots") {
    c.arc(middle, middle, size * 0.17, 0, 7);
    c.fill();
  }
  if (shape === "plus" || shape === "minus") stroke(arm, 0);
  if (shape === "plus") stroke(0, arm);
  if (shape === "cross") {
    stroke(0.8 * arm, 0.8 * arm);
    stroke(0.8 * arm, -0.8 * arm);
  }
  c.stroke();
  return context.createPattern(tile, "repeat");
}
