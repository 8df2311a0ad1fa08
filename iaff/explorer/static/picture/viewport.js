// Which part of the photo is seen, and how large. All panes share it, so that they always show the same spot.
import { viewCentre } from "../draw/place.js";

export const MOST = 32;
const STEP = 1.5; // one key, or one notch of a wheel

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const short = (v) => Math.round(100 * v) / 100;

/** Zoom so that the image point `at` stays where it is. */
export function zoomTo(store, trace, zoom, at) {
  const { state } = store;
  zoom = clamp(short(zoom), 1, MOST);
  if (zoom === 1) return store.set({ zoom, cx: null, cy: null });
  const [cx, cy] = viewCentre(state, trace),
    keep = state.zoom / zoom,
    moved = { zoom, cx: at.x + (cx - at.x) * keep, cy: at.y + (cy - at.y) * keep };
  const [x, y] = viewCentre(moved, trace);
  store.set({ zoom, cx: short(x), cy: short(y) });
}

/** Zoom so that the image point `at` lies `away` from the pane's centre, in image px at zoom 1. */
export function zoomHeld(store, trace, zoom, at, away) {
  zoom = clamp(short(zoom), 1, MOST);
  if (zoom === 1) return store.set({ zoom, cx: null, cy: null });
  const [x, y] = viewCentre({ zoom, cx: at.x - away.x / zoom, cy: at.y - away.y / zoom }, trace);
  store.set({ zoom, cx: short(x), cy: short(y) });
}

export const zoomBy = (store, trace, steps, at) => zoomTo(store, trace, store.state.zoom * STEP ** steps, at);

/** Move the view by image px. */
export function pan(store, trace, dx, dy) {
  const { state } = store,
    [cx, cy] = viewCentre(state, trace),
    [x, y] = viewCentre({ zoom: state.zoom, cx: cx + dx, cy: cy + dy }, trace);
  store.set({ cx: short(x), cy: short(y) });
}

/** Bring a pixel into view, if it is not. */
export function reveal(store, trace, { x, y }) {
  const { state } = store;
  if (state.zoom === 1) return;
  const [cx, cy] = viewCentre(state, trace),
    beyond = (v, c, size) => Math.abs(v - c) > 0.45 * (size / state.zoom);
  if (beyond(x, cx, trace.W) || beyond(y, cy, trace.H)) store.set({ cx: x, cy: y });
}
