// Walks to the end, off the page's thread. {make} builds the stencil; {x, transposed} answers with the walked x.
import { Stencil } from "./stencil.js";

let stencil;

self.onmessage = ({ data: { make, x, transposed } }) => {
  if (make) {
    stencil = new Stencil(...make);
    return;
  }
  stencil.walk(x, transposed, stencil.steps);
  postMessage(x, { transfer: [x.buffer] });
};
