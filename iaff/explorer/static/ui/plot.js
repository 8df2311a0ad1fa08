// Small plots of the panel, as SVG: a frame with ticks, and a body for what is drawn in it.

const NS = "http://www.w3.org/2000/svg";

/** svg("path.curve", {d: "..."}, ...children), as dom.js's el. */
export function svg(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split("."),
    node = document.createElementNS(NS, tag);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(key, value);
  node.append(...children.flat().filter(Boolean));
  return node;
}

const MARGIN = { left: 28, right: 9, top: 22, bottom: 31 }; // room for the words around the frame

/** A plot of `width` x `height` units; axes are {name, low, high, ticks: [value], text: (value) -> string}. */
export class Plot {
  constructor(label, width, height) {
    this.width = width;
    this.height = height;
    this.axes = svg("g.axes", { "aria-hidden": "true" });
    const { left, right, top, bottom } = MARGIN;
    this.box = { x: left, y: top, width: width - left - right, height: height - top - bottom };
    this.body = svg("g", { transform: `translate(${left} ${top})` });
    const about = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
    this.node = svg("svg.plot", about, this.axes, this.body);
    const fit = (/** @type {ResizeObserverEntry[]} */ [{ contentRect }]) =>
      this.node.style.setProperty("--unit", `${contentRect.width / width || 1}`);
    new ResizeObserver(fit).observe(this.node); // words keep their size, however large the plot is drawn
  }

  /** Position in the body of a value. */
  x = (v) => ((v - this.across.low) / (this.across.high - this.across.low)) * this.box.width;
  y = (v) => (1 - (v - this.up.low) / (this.up.high - this.up.low)) * this.box.height;

  scale(across, up) {
    this.across = across;
    this.up = up;
    const { x, y, width, height } = this.box,
      bottom = y + height;
    this.axes.replaceChildren(
      svg("path.frame", { d: `M${x} ${y}V${bottom}H${x + width}` }),
      ...up.ticks.map((v) => svg("text.end", { x: x - 4, y: y + this.y(v) + 4 }, up.text(v))),
      ...across.ticks.map((v) => svg("text.middle", { x: x + this.x(v), y: bottom + 13 }, across.text(v))),
      svg("text", { x: 0, y: 10 }, up.name),
      svg("text.end", { x: x + width, y: this.height - 3 }, across.name),
    );
  }

  /** SVG path through points [x, y] in values. */
  line(points) {
    return points.map(([u, v], i) => `${i ? "L" : "M"}${this.x(u).toFixed(1)} ${this.y(v).toFixed(1)}`).join("");
  }
}

/** Ticks that divide low..high into `parts`. */
export function ticks(low, high, parts) {
  return Array.from({ length: parts + 1 }, (_, i) => low + (i * (high - low)) / parts);
}
