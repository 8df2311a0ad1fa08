// Numbers in the cells of the grid, where the cells are large enough to read them.

const ROOM = 34; // CSS px of a cell that holds a number
const LARGEST = 19; // CSS px of the type
const SANS = 'ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

/** Whether there is room for numbers in cells of so many canvas px. */
export const roomForNumbers = (cell, dpr) => cell >= ROOM * dpr;

/** 0.063, 0.06 where there is less room; 0 and 1 as they are; nothing for what rounds to 0, which would bury the rest. */
function short(v, digits) {
  if (v === 0 || v === 1) return String(v);
  const text = v.toFixed(digits);
  return Number(text) ? text : "";
}

/**
 * A value in each cell; NaN in none. The context's unit is a canvas px, in which the grid begins at (left, top) and a cell
 * is `cell` px wide.
 */
export function drawNumbers(context, values, { w, h }, { left, top, cell, dpr }) {
  const { width, height } = context.canvas,
    size = Math.min(LARGEST * dpr, cell * 0.23),
    digits = cell > 60 * dpr ? 3 : 2;
  const inside = (v, count) => Math.min(count, Math.max(0, v)),
    columns = [inside(Math.floor(-left / cell), w), inside(Math.ceil((width - left) / cell), w)],
    rows = [inside(Math.floor(-top / cell), h), inside(Math.ceil((height - top) / cell), h)];
  context.save();
  context.setTransform(1, 0, 0, 1, left, top);
  context.font = `600 ${size}px ${SANS}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = size / 4;
  context.strokeStyle = "rgb(8 10 18 / .85)";
  for (let r = rows[0]; r < rows[1]; r++)
    for (let c = columns[0]; c < columns[1]; c++) {
      const value = values[r * w + c];
      if (Number.isNaN(value)) continue;
      const text = short(value, digits),
        [x, y] = [(c + 0.5) * cell, (r + 0.5) * cell];
      context.strokeText(text, x, y);
      context.fillStyle = value ? "#fff" : "#ffffffa0";
      context.fillText(text, x, y);
    }
  context.restore();
}
