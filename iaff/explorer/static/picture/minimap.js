// Where one is, while the view is nearer than the whole photo: a small photo in a corner of the main pane. A click on it
// goes there; Alt and the arrows do the same by keys.
import { CHOSEN } from "../draw/leak_arrows.js";
import { viewCentre } from "../draw/place.js";
import { el } from "../ui/dom.js";
import { inWords } from "../ui/pointing.js";

const LONG = 104; // CSS px, the longer side at most
const SHARE = 0.24; // of the pane's width, at most
const DOT = 3; // CSS px

export class Minimap {
  /** picture: whose main pane it lies in. */
  constructor({ store, current, picture }) {
    this.store = store;
    this.current = current;
    this.picture = picture;
    this.node = el("canvas.minimap", { hidden: true, "aria-hidden": "true", title: inWords("Click: go there") });
    picture.main.node.append(this.node);
    this.node.addEventListener("pointerdown", (event) => {
      this.node.setPointerCapture(event.pointerId);
      this.#go(event);
    });
    this.node.addEventListener("pointermove", (event) => event.buttons && this.#go(event));
  }

  /** Another view, photo, or edge that is pointed at. */
  update() {
    const { node, store, picture } = this,
      { trace } = this.current,
      { zoom } = store.state;
    node.hidden = !trace || zoom === 1;
    if (node.hidden) return;
    const size = Math.min(LONG, SHARE * picture.main.width) / Math.max(trace.W, trace.H),
      dpr = Math.min(2, devicePixelRatio || 1),
      [width, height] = [trace.W, trace.H].map((px) => Math.round(px * size));
    if (node.width !== width * dpr || node.height !== height * dpr)
      Object.assign(node, { width: width * dpr, height: height * dpr });
    Object.assign(node.style, { width: `${width}px`, height: `${height}px` });
    const c = node.getContext("2d");
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.drawImage(trace.image, 0, 0, node.width, node.height);
    c.scale(dpr, dpr);
    this.#frame(c, size);
    const { leaks, chosen } = picture.main.leaks() ?? {},
      leak = picture.shared.leak ?? leaks?.[chosen - 1];
    if (leak) this.#dot(c, leak.target, size * trace.stride);
  }

  /** What is seen lies in a frame, the rest in the dark. */
  #frame(c, size) {
    const { trace } = this.current,
      { zoom } = this.store.state,
      [cx, cy] = viewCentre(this.store.state, trace),
      [width, height] = [trace.W, trace.H].map((px) => (px * size) / zoom),
      box = [cx * size - width / 2, cy * size - height / 2, width, height];
    c.beginPath();
    c.rect(0, 0, trace.W * size, trace.H * size);
    c.rect(...box);
    c.fillStyle = "rgb(10 12 16 / .5)";
    c.fill("evenodd");
    c.lineWidth = 1.5;
    c.strokeStyle = "#fff";
    c.strokeRect(...box);
  }

  #dot(c, [x, y], cell) {
    c.beginPath();
    c.arc((x + 0.5) * cell, (y + 0.5) * cell, DOT, 0, 7);
    c.fillStyle = CHOSEN;
    c.fill();
    c.lineWidth = 1;
    c.strokeStyle = "#fff";
    c.stroke();
  }

  #go({ offsetX, offsetY }) {
    const { W, H } = this.current.trace,
      { clientWidth, clientHeight } = this.node,
      { zoom } = this.store.state,
      [cx, cy] = viewCentre({ zoom, cx: (offsetX / clientWidth) * W, cy: (offsetY / clientHeight) * H }, { W, H }),
      short = (v) => Math.round(100 * v) / 100;
    this.store.set({ cx: short(cx), cy: short(cy) });
  }
}
