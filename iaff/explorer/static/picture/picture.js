// The picture: one, two or four linked panes with the same view and the same question.
import { Pane } from "./pane.js";
import { pan, zoomBy } from "./viewport.js";
import { Scene } from "../draw/scene.js";
import { el } from "../ui/dom.js";

const GAP = 8; // CSS px between panes
const LARGE = 2; // pins and lines in presenter mode at 1280 x 720
const SLACK = 4; // CSS px that a click may wander

export class Picture {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("./pointer.js").Pointer} parts.pointer hears where the cursor is
   * @param {import("../panel/whatif.js").WhatIf} parts.whatIf hears of strokes while it paints
   * @param {import("../ui/timings.js").Timings} parts.timings what took how long
   * @param {(at: any, add: boolean) => void} parts.pin a click; `add` keeps the other pins
   * @param {() => any} parts.guess at a lesson's question, see draw/guess.js
   */
  constructor({ store, current, pointer, whatIf, timings, pin, guess }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.whatIf = whatIf;
    this.timings = timings;
    this.pin = pin;
    this.panes = [];
    this.blink = null; // a round that is shown in the chosen one's place, while a key is held
    this.shared = this.#shared(guess);
    this.panes.push(new Pane(this.shared, 0));
    this.grid = el("div.panes", {}, this.main.node);
    this.wipe = wipeHandle(this);
    this.main.node.append(this.wipe.node);
    this.message = el("div.message", { hidden: true });
    this.node = el("div.picture", {}, this.grid, this.message);
    this.#listen();
    new ResizeObserver(() => this.fit()).observe(this.node);
    addEventListener("resize", () => this.fit());
  }

  /**
   * What the panes show now (see scene.js: Shared), and their layout, {columns, width, height, gap} in CSS px. It stays
   * as it is, and can be drawn, whatever happens on the page.
   */
  still() {
    const shared = { ...this.shared, state: { ...this.shared.state }, layout: this.layout, scenes: [] };
    shared.scenes.push(...this.panes.map((pane) => new Scene(shared, pane.index, pane)));
    return shared;
  }

  /** What all panes share, at any time as it is then: see scene.js. */
  #shared(guess) {
    const { store, current, pointer, panes } = this,
      blink = () => this.blink;
    return {
      scenes: panes,
      state: store.state,
      get origin() {
        return current.origin;
      },
      get at() {
        return pointer.at();
      },
      get region() {
        return pointer.region;
      },
      get leak() {
        return pointer.leak;
      },
      get range() {
        return pointer.range;
      },
      get blink() {
        return blink();
      },
      get edits() {
        return current.edits;
      },
      get guess() {
        return guess();
      },
      get stroke() {
        return strokeOf(store.state);
      },
    };
  }

  get main() {
    return this.panes[0];
  }

  get query() {
    return this.main.query;
  }

  get values() {
    return this.main.query.values;
  }

  get layers() {
    return this.main.layers;
  }

  get over() {
    return this.main.over;
  }

  difference() {
    return this.main.difference();
  }

  /** As many panes as the state says. */
  count(n) {
    while (this.panes.length > n) this.panes.pop().node.remove();
    while (this.panes.length < n) {
      this.panes.push(new Pane(this.shared, this.panes.length));
      this.grid.append(this.panes.at(-1).node);
    }
    this.grid.dataset.count = n;
  }

  #listen() {
    const { grid } = this;
    grid.addEventListener("pointermove", (event) => this.#move(event));
    grid.addEventListener("pointerdown", (event) => this.#down(event));
    grid.addEventListener("pointerup", (event) => this.#up(event));
    grid.addEventListener("pointercancel", () => (this.drag = null));
    grid.addEventListener("pointerleave", () => this.pointer.leave());
    grid.addEventListener("auxclick", (event) => event.preventDefault());
    grid.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** {pane, at}: the pane and the image pixel of an event, or null. */
  #where(event) {
    const pane = this.panes.find(({ over }) => over === event.target);
    return pane?.trace && pane.view ? { pane, at: pane.pixel(event.offsetX, event.offsetY) } : null;
  }

  #move(event) {
    const start = performance.now();
    if (this.drag) return this.#dragged(event);
    const found = this.#where(event);
    if (!found) return;
    this.pointer.hover(found.at, found.pane);
    this.timings.add("wait", start - event.timeStamp); // the browser hands moves over once a frame
    this.timings.add("hover", performance.now() - start);
  }

  #down(event) {
    const found = this.#where(event);
    if (!found) return;
    const paints = this.whatIf.paints && event.button === 0;
    this.drag = { ...found, x: event.clientX, y: event.clientY, moved: false, paints, last: found.at };
    event.target.setPointerCapture(event.pointerId);
    if (paints) this.whatIf.paint(found.at, found.at);
  }

  #dragged(event) {
    const { drag, store } = this,
      { origin } = this.current,
      { trace, view, dpr } = drag.pane,
      [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.paints) {
      const at = drag.pane.pixel(event.offsetX, event.offsetY);
      this.whatIf.paint(drag.last, at);
      drag.last = at;
      return;
    }
    if (!drag.moved && Math.hypot(dx, dy) < SLACK) return;
    drag.moved = true;
    const shift = (px, size, own) => ((-px * dpr) / view.scale) * (size / own); // of the main pane's photo
    pan(store, origin, shift(dx, origin.W, trace.W), shift(dy, origin.H, trace.H));
    [drag.x, drag.y] = [event.clientX, event.clientY];
  }

  #up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved || drag.paints || event.button !== 0) return;
    this.pin(drag.at, event.shiftKey);
  }

  /** The wheel zooms at the cursor; at the whole photo, and further down the page, it scrolls the page as ever. */
  #wheel(event) {
    const found = this.#where(event);
    if (!found || (scrollY > 0 && !event.ctrlKey)) return;
    if (event.deltaY > 0 && this.store.state.zoom === 1) return;
    event.preventDefault();
    const notches = Math.max(-1, Math.min(1, -event.deltaY / 100));
    zoomBy(this.store, this.current.origin, notches, found.at);
  }

  /** Panes as large as the room allows. */
  fit() {
    const { trace } = this.main;
    if (!trace || this.grid.hidden) return;
    const { W, H } = trace,
      box = this.node.getBoundingClientRect();
    if (!box.width) return;
    const narrow = this.#narrow(),
      n = this.panes.length,
      room = (this.room = narrow ? innerHeight * 0.66 : this.#room());
    const forms =
      n === 1
        ? [[1, 1]]
        : n === 2
          ? [
              [2, 1],
              [1, 2],
            ]
          : [[2, 2]];
    const scale = (/** @type {number[]} */ [columns, rows]) =>
      Math.min((box.width - GAP * (columns - 1)) / (W * columns), (room - GAP * (rows - 1)) / (H * rows));
    const [columns, rows] = forms.reduce((a, b) => (scale(b) > scale(a) ? b : a)),
      zoom = scale([columns, rows]),
      [width, height] = [Math.floor(W * zoom), Math.floor(H * zoom)],
      dpr = Math.min(2, devicePixelRatio || 1);
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${width}px)`;
    this.node.style.height = `${height * rows + GAP * (rows - 1)}px`; // what is below follows the picture
    this.layout = { columns, width, height, gap: GAP };
    for (const pane of this.panes) pane.fit(width, height, dpr);
    this.draw();
  }

  /** Whether the page is narrow: the picture's height is then its own choice. */
  #narrow() {
    return getComputedStyle(this.node).getPropertyValue("--narrow").trim() === "1";
  }

  /** What stands under the picture may have become higher or lower. */
  settle() {
    if (!this.#narrow() && this.room !== undefined && Math.abs(this.#room() - this.room) > 1) this.fit();
  }

  /** Height that the column leaves to the picture, CSS px. */
  #room() {
    const column = this.node.parentElement,
      gap = parseFloat(getComputedStyle(column).rowGap) || 0;
    const others = [...column.children].filter((child) => child !== this.node && child.offsetHeight > 0);
    return others.reduce((left, child) => left - child.offsetHeight - gap, column.clientHeight);
  }

  draw() {
    this.wipe.update();
    this.#answer();
    for (const pane of this.panes) pane.draw();
  }

  hover() {
    this.#answer();
    for (const pane of this.panes) pane.hover();
  }

  /** All panes answer before any is drawn: their glows may have one scale. */
  #answer() {
    for (const pane of this.panes) pane.answer();
  }

  /** Show something else instead of the picture. Null brings the picture back. */
  say(node) {
    this.message.hidden = !node;
    this.grid.hidden = Boolean(node);
    this.message.replaceChildren(...(node ? [node] : []));
    if (node) this.node.style.height = "";
  }
}

/** How much larger than usual pins and lines are: in presenter mode they grow with the window, as its texts do. */
function strokeOf({ present }) {
  return present ? LARGE * Math.min(innerWidth / 1280, innerHeight / 720) : 1;
}

/** The line between two rounds, to be dragged, or moved by the arrow keys. */
function wipeHandle(picture) {
  const { store } = picture,
    node = el("div.wipe", {
      hidden: true,
      role: "slider",
      tabindex: "0",
      "aria-label": "Wipe between two rounds",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
  const set = (share) => store.set({ wipe: Math.round(100 * Math.min(1, Math.max(0, share))) });
  const follow = (event) => {
    const box = picture.main.node.getBoundingClientRect();
    set((event.clientX - box.left) / box.width);
  };
  node.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    node.setPointerCapture(event.pointerId);
    node.onpointermove = follow;
  });
  node.addEventListener("pointerup", () => (node.onpointermove = null));
  node.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    set(store.state.wipe / 100 + by);
  });
  return {
    node,
    update() {
      const { wipe } = store.state,
        two = picture.main.twoRounds();
      node.hidden = !two || two.seen !== null;
      if (node.hidden) return;
      node.style.left = `${wipe}%`;
      node.setAttribute("aria-valuenow", wipe);
      const [earlier, later] = two.rounds;
      node.setAttribute("aria-valuetext", `${wipe} %: round ${earlier} left of it, round ${later} right of it`);
    },
  };
}
