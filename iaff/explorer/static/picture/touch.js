// Fingers on the picture. One that moves sideways, or rests for a moment first, asks (or paints), and the page stays where
// it is; a quick swipe up or down scrolls the page, as everywhere. A tap pins, a long press pins one more. Two fingers zoom
// and move the photo, which stays under them; when one of them lifts, the other goes on moving it.

const SLACK = 8; // CSS px that a tap may wander
const REST_MS = 160; // a finger that has rested so long asks, wherever it moves
const LONG_MS = 500;

export class Touch {
  /**
   * @param {HTMLElement} node that the fingers are on
   * @param {object} hears of what they do; `found` is what `where` says of an event, or null beside the photo
   * @param {(event: PointerEvent) => any} hears.where
   * @param {() => boolean} hears.paints whether one finger paints
   * @param {(found: any) => void} hears.ask the finger asks there
   * @param {(found: any) => void} hears.asked it was lifted there; null: it asks no more, and nothing shall come of it
   * @param {(from: any, to: any) => void} hears.paint a stroke from one place to another
   * @param {(found: any, long: boolean) => void} hears.tap
   * @param {(centre: {x: number, y: number}, pane: any) => any} hears.grip fingers take hold of the photo around `centre`
   *   (px of the window): the answer is handed to
   * @param {(grip: any, centre: {x: number, y: number}, ratio: number) => void} hears.pinch they have moved to `centre`,
   *   and are `ratio` times as far from each other
   */
  constructor(node, hears) {
    this.hears = hears;
    this.fingers = new Map(); // where each is, px of the window
    this.does = null; // "ask", "paint" or "zoom"; null while it may still be a tap or a swipe
    this.start = /** @type {any} */ (null); // of the first finger
    const heard = {
      pointerdown: (event) => this.#down(event),
      pointermove: (event) => this.#move(event),
      pointerup: (event) => this.#up(event),
      pointercancel: (event) => this.#cancel(event),
    };
    for (const [name, hear] of Object.entries(heard))
      node.addEventListener(name, (/** @type {any} */ event) => event.pointerType === "touch" && hear(event));
    // What the fingers do here is no scrolling of the page. (The style sheet leaves it swipes up and down alone.)
    const keep = (event) => this.does && event.cancelable && event.preventDefault();
    for (const name of ["touchstart", "touchmove"]) node.addEventListener(name, keep, { passive: false });
    node.addEventListener("contextmenu", (event) => this.fingers.size && event.preventDefault());
  }

  #down(event) {
    const found = this.hears.where(event);
    if (!found || this.fingers.size === 2) return;
    this.fingers.set(event.pointerId, at(event));
    if (this.fingers.size === 2) return this.#zoom();
    this.start = { found, ...at(event), time: event.timeStamp, moved: false };
    this.last = found;
    this.does = null;
    this.#rest();
  }

  #rest() {
    this.resting = setTimeout(() => this.#begin(), REST_MS);
  }

  /** On a busy page the move of a swipe may be heard only after the finger seemed to have rested. */
  #recall({ timeStamp }) {
    const { hears, start } = this;
    if (this.does !== "ask" || start.moved || timeStamp - start.time >= REST_MS) return;
    hears.asked(null);
    this.does = null;
    this.#rest();
  }

  /** What one finger does is now known: it is no tap and no swipe. */
  #begin() {
    const { hears, start } = this;
    clearTimeout(this.resting);
    this.does = hears.paints() ? "paint" : "ask";
    if (this.does === "ask") hears.ask(start.found);
  }

  #move(event) {
    const { fingers, hears, start } = this;
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, at(event));
    if (this.does === "zoom") return this.#pinched();
    this.#recall(event);
    const [dx, dy] = [Math.abs(event.clientX - start.x), Math.abs(event.clientY - start.y)];
    if (Math.hypot(dx, dy) > SLACK) start.moved = true;
    if (!this.does && start.moved && (dx > dy || hears.paints())) this.#begin();
    const found = this.does && hears.where(event);
    if (!found) return;
    this.does === "paint" ? hears.paint(this.last, found) : hears.ask(found);
    this.last = found;
  }

  #up(event) {
    const { fingers, hears, start } = this;
    if (!fingers.delete(event.pointerId)) return;
    if (this.does === "zoom") return fingers.size ? this.#grip() : this.#done();
    if (this.does === "ask") hears.asked(start.moved ? this.last : null);
    if (this.does === "paint" && !start.moved) hears.paint(start.found, start.found);
    else if (this.does !== "paint" && !start.moved) hears.tap(start.found, event.timeStamp - start.time > LONG_MS);
    this.#done();
  }

  /** The browser scrolls, or has something of its own to do. */
  #cancel({ pointerId }) {
    if (!this.fingers.delete(pointerId)) return;
    if (this.does === "ask") this.hears.asked(null);
    if (!this.fingers.size) this.#done();
  }

  #done() {
    clearTimeout(this.resting);
    this.does = this.held = null;
  }

  /** A second finger. */
  #zoom() {
    clearTimeout(this.resting);
    if (this.does === "ask") this.hears.asked(null);
    this.does = "zoom";
    this.#grip();
  }

  /** The fingers that are there take hold of the photo, as it lies now. */
  #grip() {
    const { centre, apart } = this.#hand();
    this.held = { grip: this.hears.grip(centre, this.start.found.pane), apart };
  }

  /** Once a frame, however many fingers have moved. */
  #pinched() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.held || !this.fingers.size) return;
      const { grip, apart } = this.held,
        hand = this.#hand();
      this.hears.pinch(grip, hand.centre, apart && hand.apart ? hand.apart / apart : 1);
    });
  }

  /** The middle of the fingers, and how far they are from each other; 0 for one alone. */
  #hand() {
    const [a, b = a] = this.fingers.values();
    return { centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, apart: Math.hypot(a.x - b.x, a.y - b.y) };
  }
}

const at = ({ clientX, clientY }) => ({ x: clientX, y: clientY });
