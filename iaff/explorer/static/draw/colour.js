// Colours. Classes: Okabe and Ito's palette, told apart with every common colour vision; never the only cue.
// Amounts: a ramp whose lightness only rises (after inferno), so that it also reads in grey.

const CLASSES = ["#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#f0e442", "#0072b2"];
export const BACKGROUND = [38, 44, 56];
export const NO_PHOTO = "#808690"; // the ground of a pane

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** [r, g, b] of a class id; 0 is background. Beyond seven classes the palette comes again, lighter, then darker. */
export function classColour(id) {
  if (id === 0) return BACKGROUND;
  const base = rgb(CLASSES[(id - 1) % CLASSES.length]),
    turn = Math.floor((id - 1) / CLASSES.length) % 3;
  /** @type {[number[], number]} */
  const [towards, mix] = /** @type {[number[], number][]} */ ([
    [base, 0],
    [[255, 255, 255], 0.45],
    [[0, 0, 0], 0.4],
  ])[turn];
  return base.map((v, i) => Math.round(v + (towards[i] - v) * mix));
}

/** @param {number[]} colour red, green, blue, 0..255 */
export const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

const STOPS = ["#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4"].map(
  rgb,
);

/** 256 colours packed as the bytes r, g, b, a; the low end is transparent so that the photo stays readable. */
export const RAMP = (() => {
  const bytes = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    const t = (i / 255) * (STOPS.length - 1),
      j = Math.min(STOPS.length - 2, Math.floor(t));
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = STOPS[j][c] + (STOPS[j + 1][c] - STOPS[j][c]) * (t - j);
    bytes[4 * i + 3] = 255 * Math.min(1, i / 110);
  }
  return new Uint32Array(bytes.buffer);
})();

/** The ramp's colour at a share 0..1 of the scale, opaque, as CSS. */
export function rampColour(share) {
  const t = share * (STOPS.length - 1),
    i = Math.min(STOPS.length - 2, Math.floor(t));
  return css(STOPS[i].map((v, c) => Math.round(v + (STOPS[i + 1][c] - v) * (t - i))));
}

export const RAMP_CSS = `linear-gradient(90deg, ${STOPS.map(css).join(", ")})`;

/** A diagonal hatch for "unknown": visible on light and dark ground. */
export function hatch(context, scale = 1) {
  const size = Math.round(8 * scale),
    tile = new OffscreenCanvas(size, size),
    c = tile.getContext("2d");
  c.fillStyle = "rgb(128 134 145 / 0.42)";
  c.fillRect(0, 0, size, size);
  c.strokeStyle = "rgb(255 255 255 / 0.62)";
  c.lineWidth = 1.1 * scale;
  for (const shift of [-size, 0, size]) {
    c.moveTo(shift - 1, size + 1);
    c.lineTo(shift + size + 1, -1);
  }
  c.stroke();
  return context.createPattern(tile, "repeat");
}
