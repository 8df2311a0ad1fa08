// A long random walk over local pairs, as iaff.propagation.RandomWalk.
import { Stepped } from "./stepped.js";

export class Walk extends Stepped {
  /** Of a stencil, see stencil.js. */
  constructor(offsets, weights, h, w, steps) {
    super("stencil", [offsets, weights, h, w, steps]);
  }
}
