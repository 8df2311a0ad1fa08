// Cells of the grid on the photo, as iaff.grid has them; the one place where the two are converted. A trace says how
// many px wide and high its cells are, `stride`; the last row and column of cells may reach beyond the photo.

const STRIDE = 4; // where a trace does not say

/** [w, h] of the grid of a photo of `size` [W, H]. */
export const gridSize = (size, stride = STRIDE) => size.map((px) => Math.ceil(px / stride));

/** Px of the photo that a cell is wide and high, of a trace's description. */
export const strideOf = ({ stride = STRIDE }) => stride;

/** Pixel (x, y) of the photo -> its cell. */
export const cellAt = ({ w, stride }, x, y) => Math.floor(y / stride) * w + Math.floor(x / stride);

/** The pixel {x, y} of the photo at the centre of cell p: a cell stands for it. */
export function centre({ W, H, w, stride }, p) {
  const middle = (cell, size) => Math.min(size - 1, stride * cell + Math.floor(stride / 2)); // the last may be cut off
  return { x: middle(p % w, W), y: middle(Math.floor(p / w), H) };
}

/** A map of the photo's pixels (H, W) at the centres of the cells: (h, w), of the same type. */
export function onGrid(map, trace) {
  return new map.constructor(trace.n).map((_, p) => {
    const { x, y } = centre(trace, p);
    return map[y * trace.W + x];
  });
}

/** Bilinear (channels, h, w) -> (channels, H, W): enlarged `stride` times and cropped, as torch with align_corners=False. */
export function upsample(alpha, channels, { h, w, H, W, stride }) {
  const out = new Float32Array(channels * H * W);
  const left = new Uint16Array(W),
    right = new Uint16Array(W),
    mix = new Float32Array(W);
  for (let x = 0; x < W; x++) {
    const s = Math.max(0, (x + 0.5) / stride - 0.5),
      c = Math.min(w - 1, Math.floor(s));
    left[x] = c;
    right[x] = Math.min(w - 1, c + 1);
    mix[x] = s - c;
  }
  for (let k = 0, o = 0; k < channels; k++)
    for (let y = 0; y < H; y++) {
      const s = Math.max(0, (y + 0.5) / stride - 0.5),
        r = Math.min(h - 1, Math.floor(s)),
        v = s - r;
      const a = (k * h + r) * w,
        b = (k * h + Math.min(h - 1, r + 1)) * w;
      for (let x = 0; x < W; x++, o++) {
        const l = left[x],
          m = right[x],
          u = mix[x];
        const top = alpha[a + l] + (alpha[a + m] - alpha[a + l]) * u;
        out[o] = top + (alpha[b + l] + (alpha[b + m] - alpha[b + l]) * u - top) * v;
      }
    }
  return out;
}

/** A map of the cells (h, w) as large as the photo: (H, W), of the same type. */
export function onPhoto(map, trace) {
  const { W, H } = trace,
    large = new map.constructor(W * H);
  for (let y = 0, q = 0; y < H; y++) for (let x = 0; x < W; x++, q++) large[q] = map[trace.cell(x, y)];
  return large;
}
