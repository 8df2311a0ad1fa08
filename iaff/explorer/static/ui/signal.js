// Something that happens, and those who want to hear of it.

export class Signal {
  #listeners = new Set();

  /** `listener(...about)` is called each time. */
  subscribe(listener) {
    this.#listeners.add(listener);
  }

  send(...about) {
    for (const listener of this.#listeners) listener(...about);
  }
}
