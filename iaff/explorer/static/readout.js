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

function probabilities(trace, map, p, from = 0, only = null) {
  const parts = [];
  for (let k = trace.K - 1; k >= from; k--)
    if (!only || trace.meta.classes[k] === only) parts.push(`${trace.meta.classes[k]} ${map[(k - from) * trace.n + p].toFixed(2)}`);
  return parts.join(" · ");
}

const VALUE = {
  photo: () => "",
  cam: (trace, _, p, __, picture) =>
    probabilities(trace, trace.cam(picture.camScale()), p, 1, picture.layers.only()) || "no tag",
  seeds: (trace, _, p) => `seed: ${label(trace, trace.seeds[p])}`,
  unary: (trace, t, p) => probabilities(trace, trace.unary(t), p),
  superpixels: (trace, _, __, q) => `patch ${trace.superpixels[q]}`,
  confident: (trace, t, p) => label(trace, trace.confident[t - 1][p]),
  affinity: (_, __, p, ___, picture) => `weight of this cell ${small(picture.values[p])}`,
  refined: (trace, t, p) => (trace.refined(t) ? probabilities(trace, trace.refined(t), p) : "computing …"),
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
