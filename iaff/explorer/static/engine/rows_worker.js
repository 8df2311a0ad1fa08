// Asks an affinity for its rows, off the page's thread. {recipe, order} says of what and in which order; each {ms} is
// answered with what the next rows say, as many as that time allows: {reach, self}.
import { RowReach, rowsOf } from "./rows.js";

let rows, counter, cells, at;

self.onmessage = ({ data: { recipe, order, ms } }) => {
  if (recipe) {
    [rows, cells, at] = [rowsOf(recipe), order, 0];
    counter = new RowReach(rows.n);
    return;
  }
  const end = performance.now() + ms,
    counts = [],
    kept = [];
  do {
    rows.row(cells[at], counter.row);
    counts.push(counter.count());
    kept.push(counter.row[cells[at++]]);
  } while (at < cells.length && performance.now() < end);
  const found = { reach: Float32Array.from(counts), self: Float32Array.from(kept) };
  postMessage(found, { transfer: [found.reach.buffer, found.self.buffer] });
};
