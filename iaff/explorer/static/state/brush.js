// What is painted with, as the state has it: "tool.channel.size". An empty channel is the photo's first class.

const START = "wall..1";

export class Brush {
  constructor({ store, current }) {
    this.store = store;
    this.current = current;
  }

  #parts() {
    const [tool, channel, size] = (this.store.state.brush ?? START).split(".");
    return { tool, channel, size };
  }

  #put(change) {
    const { tool, channel, size } = { ...this.#parts(), ...change },
      brush = `${tool}.${channel}.${size}`;
    this.store.set({ brush: brush === START ? null : brush });
  }

  /** Of those that the shown photo can be painted with. */
  get tool() {
    const { tool } = this.#parts(),
      tools = this.current.edits?.tools;
    return !tools || tools.includes(tool) ? tool : tools[0];
  }

  set tool(tool) {
    this.#put({ tool });
  }

  /** Of the shown photo. */
  get channel() {
    const { channel } = this.#parts();
    return Math.min(channel === "" ? 1 : +channel, (this.current.origin?.K ?? 1) - 1);
  }

  set channel(channel) {
    this.#put({ channel });
  }

  /** Width in cells, 1 to 5. */
  get size() {
    return +this.#parts().size;
  }

  set size(size) {
    this.#put({ size });
  }
}
