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
    if (!app.whatIf.paints) return;
    if (!app.pinned()) app.nudge(0, 0);
    this.down = true;
    app.whatIf.paint(app.pinned(), app.pinned());
    app.say("The pen is down.");
  }

  /** Up; whether it was down. */
  lift() {
    const was = this.drop();
    if (was) this.app.refresh();
    return was;
  }

  /** Up, where the view is about to be drawn anew anyway: another photo may be half in its place. */
  drop() {
    const was = this.down;
    this.down = false;
    if (was) this.app.say("The pen is up.");
    return was;
  }

  /** The pin went from one pixel to another. */
  moved(from, to) {
    if (this.down) this.app.whatIf.paint(from, to);
  }
}
