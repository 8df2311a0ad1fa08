// A scene (scene.js) on canvases. The lower one has what is shown, the upper one what is asked of it, so that little is
// drawn anew while the cursor moves.
import { NO_PHOTO } from "./colour.js";
import { Glow } from "./glow.js";
import { Painter } from "./painter.js";
import { el } from "../ui/dom.js";

export class PaneDrawing {
  /** base, over: the lower and the upper canvas, of the page or not. */
  constructor(base, over) {
    this.base = base;
    this.over = over;
    this.dpr = 1; // canvas px of a CSS px
    this.unit = 0; // canvas px of a CSS px of lines and patterns
    this.painter = new Painter(base);
    this.glow = new Glow(over);
  }

  /** Size in CSS px; `dpr` canvas px are one of them. */
  fit(width, height, dpr) {
    this.dpr = dpr;
    this.unit = 0;
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    }
  }

  /** `view`: where the photo lies, canvas px (see Scene.place). */
  draw(scene, view) {
    const unit = this.dpr * scene.shared.stroke;
    if (unit !== this.unit) this.painter.resized(unit);
    this.unit = unit;
    this.painter.draw(scene, view);
    this.hover(scene, view);
  }

  /** The upper canvas alone. */
  hover(scene, view) {
    this.glow.draw(scene, view, this.dpr * scene.shared.stroke);
  }
}

/**
 * Draws a scene into a context, at its origin, whose unit must be a canvas px.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {import("./scene.js").Scene} scene
 * @param {object} size
 * @param {number} size.width CSS px
 * @param {number} size.height
 * @param {number} size.scale canvas px of a CSS px
 * @param {Record<string, any> | null} [size.view] where the photo lies, canvas px; else as the scene's state has it
 */
export function drawPane(context, scene, { width, height, scale, view = null }) {
  if (!scene.trace) {
    context.fillStyle = NO_PHOTO;
    context.fillRect(0, 0, width * scale, height * scale);
    return;
  }
  // No OffscreenCanvas: Chromium draws lines that are clipped there a little otherwise than on the page's canvases.
  const drawing = new PaneDrawing(el("canvas"), el("canvas")),
    { base, over } = drawing;
  drawing.fit(width, height, scale);
  for (const one of scene.shared.scenes) one.answer();
  drawing.draw(scene, view ?? scene.place(base.width, base.height));
  context.drawImage(base, 0, 0);
  context.drawImage(over, 0, 0);
}
