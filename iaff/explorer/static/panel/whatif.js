// The page's part of what-if: what is painted on the photo that is shown, and what follows from a stroke.
import { Edits, cuttable, paintable } from "../engine/whatif.js";
import { CARRIED, PAINTED, toSee } from "../draw/seen.js";
import { ADAPTED } from "../state/store.js";

export class WhatIf {
  /** brush: what is painted with; refresh() draws the view anew. */
  constructor({ store, current, brush, refresh }) {
    this.store = store;
    this.current = current;
    this.brush = brush;
    this.refresh = refresh;
  }

  /** Whether a stroke on the picture paints. */
  get paints() {
    const { state } = this.store,
      { edits, origin } = this.current;
    return state.tab === "whatif" && Boolean(edits) && paintable(origin) && !state.by;
  }

  /** A stroke from one pixel of the photo to another. */
  paint(from, to) {
    const { brush } = this,
      { origin, edits } = this.current,
      { tool, channel, size } = brush;
    this.store.set(toSee(tool === "wall" ? CARRIED : PAINTED, this.store.state, origin));
    edits.stroke(origin.cell(from.x, from.y), origin.cell(to.x, to.y), tool, channel, size);
    this.#edited();
  }

  /** Whether gates can be set by hand on what is shown. */
  get setsGates() {
    const { edits, origin } = this.current;
    return Boolean(edits) && cuttable(origin) && !this.store.state.by;
  }

  /** The three gates of a cell in a direction, in thousandths; see Edits.setGates(). */
  setGates(d, p, three, goesOn) {
    const set = this.current.edits.setGates(d, p, three, goesOn);
    if (set) this.#edited();
    return set;
  }

  undo() {
    const { edits } = this.current;
    if (!edits?.canUndo) return;
    edits.undo();
    this.#edited();
  }

  reset() {
    const { store } = this,
      { edits } = this.current;
    if (!edits) return;
    edits.reset();
    store.set({ passes: null });
    this.#edited();
  }

  /** What was painted has changed: the answer is computed anew, once a frame. */
  #edited() {
    this.repaint ??= requestAnimationFrame(() => {
      const { edits } = this.current;
      this.repaint = null;
      if (!edits) return; // something else is in the picture's place by now
      const { state } = this.store,
        { paint, gates } = edits.texts;
      paint === state.paint && gates === state.gates ? this.refresh() : this.store.set({ paint, gates });
    });
  }

  /** What was painted stays with its photo, also when the run has grown and the photo's trace is another one. */
  open(trace, same) {
    const { current } = this,
      before = current.edits;
    current.edits = trace.once("edits", () => new Edits(trace));
    if (same && before && !before.empty && current.edits.empty) current.edits.adopt(before);
  }

  /** What the state says is painted, as far as this photo can take it. */
  take() {
    const { store } = this,
      { edits } = this.current,
      { state } = this.store;
    edits.take(state);
    store.set(edits.texts, ADAPTED);
  }
}
