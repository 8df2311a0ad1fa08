// The picture: one, two or four linked panes with the same view and the same question.
import { Pane } from "./pane.js";
import { pan, zoomBy, zoomHeld } from "./viewport.js";
import { Touch } from "./touch.js";
import { Wipe } from "./wipe.js";
import { viewCentre } from "../draw/place.js";
import { Scene } from "../draw/scene.js";
import { el } from "../ui/dom.js";

const GAP = 8; // CSS px between panes
const LARGE = 2; // pins and lines in presenter mode at 1280 x 720
const TITLE = 22; // CSS px, the height of a pane's title above it: see picture.css
const WALK = 76; // CSS px that the panel's last row takes at the lower edge
const TITLED = 280; // CSS px: narrower panes have their title above them, where it covers nothing
const SLACK = 4; // CSS px that a click may wander
const NEAR = 18; // CSS px: a tap so near to a pin means the pin

export class Picture {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("./pointer.js").Pointer} parts.pointer hears where the cursor is
   * @param {import("../panel/whatif.js").WhatIf} parts.whatIf hears of strokes while it paints
   * @param {import("../ui/timings.js").Timings} parts.timings what took how long
   * @param {(at: any, add: boolean) => void} parts.pin a click; `add` keeps the other pins
   * @param {(at: any) => void} parts.movePin a finger that asked was lifted there
   * @param {() => any} parts.guess at a lesson's question, see draw/guess.js
   */
  constructor({ store, current, pointer, whatIf, timings, pin, movePin, guess }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.whatIf = whatIf;
    this.timings = timings;
    this.pin = pin;
    this.movePin = movePin;
    this.panes = [];
    this.blink = null; // a round that is shown in the chosen one's place, while a key is held
    this.shared = this.#shared(guess);
    this.panes.push(new Pane(this.shared, 0));
    this.grid = el("div.panes", {}, this.main.node);
    this.wipe = new Wipe({ store, pane: this.main });
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
      get term() {
        return pointer.term;
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
    const mouse = (name, hear) => grid.addEventListener(name, (event) => event.pointerType !== "touch" && hear(event));
    mouse("pointermove", (event) => this.#move(event));
    mouse("pointerdown", (event) => this.#down(event));
    mouse("pointerup", (event) => this.#up(event));
    mouse("pointercancel", () => (this.drag = null));
    mouse("pointerleave", () => this.pointer.leave());
    new Touch(grid, {
      where: (event) => this.#where(event),
      paints: () => this.whatIf.paints,
      ask: ({ at, pane }) => this.pointer.ask(at, pane),
      asked: (found) => this.#asked(found),
      paint: (from, to) => this.whatIf.paint(from.at, to.at),
      tap: (found, long) => this.#tap(found, long),
      grip: (centre, pane) => this.#grip(centre, pane),
      pinch: (grip, centre, ratio) => this.#pinch(grip, centre, ratio),
    });
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
      [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.paints) {
      const at = drag.pane.pixel(event.offsetX, event.offsetY);
      this.whatIf.paint(drag.last, at);
      drag.last = at;
      return;
    }
    if (!drag.moved && Math.hypot(dx, dy) < SLACK) return;
    drag.moved = true;
    const px = drag.pane.photoPx();
    pan(store, this.current.origin, -dx * px.x, -dy * px.y);
    [drag.x, drag.y] = [event.clientX, event.clientY];
  }

  #up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved || drag.paints || event.button !== 0) return;
    this.pin(drag.at, event.shiftKey);
  }

  /** A finger that asked was lifted there: a pin goes along, else the answer stays. Null: as if it had not been. */
  #asked(found) {
    const { pointer } = this,
      pinned = pointer.pinned();
    pointer.asking = false;
    if (!found || pinned) pointer.leave();
    if (found && pinned) this.movePin(found.at);
  }

  /** A tap near a pin means the pin. */
  #tap({ pane, at }, long) {
    const px = pane.photoPx(),
      away = (pin) => Math.hypot((pin.x - at.x) / px.x, (pin.y - at.y) / px.y);
    const [nearest] = this.pointer.pins().sort((a, b) => away(a) - away(b));
    this.pointer.leave();
    this.pin(nearest && away(nearest) < NEAR ? nearest : at, long);
  }

  /** What fingers around a place of the window hold: the pixel under it, and the zoom. */
  #grip(centre, pane) {
    const { state } = this.store,
      [cx, cy] = viewCentre(state, this.current.origin),
      px = pane.photoPx(),
      { x, y } = pane.fromCentre(centre);
    return { pane, zoom: state.zoom, at: { x: cx + x * px.x, y: cy + y * px.y }, px };
  }

  #pinch({ pane, zoom, at, px }, centre, ratio) {
    const { x, y } = pane.fromCentre(centre),
      away = { x: x * px.x * zoom, y: y * px.y * zoom };
    zoomHeld(this.store, this.current.origin, zoom * ratio, at, away);
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
    const n = this.panes.length,
      titles = n > 1 && box.width < 2 * TITLED ? TITLE : 0, // above small panes
      room = (this.room = this.#most() ?? this.#room());
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
      Math.min(
        (box.width - GAP * (columns - 1)) / (W * columns),
        (room - GAP * (rows - 1) - titles * rows) / (H * rows),
      );
    const [columns, rows] = forms.reduce((a, b) => (scale(b) > scale(a) ? b : a)),
      zoom = scale([columns, rows]),
      [width, height] = [Math.floor(W * zoom), Math.floor(H * zoom)],
      dpr = Math.min(2, devicePixelRatio || 1);
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${width}px)`;
    this.node.style.height = `${(height + titles) * rows + GAP * (rows - 1)}px`; // what is below follows the picture
    this.grid.classList.toggle("titled-above", titles > 0);
    this.layout = { columns, width, height, gap: GAP };
    this.#keepClear();
    for (const pane of this.panes) pane.fit(width, height, dpr);
    this.draw();
  }

  /** Where the picture stays in view, what takes the focus comes to stand below it, and above the panel's last row. */
  #keepClear() {
    const stays = getComputedStyle(this.node).getPropertyValue("--covers").trim() === "1";
    document.documentElement.style.scrollPadding = `${stays ? this.node.offsetHeight + GAP : 0}px 0 ${WALK}px`;
  }

  /** The height that the style sheet sets a limit to on narrow pages, CSS px; null where the column does. */
  #most() {
    const { maxHeight } = getComputedStyle(this.grid);
    return maxHeight === "none" ? null : parseFloat(maxHeight);
  }

  /** What stands under the picture may have become higher or lower. */
  settle() {
    if (this.#most() === null && this.room !== undefined && Math.abs(this.#room() - this.room) > 1) this.fit();
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
    this.grid.classList.toggle("painted-on", this.whatIf.paints);
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
