// What a screen reader shall say: the last of many words, once there is a pause, so that nothing is read out while a key
// is held or a line is dragged.
import { el } from "./dom.js";

const PAUSE_MS = 500;

export class Announcer {
  constructor() {
    this.node = el("p.sr", { role: "status" });
  }

  say(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.node.textContent = text), PAUSE_MS);
  }
}
