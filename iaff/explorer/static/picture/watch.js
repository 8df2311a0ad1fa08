// How a label travels, to be watched: the view's line (state/line.js) is moved on by itself, or by a step.
import { directionOf } from "../state/arithmetic.js";
import { ADAPTED } from "../state/store.js";
import { allLines, lineAt, lineName, lineOf, placeOf } from "../state/line.js";
import { WAYS } from "../state/state.js";
import { Signal } from "../ui/signal.js";

// How long a line stays, ms. The line that starts at the pixel stays longest, and each one after it a little less.
const FIRST = 900; // the very first: one reads which way it goes
const SLOW = 400; // at the pixel, in the first direction
const BRISK = 120; // in the directions after it
const FAST = 14; // before the pixel, where nothing travels yet, and far from it
const LAST = 700; // of a direction
const HASTE = 0.87; // of the time of the line before
const CALM = { steps: 6, ms: 500 }; // of a direction, where motion is to be reduced
const HIDDEN = 200; // ms that may have passed between two frames; longer, nobody looked
const QUESTION = ["run", "img", "stage", "round", "by", "dir", "mode", "x", "y"]; // another one ends it

export class Watch {
  /** pointer: what is asked; picture: whose main pane answers. */
  constructor({ store, current, pointer, picture }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.playing = false;
    this.turned = new Signal(); // it plays, or no longer does
    store.subscribe((changed) => {
      if (this.playing && QUESTION.some((key) => changed.has(key))) this.#end();
    });
  }

  /** Whether there is a scan to watch, and something that is asked of it. */
  possible() {
    const { main } = this.picture;
    return Boolean(this.current.trace && this.pointer.at() && main.asks() && main.affinity().partial);
  }

  toggle() {
    this.playing ? this.pause() : this.play();
  }

  /** Goes on from the line that is shown, or from the first. */
  play() {
    if (!this.possible()) return;
    if (this.store.state.line === null) this.go(1);
    this.at = this.seen = performance.now(); // when this line came, and when a frame was drawn
    this.#turn(true);
    this.#tick(this.at);
  }

  pause() {
    this.#turn(false);
  }

  /** One line on, or back; after the last one the whole scan, and then the first again. */
  step(by) {
    if (!this.possible()) return;
    this.pause();
    const count = allLines(this.store.state, this.current.trace) + 1;
    this.go(((placeOf(this.store.state, this.current.trace) - 1 + by + count) % count) + 1);
  }

  /** Shows a place among all lines, see line.js. */
  go(place) {
    this.store.set({ line: lineAt(place, this.store.state, this.current.trace) }, ADAPTED);
  }

  /**
   * "left → right, column 12 of 88"; of a row, which is walked backwards, to which line one has come back. Where all is
   * walked, of what it is the result.
   */
  says() {
    const { mode } = this.store.state,
      dir = directionOf(this.store.state),
      walked = this.picture.main.walked();
    if (!walked) return dir === null ? "all four directions" : `${WAYS[dir]}, to the end`;
    const { lines, total } = walked,
      line =
        mode === "row"
          ? `back to ${lineName(walked.dir)} ${Math.max(1, total - lines)}`
          : `${lineName(walked.dir)} ${lines}`;
    return `${WAYS[walked.dir]}, ${line} of ${total}`;
  }

  #end() {
    this.#turn(false);
    this.store.set({ line: null }, ADAPTED);
  }

  #turn(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    this.turned.send();
  }

  #tick(now) {
    if (!this.playing) return;
    if (!this.possible()) return this.#end();
    if (now - this.seen > HIDDEN) this.at += now - this.seen;
    this.seen = now;
    let line = lineOf(this.store.state);
    const { state } = this.store,
      { trace } = this.current,
      first = placeOf(state, trace);
    let place = first;
    while (line) {
      const { ms, lines } = this.#pace(line, place);
      if (now - this.at < ms) break;
      this.at += ms;
      place += lines;
      line = lineOf({ line: lineAt(place, state, trace) });
    }
    if (!line) return this.#end();
    if (place !== first) this.go(place);
    requestAnimationFrame((time) => this.#tick(time));
  }

  /** How long a line is shown, and how many lines further the next one is. */
  #pace({ dir, lines }, place) {
    const { trace } = this.current,
      { mode } = this.store.state,
      total = lineName(dir) === "column" ? trace.w : trace.h,
      { x, y } = this.pointer.at(),
      cell = trace.cell(x, y),
      from = lineName(dir) === "column" ? cell % trace.w : Math.floor(cell / trace.w),
      forth = (dir === "right" || dir === "down") === (mode === "column"), // a row is walked backwards
      past = lines - (forth ? from + 1 : total - from); // lines after the pixel's own
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const step = Math.ceil(total / CALM.steps);
      return { ms: CALM.ms, lines: lines < total ? Math.min(total - lines, step - (lines % step)) : 1 };
    }
    const start = place === lines ? SLOW : BRISK,
      near = past < 0 ? FAST : Math.max(FAST, start * HASTE ** past),
      least = place === 1 ? FIRST : lines === total ? LAST : FAST;
    return { ms: Math.max(near, least), lines: 1 };
  }
}
