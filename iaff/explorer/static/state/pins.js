// Pinned pixels, up to four. The first is x, y of the state; the others follow in `pins`.

export const MOST_PINS = 4;
// White, cyan, lime and pink: none is a class's colour, all show on the glow and on grey.
export const PIN_COLOURS = ["#ffffff", "#27e7ff", "#b5ff3c", "#ff6fe1"];

/** [{x, y}] in image px. */
export function pinsOf({ x, y, pins }) {
  if (x === null) return [];
  const more = pins ? pins.split("_").map((text) => text.split(".").map(Number)) : [];
  return [{ x, y }, ...more.map(([px, py]) => ({ x: px, y: py }))];
}

/** The change of state that pins exactly these. */
export function pinned(list) {
  const [first, ...more] = list;
  return {
    x: first?.x ?? null,
    y: first?.y ?? null,
    pins: more.length ? more.map(({ x, y }) => `${x}.${y}`).join("_") : null,
  };
}

/** The list when the first pin is to be moved on and leaves one where it stands, or, standing on one, takes it away. */
export function leftBehind(list) {
  const [first, ...more] = list,
    others = more.filter(({ x, y }) => x !== first.x || y !== first.y);
  if (others.length < more.length) return [first, ...others];
  return [first, ...more.slice(0, MOST_PINS - 2), first];
}

/** A click: alone it moves the only pin (or takes it away), added it pins one more (or takes that one away). */
export function clicked(state, at, add) {
  const list = pinsOf(state),
    same = list.findIndex(({ x, y }) => x === at.x && y === at.y);
  if (same >= 0) return pinned(list.filter((_, i) => i !== same));
  return pinned(add && list.length ? [...list.slice(0, MOST_PINS - 1), at] : [at]);
}
