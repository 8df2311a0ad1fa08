// Other propagators in place of a trace's own affinity: nothing, a random walk on colours, PAMR, the dense CRF. The
// server says what they are for one photo; the browser walks the linear ones itself, so that they can be asked for rows
// and columns like the trace's own.
import { fromBase64, toBase64 } from "../trace/base64.js";
import { floats, integers } from "../trace/safetensors.js";
import { PARAMETERS, parametersOf } from "../state/parameters.js";
import { dropVariant, variant } from "../trace/variant.js";
import { Sparse } from "../engine/sparse.js";
import { Walk } from "../engine/walk.js";

const OF_THE_MAP = new Set(["crf"]); // depend on the map that they refine, and so on the round
const KEPT = 24; // answers of a trace: eight choices of parameters, if each of three rounds has its own
const answers = new WeakMap(); // what was asked, of each trace

/** G = I: the map as it is. */
class Nothing {
  constructor() {
    this.by = "none";
  }

  row(p, out) {
    out.fill(0);
    out[p] = 1;
  }

  column(p, out) {
    this.row(p, out);
  }

  propagate(alpha) {
    return alpha;
  }
}

/** A refined map without a matrix behind it: `why` says so, and there is no row or column to ask for. */
class Refined {
  constructor(map, why, by) {
    this.map = map;
    this.why = why;
    this.by = by;
  }

  propagate() {
    return this.map;
  }
}

/** What the server says of one photo (and, where it matters, one round): asked once, and again after a failure. */
function answerOf(client, trace, t, by, params) {
  if (by === "none") return Promise.resolve({ kind: "none" });
  const own = OF_THE_MAP.has(by),
    home = own ? trace : original(trace),
    asked = Object.fromEntries(Object.entries(params).filter(([name]) => !PARAMETERS[by][name].walked)),
    key = JSON.stringify([by, own && t, asked]);
  if (!answers.has(home)) answers.set(home, new Map());
  const known = answers.get(home),
    answer = known.get(key) ?? ask(client, trace, t, by, asked);
  known.delete(key);
  known.set(key, answer); // the last one that was wanted stands at the end
  if (known.size > KEPT) known.delete(known.keys().next().value);
  answer.catch(() => known.get(key) === answer && known.delete(key));
  return answer;
}

function original(trace) {
  while (trace.origin) trace = trace.origin;
  return trace;
}

async function ask(client, trace, t, by, params) {
  const { w, h } = trace,
    request = { by, grid: [w, h], image: toBase64(trace.tensors.get("image").bytes), params };
  if (OF_THE_MAP.has(by)) request.alpha = toBase64(trace.unary(t));
  const answer = await client.propagate(request);
  if (answer.kind === "map")
    return { kind: "map", why: answer.why, map: floats({ dtype: "F32", bytes: fromBase64(answer.alpha) }) };
  const whole = (dtype, text) => integers({ dtype, bytes: fromBase64(text) });
  return {
    kind: answer.kind,
    steps: answer.steps,
    offsets: answer.offsets && whole("I32", answer.offsets),
    partners: answer.partners ? whole("U16", answer.partners) : null,
    weights: floats({ dtype: "F16", bytes: fromBase64(answer.weights) }),
  };
}

/** An affinity of an answer; `onlater` is called when a part of it is there that was still being walked. */
function affinityOf(said, { h, w }, by, params, onlater) {
  const { kind, offsets, partners, weights, map, why } = said,
    steps = params.steps ?? said.steps;
  if (kind === "none") return new Nothing();
  if (kind === "map") return new Refined(map, why, by);
  const made = kind === "sparse" ? new Sparse(partners, weights, h, w, steps) : new Walk(offsets, weights, h, w, steps);
  return Object.assign(made, { by, onlater });
}

/** The change (see variant.js) to another propagator; `said[t - 1]` is what the server said of round t. */
export function propagatorChange(trace, by, params, said) {
  const key = `by-${by}-${JSON.stringify(params)}`;
  const onlater = () => (trace.variants?.get(key) ?? trace).onlater();
  return { key, affinity: (t) => affinityOf(said[t - 1], trace, by, params, onlater) };
}

/**
 * Promise of the trace as another propagator refines it, in all its rounds; it fails with a sentence. Of the choices of
 * parameters the last two stay: the one that is shown, and the one that takes its place.
 * `by`: one of state.js's PROPAGATORS; `params`: its parameters, see parameters.js.
 */
export async function refinedBy(client, trace, by, params = parametersOf(null, by)) {
  const rounds = Array.from({ length: trace.T }, (_, i) => i + 1),
    said = await Promise.all(rounds.map((t) => answerOf(client, trace, t, by, params))),
    change = propagatorChange(trace, by, params, said),
    made = variant(trace, change),
    { variants } = trace;
  variants.delete(change.key);
  const older = [...variants.keys()].filter((key) => key.startsWith(`by-${by}-`));
  for (const key of older.slice(0, -1)) dropVariant(trace, key);
  variants.set(change.key, made); // the last one that was wanted stands at the end
  return made;
}
