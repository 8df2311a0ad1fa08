// Where the photo lies in a pane, by the view's zoom and centre.

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

/** The centre that a view of that zoom can have, image px: the photo always fills the pane. */
export function viewCentre({ zoom, cx, cy }, { W, H }) {
  const inside = (v, size) => clamp(v ?? size / 2, size / (2 * zoom), size - size / (2 * zoom));
  return [inside(cx, W), inside(cy, H)];
}

/** Image px -> px of a pane of width x height, which the whole photo just fits into at zoom 1: {scale, left, top}. */
export function place(state, trace, width, height) {
  const [cx, cy] = viewCentre(state, trace),
    scale = Math.min(width / trace.W, height / trace.H) * state.zoom;
  return { scale, left: width / 2 - cx * scale, top: height / 2 - cy * scale };
}
