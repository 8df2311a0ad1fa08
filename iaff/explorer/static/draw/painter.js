// The lower canvas of a pane: photo, layers, lines. Drawn once per change of what is shown, never while hovering.
import { offscreen } from "./paint.js";
import { NO_PHOTO, hatch } from "./colour.js";
import { patternOf } from "./kinds.js";
import { CELL_MAPS } from "../state/state.js";
import { DIFFERENCE, ERROR } from "../state/panes.js";

export class Painter {
  /** canvas: the pane's lower one. */
  constructor(canvas) {
    this.canvas = canvas;
    this.scene = /** @type {any} */ (null); // what is drawn
    this.view = /** @type {any} */ (null); // where the photo lies
    this.context = canvas.getContext("2d", { alpha: false });
  }

  /** Lines and patterns have another size: `dpr` canvas px are a CSS px of theirs. */
  resized(dpr) {
    this.dpr = dpr;
    this.pattern = hatch(this.context, dpr);
    this.patterns = new Map(); // of looks that were drawn
  }

  /** What a scene shows, with the photo where `view` says, canvas px. */
  draw(scene, view) {
    Object.assign(this, { scene, view });
    const { context: c, canvas } = this,
      { trace, spec } = scene,
      { state } = scene.shared,
      truth = trace.truth && state.truth,
      stage = truth === "filled" ? "truth" : spec.stage,
      two = scene.twoRounds();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalAlpha = 1;
    c.fillStyle = NO_PHOTO;
    c.fillRect(0, 0, canvas.width, canvas.height);
    if (!two) this.#maps(stage, spec.round, true);
    else if (two.seen) this.#maps(stage, two.seen);
    else {
      const [earlier, later] = two.rounds;
      this.#maps(stage, later);
      this.#left(state.wipe / 100, () => this.#maps(stage, earlier));
    }
    if (truth) this.#stroke(trace.truthPath(), 1, ["#000a", "#fff"], 1.2, [5, 4]);
    c.globalAlpha = 1;
  }

  /** Draw what `paint` draws only left of a share of the width. */
  #left(share, paint) {
    const { context: c, canvas } = this;
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.beginPath();
    c.rect(0, 0, canvas.width * share, canvas.height);
    c.clip();
    paint();
    c.restore();
    this.#line(canvas.width * share);
  }

  /** From top to bottom, where two rounds meet. */
  #line(x) {
    const { context: c, canvas, dpr } = this;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalAlpha = 1;
    for (const { ink, width } of [
      { ink: "rgb(0 0 0 / .5)", width: 4 * dpr },
      { ink: "#fff", width: 2 * dpr },
    ]) {
      c.fillStyle = ink;
      c.fillRect(x - width / 2, 0, width, canvas.height);
    }
  }

  /** A stage of one round, or what changed, with the layers above it. */
  #maps(stage, round, changes = false) {
    this.#stage(stage, round, changes);
    for (const { name, opacity } of this.scene.overlays()) this.#over(name, opacity, round);
  }

  /** The photo with the layer of a stage, or with what changed. */
  #stage(stage, round, changes = false) {
    const { context: c, scene } = this,
      { trace } = scene,
      { opacity } = scene.shared.state,
      strongest = Math.max(opacity, ...scene.overlays().map((over) => over.opacity));
    this.#origin();
    c.globalAlpha = 1;
    c.imageSmoothingEnabled = this.view.scale < 6; // pixels are told apart when they are large
    c.imageSmoothingQuality = "high";
    this.#spread(c, trace.image);
    const cells = scene.cellMaps().length > 0;
    if (stage === "photo" && !cells) return;
    c.globalAlpha = cells ? 1 : Math.min(1, strongest / 60); // the photo turns grey before the layer is fully there
    this.#spread(c, trace.grey());
    c.globalAlpha = opacity / 100;
    const difference = changes && stage !== "truth" && scene.difference();
    if (stage === "affinity") cells || this.#shade();
    else if (difference) this.#drawn(difference);
    else if (stage !== DIFFERENCE) this.#layer(stage, round);
  }

  /** The photo's corner is the origin from here on. */
  #origin() {
    this.context.setTransform(1, 0, 0, 1, this.view.left, this.view.top);
  }

  #shade() {
    const { context: c, view, scene } = this;
    c.fillStyle = "rgb(8 10 18 / .5)";
    c.fillRect(0, 0, scene.trace.W * view.scale, scene.trace.H * view.scale);
  }

  /** A further layer above the stage's own. */
  #over(name, opacity, round) {
    this.#origin();
    this.context.globalAlpha = opacity / 100;
    this.#layer(name, round, true);
  }

  #layer(name, round, over = false) {
    const { scene } = this,
      { stride } = scene.trace;
    if (CELL_MAPS.includes(name)) this.#shade();
    const layer = over && name === "superpixels" ? null : this.#made(name, round);
    if (layer) {
      this.#drawn(layer);
      if (layer.lines) this.#stroke(layer.lines, stride, ["#0008", "#fff"], 1.5);
      if (layer.dashed) this.#stroke(layer.dashed, stride, ["#fff"], 1.2, [4, 4]);
      if (layer.dotted) this.#stroke(layer.dotted, 1, ["#000a", "#fff"], 1.6, [1, 4]);
    }
    if (name === "superpixels" && scene.trace.superpixels)
      this.#stroke(scene.trace.edgesPath(), 1, ["#ffffff8c"], over ? 1 : 0.7);
  }

  #made(name, round) {
    const { layers } = this.scene;
    return name === ERROR ? layers.errors(this.scene.labelStage(), round) : layers.get(name, round);
  }

  /** A map, what is unknown in it hatched, each kind of its pixels (see kinds.js) under its own pattern. */
  #drawn({ map, smooth, unknown, masks = [], looks }) {
    const { context: c } = this;
    c.imageSmoothingEnabled = smooth;
    this.#spread(c, map);
    if (unknown) this.#fill(unknown, this.pattern);
    masks.forEach((mask, i) => mask && this.#fill(mask, this.#patternOf(looks[i])));
  }

  #patternOf(look) {
    const key = JSON.stringify([look.shape, look.ink, look.tile]);
    if (!this.patterns.has(key)) this.patterns.set(key, patternOf(this.context, look, this.dpr));
    return this.patterns.get(key);
  }

  /** A map at photo or grid size over the photo; the grid's last cells may reach beyond its edge. */
  #spread(c, map) {
    const { W, stride } = this.scene.trace,
      unit = this.view.scale * (map.width === W ? 1 : stride);
    c.drawImage(map, 0, 0, map.width * unit, map.height * unit);
  }

  /** A pattern where the mask is. */
  #fill(mask, pattern) {
    const { canvas, view, context: c } = this,
      sheet = offscreen(canvas.width, canvas.height),
      s = sheet.getContext("2d");
    s.imageSmoothingEnabled = false;
    s.setTransform(1, 0, 0, 1, view.left, view.top);
    this.#spread(s, mask);
    s.setTransform(1, 0, 0, 1, 0, 0);
    s.globalCompositeOperation = "source-in";
    s.fillStyle = pattern;
    s.fillRect(0, 0, canvas.width, canvas.height);
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.drawImage(sheet, 0, 0);
    c.restore();
  }

  #stroke(path, unit, colours, width, dash) {
    strokePath(
      this.context,
      path,
      this.view,
      unit,
      colours,
      width * this.dpr,
      dash?.map((d) => d * this.dpr),
    );
  }
}

/**
 * A line with a dark casing, so that it shows on light and on dark ground.
 * `path` is in units of `unit` image px (null: the context's own path); widths and dashes in canvas px.
 */
export function strokePath(c, path, view, unit, colours, width, dash = []) {
  const scale = view.scale * unit;
  c.save();
  c.setTransform(scale, 0, 0, scale, view.left, view.top);
  c.lineCap = "round";
  colours.forEach((colour, i) => {
    const casing = colours.length > 1 && i === 0;
    c.strokeStyle = colour;
    c.lineWidth = (casing ? width * 1.9 : width) / scale;
    c.setLineDash(casing ? [] : dash.map((d) => d / scale));
    path ? c.stroke(path) : c.stroke();
  });
  c.restore();
}
