// The view as the store has it: which trace each pane shows, and when all that is shown is drawn anew.
import { paneValues, specOf } from "../state/panes.js";
import { CELL_MAPS } from "../state/state.js";
import { Signal } from "../ui/signal.js";

const LATER = ["refined", "carried", "difference", "error", ...CELL_MAPS]; // layers that may take a while
const SEEN = ["cx", "cy", "zoom"]; // what changes only where one looks

export class Display {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../picture/pointer.js").Pointer} parts.pointer what is asked
   * @param {import("../picture/picture.js").Picture} parts.picture
   * @param {import("../server/sources.js").Sources} parts.sources which trace a pane shows
   */
  constructor({ store, current, pointer, picture, sources }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.sources = sources;
    this.before = new Signal(); // the view is about to be drawn anew
    this.drawn = new Signal(); // it was
    this.seen = new Signal(); // another part of the photo is seen
    this.later = new Signal(); // a layer that was being computed is there
  }

  /** Keys of the view have changed, which leave the photo what it is. */
  follow(changed) {
    if ([...changed].every((key) => SEEN.includes(key))) {
      this.picture.draw();
      return this.seen.send();
    }
    if ([...changed].every((key) => key === "line")) return this.pointer.moved.send(); // it is drawn as what is asked
    if (["by", "p2", "p3", "p4"].some((key) => changed.has(key))) this.sources.retry();
    this.#show();
  }

  /** Another photo is there, `current.origin`. */
  open() {
    const { origin } = this.current;
    origin.onlater = () => this.current.origin === origin && this.#later();
    this.picture.say(null);
    this.#panes();
    this.picture.fit();
    this.#show();
  }

  /** Something that was awaited is there, or was painted. */
  refresh() {
    if (this.current.origin) this.#show();
  }

  #show() {
    this.before.send();
    this.#panes();
    this.pointer.aim();
    this.picture.draw();
    this.drawn.send();
    this.picture.settle();
    this.pointer.pointed.send();
  }

  /** Each pane with its trace; the main one's is what the rest of the page speaks of. */
  #panes() {
    const { picture, current, sources } = this,
      { state } = this.store,
      { length } = picture.panes;
    picture.count(state.panes);
    picture.panes.forEach((pane, i) => {
      const spec = specOf(state, i),
        { trace, why: none } = sources.of(spec),
        last = Math.max(1, (trace ?? current.origin).T),
        beyond = trace && spec.round > last && i > 0 && paneValues(state, i).round,
        why = beyond ? `There is no round ${beyond} here: round ${last} is shown.` : none;
      spec.round = Math.min(spec.round, last);
      if (i === 0 && !trace) spec.by = null; // until the answer is there, the trace's own stands, under its own name
      pane.show(trace ?? (i === 0 ? current.origin : null), spec, why);
    });
    for (const pane of picture.panes) pane.title(picture.panes.length); // which may name what tells it from the others
    current.trace = picture.main.trace;
    if (length !== picture.panes.length) picture.fit();
  }

  #later() {
    const { picture } = this,
      shown = picture.panes.flatMap((pane) => [pane.spec.stage, ...pane.overlays().map(({ name }) => name)]);
    this.pointer.moved.send();
    if (LATER.some((name) => shown.includes(name))) this.#show();
    else this.later.send();
    this.pointer.pointed.send();
  }
}
