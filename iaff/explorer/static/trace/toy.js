// The toy grid: a trace of 6 x 6 cells that comes with the page (tools/toy.py), beside whatever run is open.

/** As an entry of the photos, see photos.js; it stands in no strip. */
export const TOY = {
  name: "toy",
  title: "A toy grid",
  get address() {
    return new URL("./toy.safetensors", import.meta.url).href; // a self-contained file has none
  },
};

/** Where it begins: a 1 in one cell, which a scan to the right has just taken in. */
export const TOY_VIEW = "?img=toy&stage=affinity&mode=column&dir=right&x=32&y=160&line=right.2&arithmetic=1";
