// The picture: one canvas for the photo and its layer, one above it for what follows the cursor.
import { grey, borders, edgePath, heat, cellOutline, offscreen } from "./paint.js";
import { STRIDE, reach, shares } from "./scan.js";
import { hatch } from "./colour.js";
import { CHANGES, signs } from "./difference.js";
import { Layers } from "./layers.js";
import { el } from "./dom.js";

const REACH_SHARE = 0.9;

export class Picture {
  constructor(app) {
    this.app = app;
    this.base = el("canvas.base", { "aria-hidden": "true" });
    this.over = el("canvas.over", {
      tabindex: "0",
      role: "img",
      "aria-label": "The photo with the chosen layer",
    });
    this.frame = el("div.frame", {}, this.base, this.over);
    this.message = el("div.message", { hidden: true });
    this.node = el("div.picture", {}, this.frame, this.message);
    this.bottom = this.base.getContext("2d", { alpha: false });
    this.top = this.over.getContext("2d");
    this.query = { mass: 0, count: 0, level: 0, max: 0, shares: [] };
    this.#listen();
    new ResizeObserver(() => this.fit()).observe(this.node);
    addEventListener("resize", () => this.fit());
  }

  #listen() {
    const { app } = this;
    this.over.addEventListener("pointermove", (event) => {
      if (!app.trace) return;
      const start = performance.now(),
        { x, y } = this.#pixel(event);
      app.hover(x, y);
      app.timings.wait.push(start - event.timeStamp); // the browser hands moves over once a frame
      app.timings.hover.push(performance.now() - start);
    });
    this.over.addEventListener("pointerleave", () => app.leave());
    this.over.addEventListener("click", (event) => {
      if (app.trace) app.pin(this.#pixel(event));
    });
  }

  #pixel(event) {
    const { W, H } = this.app.trace,
      inside = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v)));
    return {
      x: inside((event.offsetX * W) / this.cssWidth, W),
      y: inside((event.offsetY * H) / this.cssHeight, H),
    };
  }

  /** A new photo: everything that does not depend on stage or round. */
  open(trace) {
    this.trace = trace;
    this.grey = grey(trace.image);
    const { w, h, n, W, H, K } = trace;
    this.values = new Float32Array(n);
    this.scratch = new Float32Array(n);
    this.query.shares = new Float32Array(K);
    this.heatmap = offscreen(w, h);
    this.heatContext = this.heatmap.getContext("2d");
    this.heatData = this.heatContext.createImageData(w, h);
    this.heatPixels = new Uint32Array(this.heatData.data.buffer);
    this.edges = trace.superpixels && borders(trace.superpixels, W, H);
    this.layers = new Layers(trace, this.app.state, this.edges);
    this.edgePath = this.edges && edgePath(new Path2D(), this.edges);
    this.truthPath = trace.truth && edgePath(new Path2D(), borders(trace.truth, W, H));
    this.fit();
  }

  fit() {
    if (!this.trace || this.frame.hidden) return;
    const { W, H } = this.trace,
      box = this.node.getBoundingClientRect();
    if (!box.width) return;
    const narrow = getComputedStyle(this.node).getPropertyValue("--narrow").trim() === "1";
    const room = narrow ? Math.min(innerHeight * 0.66, (box.width * H) / W) : this.#room();
    const zoom = Math.min(box.width / W, room / H);
    this.cssWidth = Math.round(W * zoom);
    this.cssHeight = Math.round(H * zoom);
    const dpr = Math.min(2, devicePixelRatio || 1);
    this.node.style.height = `${this.cssHeight}px`; // what is below follows the picture, whatever its shape
    this.frame.style.width = `${this.cssWidth}px`;
    this.frame.style.height = `${this.cssHeight}px`;
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(this.cssWidth * dpr);
      canvas.height = Math.round(this.cssHeight * dpr);
    }
    this.scale = this.base.width / W; // canvas px per image px
    this.dpr = dpr;
    this.pattern = hatch(this.bottom, dpr);
    this.signs = CHANGES.map(({ shape }) => signs(this.bottom, shape, dpr));
    this.draw();
  }

  camScale() {
    return this.layers.camScale();
  }

  difference() {
    return this.layers.difference();
  }

  /** Height that the column leaves to the picture, CSS px. */
  #room() {
    const column = this.node.parentElement,
      gap = parseFloat(getComputedStyle(column).rowGap) || 0;
    const others = [...column.children].filter((child) => child !== this.node);
    return others.reduce((left, child) => left - child.offsetHeight - gap, column.clientHeight);
  }

  /** Photo, layer, lines: once per change of stage, round, opacity or size. */
  draw() {
    if (!this.trace || !this.base.width) return;
    const { trace, bottom: c, base } = this,
      { round, opacity } = this.app.state,
      truth = trace.truth && this.app.state.truth,
      stage = truth === "filled" ? "truth" : this.app.state.stage;
    c.globalAlpha = 1;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.imageSmoothingEnabled = true;
    c.imageSmoothingQuality = "high";
    c.drawImage(trace.image, 0, 0, base.width, base.height);
    if (stage !== "photo") {
      c.globalAlpha = Math.min(1, opacity / 60); // the photo turns grey before the layer is fully there
      c.drawImage(this.grey, 0, 0, base.width, base.height);
      c.globalAlpha = opacity / 100;
      if (stage === "affinity") {
        c.fillStyle = "rgb(8 10 18 / .5)";
        c.fillRect(0, 0, base.width, base.height);
      } else if (stage !== "truth" && this.difference()) this.#drawDifference(this.difference());
      else this.#drawLayer(this.layers.get(stage, round));
    }
    if (truth)
      this.#stroke(c, this.truthPath, this.scale, ["#000a", "#fff"], 1.2, [5, 4]);
    c.globalAlpha = 1;
    this.hover();
  }

  #drawLayer(layer) {
    const { bottom: c } = this,
      { stage } = this.app.state;
    if (layer) {
      c.imageSmoothingEnabled = layer.smooth;
      this.#spread(c, layer.map);
      if (layer.unknown) this.#fill(layer.unknown, this.pattern);
      if (layer.lines) this.#stroke(c, layer.lines, this.scale * STRIDE, ["#0008", "#fff"], 1.5);
      if (layer.dashed) this.#stroke(c, layer.dashed, this.scale * STRIDE, ["#fff"], 1.2, [4, 4]);
      if (layer.dotted) this.#stroke(c, layer.dotted, this.scale, ["#000a", "#fff"], 1.6, [1, 4]);
    }
    if (stage === "superpixels" && this.edgePath) this.#stroke(c, this.edgePath, this.scale, ["#ffffff8c"], 0.7);
  }

  /** Changed pixels in their colours, each kind of change under its own pattern. */
  #drawDifference({ map, masks }) {
    this.bottom.imageSmoothingEnabled = false;
    this.#spread(this.bottom, map);
    this.bottom.globalAlpha = 1;
    masks.forEach((mask, i) => mask && this.#fill(mask, this.signs[i]));
  }

  /** A map at photo or grid size over the photo; the grid's last cells may reach beyond its edge. */
  #spread(c, map) {
    const unit = this.scale * (map.width === this.trace.W ? 1 : STRIDE);
    c.drawImage(map, 0, 0, map.width * unit, map.height * unit);
  }

  /** A pattern where the mask is. */
  #fill(mask, pattern) {
    const { base } = this,
      sheet = offscreen(base.width, base.height),
      s = sheet.getContext("2d");
    s.imageSmoothingEnabled = false;
    this.#spread(s, mask);
    s.globalCompositeOperation = "source-in";
    s.fillStyle = pattern;
    s.fillRect(0, 0, base.width, base.height);
    this.bottom.drawImage(sheet, 0, 0);
  }

  /** A line with a dark casing, so that it shows on light and on dark ground. Widths in CSS px. */
  #stroke(c, path, scale, colours, width, dash = []) {
    c.save();
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.lineCap = "round";
    colours.forEach((colour, i) => {
      c.strokeStyle = colour;
      const casing = colours.length > 1 && i === 0;
      c.lineWidth = ((casing ? width + 1.6 : width) * this.dpr) / scale;
      c.setLineDash(casing ? [] : dash.map((d) => (d * this.dpr) / scale));
      path ? c.stroke(path) : c.stroke();
    });
    c.restore();
  }

  /** What follows the cursor or the pin. The hot path: nothing is allocated for the affinity. */
  hover() {
    const { top: c, over, app } = this,
      { stage } = app.state,
      at = app.at();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, over.width, over.height);
    if (!at || !this.trace) return;
    if (stage === "affinity" || stage === "refined") this.#affinity(at, stage === "affinity");
    else if (this.edges && (stage === "superpixels" || stage === "confident")) this.#patch(at);
    if (app.pinned() || stage === "affinity" || stage === "refined") this.#marker(at);
  }

  /** Row or column of G for the pixel: weights, mass, reach, share of each class. */
  ask({ x, y }) {
    const { trace, values, query, app } = this,
      { mode, round } = app.state,
      affinity = trace.affinity(round),
      p = trace.cell(x, y);
    mode === "row" ? affinity.row(p, values) : affinity.column(p, values);
    reach(values, REACH_SHARE, this.scratch, query);
    const map = mode === "row" ? trace.unary(round) : trace.refined(round);
    map ? shares(values, map, trace.K, query.shares) : query.shares.fill(0);
    return query;
  }

  #affinity(at, glow) {
    const query = this.ask(at);
    const { top: c, trace, values, app } = this;
    if (glow) {
      heat(values, query.max, app.state.scale === "log", this.heatPixels);
      this.heatContext.putImageData(this.heatData, 0, 0);
      c.imageSmoothingEnabled = false;
      c.globalAlpha = app.state.opacity / 100;
      this.#spread(c, this.heatmap);
      c.globalAlpha = 1;
    }
    const cell = this.scale * STRIDE;
    c.setTransform(cell, 0, 0, cell, 0, 0);
    c.beginPath();
    cellOutline(c, values, query.level, trace.w, trace.h);
    c.lineCap = "round";
    c.lineWidth = (3 * this.dpr) / cell;
    c.strokeStyle = "rgb(0 0 0 / .55)";
    c.stroke();
    c.lineWidth = (1.4 * this.dpr) / cell;
    c.strokeStyle = "#fff";
    c.stroke();
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  #patch({ x, y }) {
    const { top: c, trace } = this,
      id = trace.superpixels[y * trace.W + x];
    c.setTransform(this.scale, 0, 0, this.scale, 0, 0); // a context's own path is scaled when it is built
    c.beginPath();
    edgePath(c, this.edges, id);
    c.setTransform(1, 0, 0, 1, 0, 0);
    this.#stroke(c, null, this.scale, ["#000b", "#fff"], 2);
  }

  #marker({ x, y }) {
    const { top: c, scale, dpr } = this,
      pinned = this.app.pinned();
    const cx = (x + 0.5) * scale,
      cy = (y + 0.5) * scale;
    for (const [colour, width] of [
      ["rgb(0 0 0 / .7)", 4],
      ["#fff", 1.8],
    ]) {
      c.strokeStyle = colour;
      c.lineWidth = width * dpr;
      c.beginPath();
      c.arc(cx, cy, 7 * dpr, 0, 7);
      if (pinned)
        for (const [dx, dy] of [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ]) {
          c.moveTo(cx + 7 * dpr * dx, cy + 7 * dpr * dy);
          c.lineTo(cx + 12 * dpr * dx, cy + 12 * dpr * dy);
        }
      c.stroke();
    }
  }

  /** Show something else instead of the picture. Null brings the picture back. */
  say(node) {
    this.message.hidden = !node;
    this.frame.hidden = Boolean(node);
    this.message.replaceChildren(...(node ? [node] : []));
    if (node) this.node.style.height = "";
  }
}
