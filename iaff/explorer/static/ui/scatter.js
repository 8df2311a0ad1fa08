// A map of points on a canvas: what follows the cursor is drawn on a second one above it.
import { el } from "./dom.js";

const EDGE = 11; // CSS px between the outermost points and the frame
const NEAR = 5; // CSS px beside a point that still count as on it

/** Radius of a point of that many photo px, CSS px. */
const radius = (pixels) => 1.7 + 0.045 * Math.sqrt(pixels);

/**
 * Points are {id, x, y, size (photo px), fill, ring: "thin" | "strong" | "dashed", edge, say()}: CSS colours, and what
 * the tip says, a text or a node. `hover(id)` is told of the point under the cursor (-1: none), `choose(id)` of a
 * clicked one.
 */
export class Scatter {
  constructor(label, hover, choose) {
    this.hover = hover;
    this.choose = choose;
    this.points = [];
    this.places = [];
    this.marked = -1;
    this.under = el("canvas", { "aria-hidden": "true" });
    this.over = el("canvas.over-map", { tabindex: "0", role: "application", "aria-label": label });
    this.tip = el("output.tip", { hidden: true });
    this.node = el("div.scatter", {}, this.under, this.over, this.tip);
    this.over.addEventListener("pointermove", (event) => {
      this.tip.setAttribute("aria-live", "off");
      this.#point(this.#nearest(event));
    });
    this.over.addEventListener("pointerleave", () => this.#point(-1));
    this.over.addEventListener("click", (event) => {
      const id = this.#nearest(event);
      if (id >= 0) choose(id);
    });
    this.over.addEventListener("keydown", (event) => this.#key(event));
    this.over.addEventListener("blur", () => this.#point(-1));
    new ResizeObserver(() => this.#fit()).observe(this.node);
  }

  show(points) {
    this.points = points;
    this.byId = new Map(points.map((point, i) => [point.id, i]));
    this.#place();
    this.#draw();
  }

  /** Mark a point that is pointed at elsewhere; an id without a point marks none. */
  highlight(id) {
    if (id === this.marked) return;
    this.marked = id;
    const { over } = this,
      c = over.getContext("2d"),
      place = this.places[this.byId?.get(id)];
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, over.width, over.height);
    this.#tell(place ? this.points[this.byId.get(id)] : null, place);
    if (!place) return;
    c.scale(this.dpr, this.dpr);
    for (const [colour, width] of [
      [this.paper, 5],
      [this.ink, 2],
    ]) {
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.beginPath();
      c.arc(place.x, place.y, place.r + 3, 0, 7);
      c.stroke();
    }
  }

  #point(id) {
    if (id === this.marked) return;
    this.highlight(id);
    this.hover(id);
  }

  #tell(point, place) {
    const { tip } = this;
    tip.hidden = !point;
    if (!point) return;
    tip.replaceChildren(point.say());
    tip.classList.toggle("low", place.y < this.height / 2);
  }

  /** Arrows go from point to point, from left to right; Enter chooses. */
  #key(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key],
      enter = event.key === "Enter" && this.marked >= 0;
    if (event.shiftKey || (!by && !enter) || !this.points.length) return;
    event.preventDefault();
    this.tip.setAttribute("aria-live", "polite");
    if (enter) return this.choose(this.marked);
    const order = [...this.points.keys()].sort((a, b) => this.places[a].x - this.places[b].x),
      at = order.indexOf(this.byId.get(this.marked));
    this.#point(this.points[order[at < 0 ? 0 : (at + by + order.length) % order.length]].id);
  }

  #nearest({ offsetX, offsetY }) {
    let best = -1,
      least = Infinity;
    this.places.forEach(({ x, y, r }, i) => {
      const beyond = Math.hypot(x - offsetX, y - offsetY) - r;
      if (beyond < Math.min(least, NEAR)) [best, least] = [i, beyond];
    });
    return best < 0 ? -1 : this.points[best].id;
  }

  #fit() {
    const { width, height } = this.node.getBoundingClientRect();
    if (!width || (width === this.width && height === this.height)) return;
    this.width = width;
    this.height = height;
    this.dpr = Math.min(2, devicePixelRatio || 1);
    for (const canvas of [this.under, this.over]) {
      canvas.width = Math.round(width * this.dpr);
      canvas.height = Math.round(height * this.dpr);
    }
    this.#place();
    this.#draw();
  }

  /** Values -> CSS px: both axes fill the frame. */
  #place() {
    if (!this.width) return;
    const axis = (key, from, to) => {
      const values = this.points.map((point) => point[key]),
        [low, high] = [Math.min(...values), Math.max(...values)];
      return (v) => from + (to - from) * (high > low ? (v - low) / (high - low) : 0.5);
    };
    const x = axis("x", EDGE, this.width - EDGE),
      y = axis("y", this.height - EDGE, EDGE);
    this.places = this.points.map((point) => ({ x: x(point.x), y: y(point.y), r: radius(point.size) }));
  }

  #draw() {
    if (!this.width) return;
    const style = getComputedStyle(this.node),
      c = this.under.getContext("2d");
    const named = (name) => style.getPropertyValue(name).trim();
    this.ink = named("--ink");
    this.paper = named("--surface");
    this.rim = named("--strong");
    c.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    const { points } = this,
      order = [...points.keys()].sort((a, b) => points[b].size - points[a].size); // small ones on top
    for (const i of order) dot(c, points[i], this.places[i], this);
    const { marked } = this;
    this.marked = NaN; // drawn anew, whatever it was
    this.highlight(marked);
  }
}

/** Thin: full and framed; strong: framed in the colour of its edge; dashed: pale too. */
function dot(c, { fill, edge, ring }, { x, y, r }, { paper, rim }) {
  const dashed = ring === "dashed";
  c.beginPath();
  c.arc(x, y, r, 0, 7);
  c.setLineDash([]);
  c.globalAlpha = dashed ? 0.28 : 0.9;
  c.fillStyle = fill;
  c.fill();
  c.globalAlpha = 1;
  if (ring === "strong") {
    c.lineWidth = 1.2;
    c.strokeStyle = paper;
    c.stroke();
    c.beginPath();
    c.arc(x, y, r + 1.9, 0, 7);
    c.lineWidth = 2.2;
    c.strokeStyle = edge;
    c.stroke();
    return;
  }
  c.lineWidth = dashed ? 1 : 0.8;
  if (dashed) c.setLineDash([1.5, 1.8]);
  c.strokeStyle = rim;
  c.stroke();
  c.setLineDash([]);
}
