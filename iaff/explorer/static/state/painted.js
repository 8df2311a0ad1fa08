// What was painted, as a readable text of rectangles of cells: "wall-12.5.1.30_class1-40.20.6.6-41.26" is a wall of
// 1 x 30 cells from column 12, row 5 down, and two patches of the class in channel 1; a size of 1 is left out.

export const NONE = -1;
export const ERASED = -2;

/** The text of what is painted on a grid `w` cells wide (see Edits), or null where nothing is. */
export function written({ wall, label }, w) {
  const values = [...new Set(label)].filter((k) => k !== NONE).sort((a, b) => a - b),
    kinds = [["wall", wall.map((v) => v === 1)], ...values.map((k) => [nameOf(k), label.map((v) => v === k)])];
  const parts = kinds.map(([name, cells]) => [name, ...rectangles(cells, w).map(short)]);
  return (
    parts
      .filter(([, first]) => first)
      .map((part) => part.join("-"))
      .join("_") || null
  );
}

const nameOf = (k) => (k === ERASED ? "erased" : `class${k}`);

const short = ([x, y, width, height]) => [x, y, ...(height > 1 ? [width, height] : width > 1 ? [width] : [])].join(".");

/** Cells (1 or 0) as rectangles [x, y, width, height] that do not overlap. */
function rectangles(cells, w) {
  const left = cells.slice(),
    found = [],
    row = (x, y, width) => {
      for (let i = 0; i < width; i++) if (x + i >= w || !left[y * w + x + i]) return false;
      return true;
    };
  for (let p = 0; p < left.length; p++) {
    if (!left[p]) continue;
    const [x, y] = [p % w, Math.floor(p / w)];
    let [width, height] = [1, 1];
    while (row(x + width, y, 1)) width++;
    while (row(x, y + height, width)) height++;
    for (let r = 0; r < height; r++) left.fill(0, p + r * w, p + r * w + width);
    found.push([x, y, width, height]);
  }
  return found;
}

/** {wall, label} of a text (or null) on a grid of w x h cells and K channels; what lies beyond is left out. */
export function read(text, { w, h, K }) {
  const wall = new Uint8Array(w * h),
    label = new Int16Array(w * h).fill(NONE);
  for (const [name, ...places] of (text?.split("_") ?? []).map((part) => part.split("-"))) {
    const value = name === "erased" ? ERASED : +name.slice("class".length);
    if (name !== "wall" && value >= K) continue;
    for (const place of places) {
      const [x, y, width = 1, height = 1] = place.split(".").map(Number);
      for (let r = y; r < Math.min(h, y + height); r++)
        for (let c = x; c < Math.min(w, x + width); c++)
          name === "wall" ? (wall[r * w + c] = 1) : (label[r * w + c] = value);
    }
  }
  return { wall, label };
}
