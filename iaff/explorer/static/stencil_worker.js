// Walks to the end, off the page's thread. {make} builds the stencil; {x, transposed, id} answers {x, id}.
import { Stencil } from "./stencil.js";

let stencil;

onmessage = ({ data }) => {
  if (data.make) {
    stencil = new Stencil(...data.make);
    return;
  }
  const { x, transposed, channels, id } = data;
  const n = stencil.n;
  for (let k = 0; k < channels; k++) stencil.walk(x.subarray(k * n, (k + 1) * n), transposed, stencil.steps);
  postMessage({ x, id }, [x.buffer]);
};
