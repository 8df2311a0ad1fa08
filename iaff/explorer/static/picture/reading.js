// The value under the cursor, or at the pin, in the corner of the picture that the pixel is not in; a screen reader is
// told what was pinned.
import { describe } from "./readout.js";
import { el } from "../ui/dom.js";

const PINS = ["x", "y", "pins"];

export class Reading {
  /** say(text): for screen readers. */
  constructor({ store, current, pointer, picture, say }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.say = say;
    this.node = el("output.readout", { hidden: true, "aria-live": "off" }); // it follows the cursor
    picture.main.node.append(this.node);
    pointer.pointed.subscribe(() => this.#read());
    store.subscribe((changed) => current.origin && PINS.some((key) => changed.has(key)) && this.#sayPin());
  }

  #read() {
    const { pointer, node } = this,
      { main } = this.picture,
      at = this.current.trace && (pointer.cursor ?? pointer.pinned());
    node.hidden = !at;
    if (!at) return;
    const pane = pointer.cursor && pointer.pane?.trace && pointer.pane.node.isConnected ? pointer.pane : main;
    if (node.parentNode !== pane.node) pane.node.append(node);
    node.textContent = describe(at, pane, Boolean(this.store.state.present));
    node.hidden = !node.textContent || pane.numbered(); // numbered cells say it themselves
    // A hand comes from below: what a finger asks is read above it.
    node.classList.toggle("up", pane.depth(at) > (pointer.asking ? 0.3 : 0.7));
  }

  #sayPin() {
    const pin = this.pointer.pinned(),
      more = this.pointer.pins().length - 1;
    if (!pin) return this.say("Nothing is pinned.");
    const { main } = this.picture,
      text = main.trace ? describe(pin, main) : `x ${pin.x}, y ${pin.y} px`;
    this.say(`Pinned: ${text}${more > 0 ? `, and ${more} more` : ""}`);
  }
}
