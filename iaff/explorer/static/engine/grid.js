// Cells of the grid on the photo, as iaff.grid.centre has them: a cell stands for the pixel at its centre.
import { STRIDE } from "./scan.js";

/** The pixel {x, y} of the photo at the centre of cell p. */
export function centre({ W, H, w }, p) {
  return { x: middle(p % w, W), y: middle(Math.floor(p / w), H) };
}

/** A map of the photo's pixels (H, W) at the centres of the cells: (h, w), of the same type. */
export function onGrid(map, trace) {
  return new map.constructor(trace.n).map((_, p) => {
    const { x, y } = centre(trace, p);
    return map[y * trace.W + x];
  });
}

/** A map of the cells (h, w) as large as the photo: (H, W), of the same type. */
export function onPhoto(map, trace) {
  const { W, H } = trace,
    large = new map.constructor(W * H);
  for (let y = 0, q = 0; y < H; y++) for (let x = 0; x < W; x++, q++) large[q] = map[trace.cell(x, y)];
  return large;
}

const middle = (cell, size) => Math.min(size - 1, STRIDE * cell + STRIDE / 2); // the last cell may be cut off
