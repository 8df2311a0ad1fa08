// The page's part of what-if: what is painted on the photo that is shown, and what follows from a stroke.
import { Edits, paintable } from "../engine/whatif.js";
import { ADAPTED } from "../state/store.js";

export class WhatIf {
  constructor(app) {
    this.app = app;
  }

  /** Whether a stroke on the picture paints. */
  get paints() {
    const { state, edits, origin } = this.app;
    return state.tab === "whatif" && Boolean(edits) && paintable(origin) && !state.by;
  }

  /** A stroke from one pixel of the photo to another. */
  paint(from, to) {
    const { origin, edits, brush } = this.app,
      { tool, channel, size } = brush;
    edits.stroke(origin.cell(from.x, from.y), origin.cell(to.x, to.y), tool, channel, size);
    this.#edited();
  }

  undo() {
    const { edits } = this.app;
    if (!edits?.canUndo) return;
    edits.undo();
    this.#edited();
  }

  reset() {
    const { edits, store } = this.app;
    if (!edits) return;
    edits.reset();
    store.set({ passes: null });
    this.#edited();
  }

  /** What was painted has changed: the answer is computed anew, once a frame. */
  #edited() {
    this.repaint ??= requestAnimationFrame(() => {
      const { app } = this;
      this.repaint = null;
      if (!app.edits) return; // something else is in the picture's place by now
      const paint = app.edits.text;
      paint === app.state.paint ? app.refresh() : app.store.set({ paint });
    });
  }

  /** What was painted stays with its photo, also when the run has grown and the photo's trace is another one. */
  open(trace, same) {
    const { app } = this,
      before = app.edits;
    app.edits = trace.once("edits", () => new Edits(trace));
    if (same && before && !before.empty && app.edits.empty) app.edits.adopt(before);
  }

  /** What the state says is painted, as far as this photo can take it. */
  take() {
    const { edits, state, store } = this.app;
    edits.take(state.paint);
    store.set({ paint: edits.text }, ADAPTED);
  }
}
