// Painting by keys: while the pen is down, the pin that Shift and the arrows move leaves a line.

export class Pen {
  /** whatIf: what it paints on; setPin() pins a pixel where none is; refresh() draws the view anew; say(text). */
  constructor({ store, pointer, whatIf, setPin, refresh, say }) {
    this.store = store;
    this.pointer = pointer;
    this.whatIf = whatIf;
    this.setPin = setPin;
    this.refresh = refresh;
    this.say = say;
    this.down = false;
  }

  /** Down at the pin (or where one is set now), or up again. Elsewhere than in What if, it first goes there. */
  toggle() {
    const { store, pointer, whatIf } = this;
    if (this.down) return this.lift();
    store.set({ tab: "whatif" });
    if (!whatIf.paints) return;
    if (!pointer.pinned()) this.setPin();
    this.down = true;
    whatIf.paint(pointer.pinned(), pointer.pinned());
    this.say("The pen is down.");
  }

  /** Up; whether it was down. */
  lift() {
    const was = this.drop();
    if (was) this.refresh();
    return was;
  }

  /** Up, where the view is about to be drawn anew anyway: another photo may be half in its place. */
  drop() {
    const was = this.down;
    this.down = false;
    if (was) this.say("The pen is up.");
    return was;
  }

  /** The pin went from one pixel to another. */
  moved(from, to) {
    if (this.down) this.whatIf.paint(from, to);
  }
}
