// Leaks on the picture.

import { arrow } from "./arrow.js";
import { borders, outlines } from "./paint.js";

export const CHOSEN = "#ff2d55";
const NEAR = 14; // cells around a leak, in which its boundary is drawn
const paths = new WeakMap(); // of leaks

/**
 * Ranked leaks as short arrows from source to target, wide where much flows; the one of rank `chosen` (from 1, or null)
 * lies on top; a ring of `ring` px is around the one that is `pointed` at (or null). The context's unit is a canvas px,
 * `cell` px of it are one grid cell.
 */
export function drawLeaks(context, leaks, chosen, cell, pointed = null, ring = 0) {
  const top = [leaks[chosen - 1], pointed].filter(Boolean),
    order = [...leaks.filter((leak) => !top.includes(leak)), ...top];
  context.save();
  context.lineJoin = "round";
  for (const leak of order) {
    const width = cell * (0.16 + 0.34 * Math.sqrt(leak.flow / leaks[0].flow));
    context.beginPath();
    arrow(context, middle(leak.source, cell), middle(leak.target, cell), width);
    context.lineWidth = Math.max(1.5, 0.16 * cell);
    context.strokeStyle = top.includes(leak) ? "#fff" : "rgb(0 0 0 / .75)";
    context.stroke();
    context.fillStyle = top.includes(leak) ? CHOSEN : "#fff";
    context.fill();
  }
  if (pointed) drawRing(context, pointed, cell, ring);
  context.restore();
}

function drawRing(context, { source, target }, cell, radius) {
  const [[x0, y0], [x1, y1]] = [middle(source, cell), middle(target, cell)];
  context.beginPath();
  context.arc((x0 + x1) / 2, (y0 + y1) / 2, Math.max(radius, 1.4 * cell), 0, 7);
  for (const { ink, width } of [
    { ink: "rgb(0 0 0 / .6)", width: 0.3 },
    { ink: "#fff", width: 0.15 },
  ]) {
    context.lineWidth = width * radius;
    context.strokeStyle = ink;
    context.stroke();
  }
}

/** The boundary between labels (Uint8Array (n), on the grid) around one of their leaks, as a path in cells. */
export function borderNear(labels, leak, { w, h }) {
  if (!paths.has(leak)) paths.set(leak, near(borders(labels, w, h), leak.target));
  return paths.get(leak);
}

function near(all, [x, y]) {
  const there = (_, i) => Math.abs(all.xs[i] - x) <= NEAR && Math.abs(all.ys[i] - y) <= NEAR,
    [xs, ys, vertical, a, b] = [all.xs, all.ys, all.vertical, all.a, all.b].map((values) => values.filter(there));
  return outlines(new Path2D(), { xs, ys, vertical, a, b });
}

const middle = (/** @type {number[]} */ [x, y], cell) => [(x + 0.5) * cell, (y + 0.5) * cell];
