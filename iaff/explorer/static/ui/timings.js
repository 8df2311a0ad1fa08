// How long things took, for `training/bench/explorer.py` and the tests.

const KEPT = 2000;

export class Timings {
  /** ms; wait: until the browser hands a move over; hover: from there to the last draw call; server: an answer. */
  constructor() {
    this.wait = [];
    this.hover = [];
    this.change = [];
    this.photo = [];
    this.server = [];
  }

  add(kind, ms) {
    const times = this[kind];
    times.push(ms);
    if (times.length > KEPT) times.splice(0, KEPT / 2);
  }
}
