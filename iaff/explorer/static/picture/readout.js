// The value under the cursor, in words, with its unit. One function per stage; at most one string per event.

import { ABOUT_MAPS, scaleOf } from "../draw/cell_maps.js";
import { small } from "../ui/format.js";
import { DIFFERENCE, ERROR } from "../state/panes.js";

const label = (trace, id) => (id === 255 ? "unknown" : trace.className(id));

function probabilities(trace, map, p, layers, from = 0) {
  const parts = [],
    shown = layers.shown();
  if (trace.K === from) return "no tag";
  for (let k = trace.K - 1; k >= from; k--)
    if (shown[k]) parts.push(`${trace.meta.classes[k]} ${map[(k - from) * trace.n + p].toFixed(2)}`);
  return parts.join(" · ");
}

const VALUE = {
  photo: () => "",
  cam: (trace, _, p, __, { layers }) => probabilities(trace, trace.cam(...layers.camPart()), p, layers, 1),
  seeds: (trace, _, p, __, { layers }) => `seed: ${label(trace, layers.seeds()[p])}`,
  unary: (trace, t, p, _, { layers }) => probabilities(trace, trace.unary(t), p, layers),
  superpixels: (trace, _, __, q) => `patch ${trace.superpixels[q]}`,
  confident: (trace, t, p, _, { layers }) => label(trace, layers.confident(t)[p]),
  affinity: (_, __, p, ___, pane) => (pane.asks() ? `weight of this cell ${small(pane.query.values[p])}` : ""),
  refined: (trace, t, p, _, { layers }) =>
    trace.refined(t) ? probabilities(trace, trace.refined(t), p, layers) : "computing …",
  [DIFFERENCE]: () => "",
  [ERROR]: (trace, _, __, q, pane) => (pane.labels() ? label(trace, pane.labels()[q]) : ""),
};

/** What a map of the affinity has at cell p, as far as it is known. */
function cellValue(name, { values }, p) {
  if (!values || Number.isNaN(values[p])) return "";
  return `${ABOUT_MAPS[name].short} ${scaleOf(name, values.length).text(values[p])}`;
}

/** What is compared there: "round 1: cat → round 3: background". */
function compared(pane, q) {
  const pair = pane.pair();
  if (!pair) return "";
  const [from, to] = [pair.before, pair.after].map((labels, i) => `${pair.names[i]}: ${label(pair.trace, labels[q])}`);
  return ` · ${from} → ${to}`;
}

/** What is wrong with the map there, where that is shown: "missed". */
function error(pane, q) {
  const errors = pane.errors(),
    look = errors?.looks[errors.kinds[q]];
  return look && !look.unknown ? ` · ${look.name}` : "";
}

/** The value at a pixel of the main photo, as a pane shows it; `brief`: without the pixel itself and the truth. */
export function describe(at, pane, brief = false) {
  const { trace, spec } = pane,
    { x, y } = pane.local(at),
    p = trace.cell(x, y),
    q = y * trace.W + x,
    maps = pane.cellMaps().map(({ name, map }) => cellValue(name, map, p)),
    values = [VALUE[spec.stage]?.(trace, spec.round, p, q, pane), ...maps].filter(Boolean);
  const truth = trace.truth ? ` · truth: ${trace.truth[q] === 255 ? "void" : label(trace, trace.truth[q])}` : "";
  const words = values.map((text) => ` · ${text}`).join(""),
    shown = `${words}${compared(pane, q)}`;
  return brief ? shown.replace(" · ", "") : `x ${x}, y ${y} px${shown}${truth}${error(pane, q)}`;
}
