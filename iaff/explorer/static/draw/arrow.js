// An arrow as a path.

/** From one point to another, with a head `width` px wide and a shaft half as wide. */
export function arrow(context, /** @type {number[]} */ [x0, y0], /** @type {number[]} */ [x1, y1], width) {
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
