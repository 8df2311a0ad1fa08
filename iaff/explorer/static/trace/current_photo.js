// The photo that is shown, and the run that it is of.
import { centre } from "../engine/grid.js";
import { Signal } from "../ui/signal.js";

export class CurrentPhoto {
  constructor() {
    this.run = null; // that is open
    this.name = null; // of the photo; it stays while another one is opened
    this.title = "";
    this.before = null; // name of the photo that was shown before this one
    this.origin = null; // its trace as it was opened, null where there is none to show
    this.trace = null; // the same as the main pane shows it: by another propagator, with what was painted
    this.edits = null; // what was painted, see engine/whatif.js
    this.peak = null; // the pixel with the strongest activation: a question worth asking first
    this.changed = new Signal(); // another photo is shown, or none
    this.grown = new Signal(); // the run has gone on training
  }

  /** A trace is shown from now on. */
  open(trace, name, title) {
    if (name !== this.name) this.before = this.name;
    Object.assign(this, { origin: trace, trace, name, title, peak: peak(trace) });
  }

  /** No photo is shown; `title` says what stands in its place. */
  close(title) {
    Object.assign(this, { origin: null, trace: null, edits: null, title });
  }
}

function peak(trace) {
  const cam = trace.cam(),
    best = cam.reduce((b, v, i) => (v > cam[b] ? i : b), 0) % trace.n;
  if (!cam.length) return { x: trace.W >> 1, y: trace.H >> 1 };
  return centre(trace, best);
}
