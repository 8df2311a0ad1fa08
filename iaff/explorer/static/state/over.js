// The further layers above the stage's own, as the view has them: "seeds.60_leak.90", from below to above.
import { CELL_MAPS } from "./state.js";

/** {name: % opaque}, from below to above. */
export const layersOver = ({ over }) =>
  Object.fromEntries(
    (over?.split("_") ?? []).map((text) => text.split(".")).map(([name, opacity]) => [name, +opacity]),
  );

/** The same as the view has it: null where there is none. */
export const overText = (layers) =>
  Object.entries(layers)
    .map(([name, opacity]) => `${name}.${opacity}`)
    .join("_") || null;

/** The topmost map of the affinity among them, or null. */
export const mapOver = (state) =>
  Object.keys(layersOver(state))
    .filter((name) => CELL_MAPS.includes(name))
    .at(-1) ?? null;

/** The layers with this map of the affinity (or none, null) in the place of any other. */
export function withMap(state, map, opacity) {
  const others = Object.entries(layersOver(state)).filter(([name]) => !CELL_MAPS.includes(name));
  return overText({ ...Object.fromEntries(others), ...(map && { [map]: opacity }) });
}
