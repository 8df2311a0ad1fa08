// Leaks on the picture.

const CHOSEN = "#ff2d55";

/**
 * Ranked leaks as short arrows from source to target, wide where much flows; the one of rank `chosen` (from 1, or null)
 * lies on top. The context's unit is a canvas px, `cell` px of it are one grid cell.
 */
export function drawLeaks(context, leaks, chosen, cell) {
  const top = leaks[chosen - 1],
    order = top ? [...leaks.filter((leak) => leak !== top), top] : leaks;
  context.save();
  context.lineJoin = "round";
  for (const leak of order) {
    const width = cell * (0.16 + 0.34 * Math.sqrt(leak.flow / leaks[0].flow));
    context.beginPath();
    arrow(context, middle(leak.source, cell), middle(leak.target, cell), width);
    context.lineWidth = Math.max(1.5, 0.16 * cell);
    context.strokeStyle = leak === top ? "#fff" : "rgb(0 0 0 / .75)";
    context.stroke();
    context.fillStyle = leak === top ? CHOSEN : "#fff";
    context.fill();
  }
  context.restore();
}

const middle = (/** @type {number[]} */ [x, y], cell) => [(x + 0.5) * cell, (y + 0.5) * cell];

function arrow(context, /** @type {number[]} */ [x0, y0], /** @type {number[]} */ [x1, y1], width) {
  const long = Math.hypot(x1 - x0, y1 - y0),
    [ux, uy] = [(x1 - x0) / long, (y1 - y0) / long],
    neck = long - Math.min(width, long / 2);
  const at = (along, across) => [x0 + along * ux - across * uy, y0 + along * uy + across * ux];
  context.moveTo(...at(0, width / 4));
  for (const [along, across] of [
    [neck, width / 4],
    [neck, width / 2],
    [long, 0],
    [neck, -width / 2],
    [neck, -width / 4],
    [0, -width / 4],
  ])
    context.lineTo(...at(along, across));
  context.closePath();
}
