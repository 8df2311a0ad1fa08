/** A refined map without a matrix behind it: `why` says so, and there is no row or column to ask for. */
export class Refined {
  /**
   * @param {Float32Array} map (K, h, w)
   * @param {string} why
   */
  constructor(map, why) {
    this.map = map;
    this.why = why;
  }

  propagate() {
    return this.map;
  }
}
