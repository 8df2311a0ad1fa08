// Painting by keys: while the pen is down, the pin that Shift and the arrows move leaves a line.

export class Pen {
  constructor(app) {
    Object.assign(this, { app, down: false });
  }

  /** Down at the pin (or where one is set now), or up again. Elsewhere than in What if, it first goes there. */
  toggle() {
    const { app } = this;
    if (this.down) return this.lift();
    app.store.set({ tab: "whatif" });
    if (!app.paints()) return;
    if (!app.pinned()) app.nudge(0, 0);
    this.down = true;
    app.paint(app.pinned(), app.pinned());
    app.say("The pen is down.");
  }

  /** Whether it was down. */
  lift() {
    if (!this.down) return false;
    this.down = false;
    this.app.say("The pen is up.");
    this.app.refresh();
    return true;
  }

  /** The pin went from one pixel to another. */
  moved(from, to) {
    if (this.down) this.app.paint(from, to);
  }
}
