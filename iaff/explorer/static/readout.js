// The value under the cursor, in words, with its unit. One function per stage; at most one string per event.

const RAISED = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];

/** 0.012, or 6.5·10⁻¹⁰ where that would be all zeros. */
export function small(v) {
  if (v === 0 || v >= 0.001) return `${+v.toPrecision(2)}`;
  const power = Math.ceil(-Math.log10(v));
  return `${(v * 10 ** power).toFixed(1)}·10⁻${[...String(power)].map((d) => RAISED[d]).join("")}`;
}

const label = (trace, id) =>
  id === 255 ? "unknown" : (trace.meta.classes[trace.meta.class_ids.indexOf(id)] ?? `class ${id}`);

function probabilities(trace, map, p, picture, from = 0) {
  const parts = [],
    shown = picture.layers.shown();
  for (let k = trace.K - 1; k >= from; k--)
    if (shown[k]) parts.push(`${trace.meta.classes[k]} ${map[(k - from) * trace.n + p].toFixed(2)}`);
  return parts.join(" · ");
}

const VALUE = {
  photo: () => "",
  cam: (trace, _, p, __, picture) =>
    probabilities(trace, trace.cam(picture.camScale()), p, picture, 1) || "no tag",
  seeds: (trace, _, p, __, picture) => `seed: ${label(trace, picture.layers.seeds()[p])}`,
  unary: (trace, t, p, _, picture) => probabilities(trace, trace.unary(t), p, picture),
  superpixels: (trace, _, __, q) => `patch ${trace.superpixels[q]}`,
  confident: (trace, t, p, _, picture) => label(trace, picture.layers.confident(t)[p]),
  affinity: (_, __, p, ___, picture) => (picture.main.asks() ? `weight of this cell ${small(picture.values[p])}` : ""),
  refined: (trace, t, p, _, picture) =>
    trace.refined(t) ? probabilities(trace, trace.refined(t), p, picture) : "computing …",
};

/** What the round that is compared with had there. */
function before({ trace, state: { stage, diff }, picture }, p, q) {
  if (!picture.difference()) return "";
  return ` · round ${diff}: ${label(trace, picture.layers.labels(stage, diff)[stage === "confident" ? p : q])}`;
}

export function describe(app, { x, y }) {
  const { trace, state, picture } = app,
    p = trace.cell(x, y),
    q = y * trace.W + x,
    value = VALUE[state.stage](trace, state.round, p, q, picture);
  const truth = trace.truth ? ` · truth: ${trace.truth[q] === 255 ? "void" : label(trace, trace.truth[q])}` : "";
  return `x ${x}, y ${y} px${value ? ` · ${value}` : ""}${before(app, p, q)}${truth}`;
}
