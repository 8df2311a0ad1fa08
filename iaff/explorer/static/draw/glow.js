// The upper canvas of a pane: what follows the cursor, the pins, and what is being painted. The hot path: nothing is
// allocated for the affinity.
import { STRIDE } from "../engine/scan.js";
import { cellOutline, edgePath, heat, offscreen } from "./paint.js";
import { strokePath } from "./painter.js";
import { PIN_COLOURS } from "../state/pins.js";
import { drawLeaks } from "./leak_arrows.js";
import { drawEdits } from "./edits.js";
import { drawGuess } from "./guess.js";

const CASING = "rgb(0 0 0 / .6)";
const CROSS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];

export class Glow {
  constructor(pane, canvas) {
    this.pane = pane;
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  /** Another trace: its grid may be of another size. */
  open({ w, h }) {
    if (this.map?.width === w && this.map.height === h) return;
    this.map = offscreen(w, h);
    this.mapContext = this.map.getContext("2d");
    this.data = this.mapContext.createImageData(w, h);
    this.pixels = new Uint32Array(this.data.data.buffer);
  }

  draw() {
    const { context: c, canvas, pane } = this,
      { app, trace } = pane;
    this.view = pane.view;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    if (!trace) return;
    const asks = pane.asks();
    if (asks) this.#affinity();
    if (app.region >= 0 && trace.superpixels && trace.superpixels === app.trace?.superpixels) this.#patch(app.region);
    if (this.#painted(app.edits))
      this.#origin(() => drawEdits(c, app.edits, this.view.scale * STRIDE, trace.meta.class_ids));
    const { leaks, chosen } = pane.leaks ?? {};
    if (leaks) this.#origin(() => drawLeaks(c, leaks, chosen, this.view.scale * STRIDE));
    this.#markers(asks);
    if (app.lessons.mark) drawGuess(c, pane, app.lessons.mark);
  }

  /** Whether what was painted takes part in what this pane shows. */
  #painted(edits) {
    const { trace, spec } = this.pane;
    return edits && !edits.empty && edits.trace === (trace.origin ?? trace) && !spec.by;
  }

  #origin(paint) {
    const { context: c, view } = this;
    c.save();
    c.setTransform(1, 0, 0, 1, view.left, view.top);
    paint();
    c.restore();
  }

  /** The answer to the question: the glow of the first pin (or the cursor), and an outline for each pin. */
  #affinity() {
    const { pane, context: c } = this,
      { app, spec, trace } = pane,
      at = app.at(),
      pins = app.pins();
    pins.slice(1).forEach((pin, i) => {
      pane.ask(pin, pane.others);
      this.#outline(pane.others, PIN_COLOURS[i + 1]);
    });
    if (!at) return;
    const query = pane.ask(at, pane.query);
    if (spec.stage === "affinity") {
      heat(pane.query.values, query.max, app.state.scale === "log", this.pixels);
      this.mapContext.putImageData(this.data, 0, 0);
      c.setTransform(1, 0, 0, 1, this.view.left, this.view.top);
      c.imageSmoothingEnabled = false;
      c.globalCompositeOperation = "destination-over"; // below the outlines of the other pins
      c.globalAlpha = app.state.opacity / 100;
      const unit = this.view.scale * STRIDE;
      c.drawImage(this.map, 0, 0, trace.w * unit, trace.h * unit);
      c.globalAlpha = 1;
      c.globalCompositeOperation = "source-over";
    }
    this.#outline(query, PIN_COLOURS[0]);
  }

  #outline({ values, level }, colour) {
    const { context: c, pane, view } = this,
      cell = view.scale * STRIDE;
    c.setTransform(cell, 0, 0, cell, view.left, view.top);
    c.beginPath();
    cellOutline(c, values, level, pane.trace.w, pane.trace.h);
    c.lineCap = "round";
    c.lineWidth = (3 * pane.dpr) / cell;
    c.strokeStyle = CASING;
    c.stroke();
    c.lineWidth = (1.4 * pane.dpr) / cell;
    c.strokeStyle = colour;
    c.stroke();
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  #patch(id) {
    const { context: c, view, pane } = this;
    c.setTransform(view.scale, 0, 0, view.scale, view.left, view.top); // a context's own path is scaled when it is built
    c.beginPath();
    edgePath(c, pane.trace.edges(), id);
    strokePath(c, null, view, 1, ["#000b", "#fff"], 2 * pane.dpr);
  }

  #markers(asks) {
    const { app } = this.pane,
      pins = app.pins();
    pins.forEach((pin, i) => this.#marker(pin, PIN_COLOURS[i], true));
    if (!pins.length && asks) {
      const at = app.at();
      if (at) this.#marker(at, PIN_COLOURS[0], false);
    }
  }

  #marker(at, colour, cross) {
    const { context: c, view, pane } = this,
      { dpr } = pane,
      { x, y } = pane.local(at),
      cx = (x + 0.5) * view.scale + view.left,
      cy = (y + 0.5) * view.scale + view.top;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.beginPath();
    c.arc(cx, cy, 7 * dpr, 0, 7);
    if (cross)
      for (const [dx, dy] of CROSS) {
        c.moveTo(cx + 7 * dpr * dx, cy + 7 * dpr * dy);
        c.lineTo(cx + 12 * dpr * dx, cy + 12 * dpr * dy);
      }
    for (const [ink, width] of [
      [CASING, 4],
      [colour, 1.8],
    ]) {
      c.strokeStyle = ink;
      c.lineWidth = width * dpr;
      c.stroke();
    }
  }
}
