// Walks to the end, off the page's thread. {kind, make} says which steps and how many, see stepped.js; {x, transposed}
// answers with the walked x.
import { MATRICES } from "./matrices.js";

let matrix, steps;

self.onmessage = ({ data: { kind, make, x, transposed } }) => {
  if (make) {
    matrix = new MATRICES[kind](...make);
    steps = make.at(-1);
    return;
  }
  matrix.walk(x, transposed, steps);
  postMessage(x, { transfer: [x.buffer] });
};
