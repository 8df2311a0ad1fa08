// Walks to the end, off the page's thread. {kind, make, steps} builds the matrix; {x, transposed} answers with the
// walked x.
import { MATRICES } from "./matrices.js";

let matrix, all;

self.onmessage = ({ data: { kind, make, steps, x, transposed } }) => {
  if (make) {
    matrix = new MATRICES[kind](...make);
    all = steps;
    return;
  }
  matrix.walk(x, transposed, all);
  postMessage(x, { transfer: [x.buffer] });
};
