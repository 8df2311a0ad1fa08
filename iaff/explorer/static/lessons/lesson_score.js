// How good a guess is: "click where you think this pixel's affinity ends".
import { reach } from "../engine/scan.js";
import { centre } from "../engine/grid.js";

const SHARE = 0.9; // of the mass, as the outline has it
const PATIENCE_MS = 30000; // until the server has answered, and a random walk is at its end

/**
 * The guess {x, y} (image px) against the cells that hold 90 % of the mass, which `values` (h*w) has.
 * distance: px from the guessed cell to the nearest cell of their boundary (they have a neighbour that is not one of
 * them, or lie at the edge), from centre to centre; near: that cell's centre, image px; width: diameter in px of the disc
 * that is as large as all of them; score: 100 on the boundary, falling evenly to 0 at one such width from it.
 */
export function judge({ x, y }, values, trace) {
  const { w, h, stride } = trace,
    { level, count } = reach(values, SHARE, new Float32Array(values.length), {}),
    guess = trace.cell(x, y),
    [column, row] = [guess % w, Math.floor(guess / w)],
    inside = (c, r) => c >= 0 && r >= 0 && c < w && r < h && values[r * w + c] >= level;
  let distance = Infinity,
    nearest = guess;
  for (let r = 0; r < h; r++)
    for (let c = 0; c < w; c++) {
      if (!inside(c, r)) continue;
      if (inside(c - 1, r) && inside(c + 1, r) && inside(c, r - 1) && inside(c, r + 1)) continue;
      const d = stride * Math.hypot(c - column, r - row);
      if (d < distance) [distance, nearest] = [d, r * w + c];
    }
  const width = 2 * stride * Math.sqrt(count / Math.PI);
  return {
    distance,
    near: centre(trace, nearest),
    width,
    score: Math.round(100 * Math.max(0, 1 - distance / width)),
  };
}

/**
 * The answer of the affinity that a pane shall show (`by`, see state.js) to a pixel, once it is there and exact:
 * Float32Array (h*w); null where there is none.
 */
export async function exact(pane, by, at) {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await frame()) {
    if (pane.spec.by !== by || !pane.asks()) continue;
    const answer = {
      values: new Float32Array(pane.trace.n),
      shares: new Float32Array(pane.trace.K),
    };
    pane.ask(at, answer);
    const { steps, at: walked, broken } = pane.affinity();
    if (!steps || walked === steps) return answer.values;
    if (broken) return null; // the first steps of a walk are all that will come
  }
  return null;
}

const frame = () => new Promise((resolve) => setTimeout(resolve, 30));
