// The gates at one cell: to whom it listens in each direction, and what it keeps of itself.
const SVG = "http://www.w3.org/2000/svg";
const SIZE = 120;
const SQUARE = 17; // half the cell's side
const NEAR = 20; // where arrows end, from the middle
const FAR = 56; // where they begin
const HEAD = 9;
const WIDEST = 8; // half the head's width at a gate of 1
const EMPTY = 0.004; // gates below are drawn as nothing

// Towards the neighbours of each direction, and along its line; in the order of the gates.
const SIDES = [
  { name: "the left", out: [-1, 0], along: [0, 1] },
  { name: "the right", out: [1, 0], along: [0, 1] },
  { name: "above", out: [0, -1], along: [1, 0] },
  { name: "below", out: [0, 1], along: [1, 0] },
];

/** {node: an SVG element, update(scan, p)}: the gates of a Scan at cell p; updating changes attributes only. */
export function compass(scan, p) {
  const about = { class: "compass", role: "img", width: SIZE, height: SIZE, viewBox: "-60 -60 120 120" },
    node = make("svg", about),
    arrows = SIDES.map((side) => [-1, 0, 1].map((shift) => arrow(node, side, shift))),
    kept = SIDES.map((side) => quarter(node, side));
  node.append(make("rect", { class: "cell", x: -SQUARE, y: -SQUARE, width: 2 * SQUARE, height: 2 * SQUARE }));

  const update = ({ gates, keep, n }, cell) => {
    const said = [];
    for (let d = 0; d < 4; d++) {
      for (let k = 0; k < 3; k++) {
        const gate = gates[(3 * d + k) * n + cell];
        arrows[d][k].setAttribute("transform", `scale(1 ${gate < EMPTY ? 0 : (WIDEST * gate).toFixed(2)})`);
      }
      const own = keep[d * n + cell];
      kept[d].setAttribute("fill-opacity", own.toFixed(2));
      said.push(sentence(SIDES[d].name, (k) => gates[(3 * d + k) * n + cell], own));
    }
    node.setAttribute("aria-label", said.join(" "));
  };
  update(scan, p);
  return { node, update };
}

function sentence(name, gate, own) {
  const three = [0, 1, 2].map((k) => gate(k).toFixed(2));
  return `From ${name}: gates ${three.join(", ")}; keeps ${own.toFixed(2)} of itself.`;
}

/** One gate's arrow, from the neighbour into the cell. Its path has half width 1 and is scaled across. */
function arrow(node, { out, along }, shift) {
  const at = (far, aside) => [0, 1].map((i) => far * out[i] + aside * shift * along[i]),
    [[x0, y0], [x1, y1]] = [at(FAR, 34), at(NEAR, 10)],
    long = Math.hypot(x1 - x0, y1 - y0),
    turn = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI,
    neck = (long - HEAD).toFixed(1);
  const shape = make("path", {
    class: "gate",
    d: `M0-.5H${neck}V-1L${long.toFixed(1)} 0 ${neck} 1V.5H0Z`,
  });
  node.append(
    make("line", { class: "way", x1: x0, y1: y0, x2: x1, y2: y1 }),
    make("g", { transform: `translate(${x0} ${y0}) rotate(${turn.toFixed(1)})` }, shape),
  );
  return shape;
}

/** The quarter of the cell on one side: as full as the cell keeps of itself in that direction. */
function quarter(node, { out, along }) {
  const corner = (side) => [0, 1].map((i) => SQUARE * (out[i] + side * along[i])).join(" "),
    shape = make("path", { class: "kept", d: `M0 0L${corner(-1)} ${corner(1)}Z` });
  node.append(shape);
  return shape;
}

function make(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
