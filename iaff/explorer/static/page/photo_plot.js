// Two figures of the photos of a list as a map of points: a point for each photo that has both.
import { el } from "../ui/dom.js";
import { Scatter } from "../ui/scatter.js";

const MANY = 400; // photos from which on points are small
const SIZES = { few: 3000, many: 300 }; // of a point, as Scatter counts

export class PhotoPlot {
  /**
   * @param {object} parts
   * @param {(id: string) => Promise<string | null>} parts.picture a photo's small picture as an address
   * @param {(id: string | null) => void} parts.point is told of the photo under the cursor
   * @param {(id: string) => void} parts.choose
   */
  constructor({ picture, point, choose }) {
    this.picture = picture;
    this.points = [];
    this.scatter = new Scatter(
      "Map of the photos: arrows go from point to point, Enter opens the photo",
      (i) => point(this.points[i]?.id ?? null),
      (i) => choose(this.points[i].id),
    );
    this.up = el("p.axis");
    this.across = el("p.axis");
    this.node = el("figure.photo-plot", { hidden: true }, this.up, this.scatter.node, this.across);
  }

  /**
   * @param {[string, string, number, number][]} points id, title and two figures of each photo
   * @param {{name: string, text: (value: number) => string}[]} axes what lies across, and what upwards
   * @param {string | null} open the photo that is shown behind the dialog
   */
  show(points, axes, open) {
    this.node.hidden = !axes.length;
    if (this.node.hidden) return;
    const [across, up] = axes,
      ink = getComputedStyle(this.node).getPropertyValue("--mark").trim();
    this.points = points.map(([id, title, x, y]) => ({ id, title, x, y }));
    this.scatter.show(
      this.points.map((point, i) => ({
        id: i,
        x: point.x,
        y: point.y,
        size: points.length < MANY ? SIZES.few : SIZES.many,
        fill: ink,
        edge: ink,
        ring: point.id === open ? "strong" : "thin",
        say: () => this.#about(point, across, up),
      })),
    );
    label(
      this.across,
      { ...across, name: `${across.name} →` },
      this.points.map(({ x }) => x),
    );
    label(
      this.up,
      { ...up, name: `↑ ${up.name}` },
      this.points.map(({ y }) => y),
    );
  }

  /** Marks a photo that is pointed at in the list. */
  highlight(id) {
    this.scatter.highlight(this.points.findIndex((point) => point.id === id));
  }

  #about({ id, title, x, y }, across, up) {
    const image = el("img", { alt: "", hidden: true });
    this.picture(id).then((address) => {
      image.hidden = !address;
      if (address) image.src = address;
    });
    return el(
      "span.about",
      {},
      image,
      el("span", {}, el("b", {}, title), ` ${across.name} ${across.text(x)}, ${up.name} ${up.text(y)}`),
    );
  }
}

/** The name of an axis, and its ends. */
function label(node, { name, text }, values) {
  const ends = values.length ? `${text(Math.min(...values))} to ${text(Math.max(...values))}` : "no photo has both";
  node.replaceChildren(el("b", {}, name), el("span", {}, ends));
}
