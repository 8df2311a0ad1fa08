// The upper canvas of a pane: what follows the cursor, the pins, and what is being painted. The hot path: nothing is
// allocated for the affinity.
import { cellOutline, edgePath, heat, offscreen } from "./paint.js";
import { strokePath } from "./painter.js";
import { PIN_COLOURS, pinsOf } from "../state/pins.js";
import { borderNear, drawLeaks } from "./leak_arrows.js";
import { sameEdge } from "../engine/leaks.js";
import { drawEdits } from "./edits.js";
import { drawNumbers, roomForNumbers } from "./cell_numbers.js";
import { drawTerms, frameCell } from "./terms.js";
import { drawFront } from "./front.js";
import { drawGuess } from "./guess.js";

const CASING = "rgb(0 0 0 / .6)";
const RING = 13; // CSS px, around an edge that is pointed at
const DARK = 0xb0120a08; // a, b, g, r
const CROSS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];

export class Glow {
  /** canvas: the pane's upper one. */
  constructor(canvas) {
    this.canvas = canvas;
    this.scene = /** @type {any} */ (null); // what is drawn
    this.view = /** @type {any} */ (null); // where the photo lies
    this.dpr = 1;
    this.context = canvas.getContext("2d");
  }

  /** Another trace's grid may be of another size. */
  #fit({ w, h }) {
    if (this.map?.width === w && this.map.height === h) return;
    this.map = offscreen(w, h);
    this.mapContext = this.map.getContext("2d");
    this.data = this.mapContext.createImageData(w, h);
    this.pixels = new Uint32Array(this.data.data.buffer);
  }

  /**
   * What is asked of a scene, with the photo where `view` says; `dpr` canvas px are a CSS px of lines. All scenes of its picture
   * have answered, see Scene.answer().
   */
  draw(scene, view, dpr) {
    Object.assign(this, { scene, view, dpr });
    const { context: c, canvas } = this,
      { trace, shared } = scene;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    if (!trace) return;
    this.#fit(trace);
    const asks = scene.asks(),
      { region, edits, guess } = shared,
      cell = view.scale * trace.stride,
      found = scene.leaks();
    this.#light(scene.lit());
    if (asks) this.#affinity();
    const walked = scene.walked();
    if (walked) drawFront(c, walked, shared.state.mode === "row", trace, view, dpr);
    if (region >= 0 && trace.superpixels && trace.superpixels === shared.scenes[0].trace?.superpixels)
      this.#patch(region);
    if (this.#painted(edits)) this.#origin(() => drawEdits(c, edits, cell, trace.meta.class_ids));
    if (found?.leaks) this.#leaks(found);
    this.#markers(asks, this.#numbers());
    if (guess) drawGuess(c, scene, guess, view, dpr);
  }

  /** The largest leaks; around the chosen one, the boundary that it crosses. */
  #leaks({ leaks, chosen, labels }) {
    const { scene, context: c, view, dpr } = this,
      { trace, shared } = scene,
      pointed = leaks.find((leak) => sameEdge(leak, shared.leak)),
      unit = trace.stride;
    if (chosen) {
      const border = borderNear(labels, leaks[chosen - 1], trace);
      strokePath(c, border, view, unit, ["#000b", "#fff"], 1.4 * dpr, [5 * dpr, 4 * dpr]);
    }
    this.#origin(() => drawLeaks(c, leaks, chosen, view.scale * unit, pointed, RING * dpr));
  }

  /** The terms of the arithmetic that is open, and numbers in cells that are large enough; whether there are any. */
  #numbers() {
    const { scene, context: c, view, dpr } = this,
      { trace, shared } = scene,
      cell = view.scale * trace.stride,
      arithmetic = scene.arithmetic();
    if (arithmetic) this.#origin(() => drawTerms(c, arithmetic, { w: trace.w, cell, dpr, lit: shared.term }));
    const values = roomForNumbers(cell, dpr) ? scene.numbers() : null;
    if (values) drawNumbers(c, values, trace, { left: view.left, top: view.top, cell, dpr });
    return Boolean(values);
  }

  /** All but the lit cells lie in the dark. */
  #light(lit) {
    if (!lit) return;
    const { scene, context: c, view, dpr, pixels } = this,
      { trace } = scene,
      cell = view.scale * trace.stride;
    for (let p = 0; p < pixels.length; p++) pixels[p] = lit[p] ? 0 : DARK;
    this.mapContext.putImageData(this.data, 0, 0);
    c.imageSmoothingEnabled = false;
    c.setTransform(1, 0, 0, 1, view.left, view.top);
    c.drawImage(this.map, 0, 0, trace.w * cell, trace.h * cell);
    c.setTransform(cell, 0, 0, cell, view.left, view.top);
    c.beginPath();
    cellOutline(c, lit, 1, trace.w, trace.h);
    c.lineWidth = dpr / cell;
    c.strokeStyle = "#fff";
    c.stroke();
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Whether what was painted takes part in what is shown. */
  #painted(edits) {
    const { trace, spec } = this.scene;
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
    const { scene, context: c } = this,
      { trace } = scene,
      { state, at } = scene.shared,
      pins = pinsOf(state);
    pins.slice(1).forEach((_, i) => this.#outline(scene.answers[i + 1], PIN_COLOURS[i + 1]));
    if (!at) return;
    const { query } = scene;
    if (scene.glows()) {
      heat(query.values, scene.glowTop(), state.scale === "log", this.pixels);
      this.mapContext.putImageData(this.data, 0, 0);
      c.setTransform(1, 0, 0, 1, this.view.left, this.view.top);
      c.imageSmoothingEnabled = false;
      c.globalCompositeOperation = "destination-over"; // below the outlines of the other pins
      c.globalAlpha = state.opacity / 100;
      const cell = this.view.scale * trace.stride;
      c.drawImage(this.map, 0, 0, trace.w * cell, trace.h * cell);
      c.globalAlpha = 1;
      c.globalCompositeOperation = "source-over";
    }
    this.#outline(query, PIN_COLOURS[0]);
  }

  #outline({ values, level }, colour) {
    const { context: c, scene, view, dpr } = this,
      cell = view.scale * scene.trace.stride;
    c.setTransform(cell, 0, 0, cell, view.left, view.top);
    c.beginPath();
    cellOutline(c, values, level, scene.trace.w, scene.trace.h);
    c.lineCap = "round";
    c.lineWidth = (3 * dpr) / cell;
    c.strokeStyle = CASING;
    c.stroke();
    c.lineWidth = (1.4 * dpr) / cell;
    c.strokeStyle = colour;
    c.stroke();
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  #patch(id) {
    const { context: c, view, scene, dpr } = this;
    c.setTransform(view.scale, 0, 0, view.scale, view.left, view.top); // a context's own path is scaled when it is built
    c.beginPath();
    edgePath(c, scene.trace.edges(), id);
    strokePath(c, null, view, 1, ["#000b", "#fff"], 2 * dpr);
  }

  /** Where something is pinned or asked; `framed`: as a frame around the cell, whose middle holds a number. */
  #markers(asks, framed) {
    const { state, at } = this.scene.shared,
      pins = pinsOf(state);
    const mark = (place, colour, cross) => (framed ? this.#frame(place, colour) : this.#marker(place, colour, cross));
    pins.forEach((pin, i) => mark(i ? pin : at, PIN_COLOURS[i], true)); // a finger takes the first one along
    if (!pins.length && asks && at) mark(at, PIN_COLOURS[0], false);
  }

  #frame(at, colour) {
    const { context: c, view, scene, dpr } = this,
      { x, y } = scene.local(at),
      p = scene.trace.cell(x, y);
    this.#origin(() => frameCell(c, p, scene.trace.w, view.scale * scene.trace.stride, colour, 2.4 * dpr));
  }

  #marker(at, colour, cross) {
    const { context: c, view, scene, dpr } = this,
      { x, y } = scene.local(at),
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
