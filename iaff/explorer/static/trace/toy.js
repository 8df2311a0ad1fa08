// The toy grid: a trace of 6 x 6 cells that comes with the page (tools/toy.py), beside whatever run is open.

/** As an entry of the photos, see photos.js; it stands in no strip. */
export const TOY = { name: "toy", title: "A toy grid", address: new URL("./toy.safetensors", import.meta.url).href };

/** What a link to it shows first: where a label of its own goes, in the scan to the right. */
export const TOY_VIEW = {
  img: TOY.name,
  stage: "affinity",
  mode: "column",
  x: 32,
  y: 160,
  arithmetic: "1",
  dir: "right",
};
