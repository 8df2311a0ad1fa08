// Gates that were set by hand, as a readable text: "right-3.2-500.0.250" says that in the scan to the right the cell in
// column 3, row 2 listens to its three neighbours with 0.5, 0 and 0.25. All gates here are in thousandths.
import { DIRECTIONS, VIEW } from "./state.js";

export const WHOLE = 1000; // a gate of 1
export const MOST_GATES = VIEW.gates.most; // cells and directions that a link holds

/** The gates of one cell and direction have this key. */
export const gateKey = (d, p, n) => d * n + p;

/** The text of gates by their key, {key: [three]} as a Map, on a grid of w x h cells; null where there are none. */
export function written(gates, { w, h }) {
  const n = w * h,
    items = [...gates].sort(([a], [b]) => a - b);
  const text = items.map(([key, three]) => {
    const p = key % n;
    return `${DIRECTIONS[Math.floor(key / n)]}-${p % w}.${Math.floor(p / w)}-${three.join(".")}`;
  });
  return text.join("_") || null;
}

/** The Map of a text (or null); what lies beyond the grid, or is more than 1 in sum, is left out. */
export function read(text, { w, h }) {
  const gates = new Map();
  for (const item of text?.split("_") ?? []) {
    const [name, at, weights] = item.split("-"),
      [x, y] = at.split(".").map(Number),
      three = weights.split(".").map(Number);
    if (x >= w || y >= h || three.reduce((a, b) => a + b) > WHOLE) continue;
    gates.set(gateKey(DIRECTIONS.indexOf(name), y * w + x, w * h), three);
  }
  return gates;
}

/** Three gates of which the k-th is set to a value: together they are at most 1, so that the others give way in proportion. */
export function withGate(three, k, value) {
  const left = WHOLE - value,
    others = three.reduce((sum, v, i) => (i === k ? sum : sum + v), 0),
    share = others > left ? left / others : 1;
  return three.map((v, i) => (i === k ? value : Math.floor(v * share)));
}
