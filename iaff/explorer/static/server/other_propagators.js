// Other propagators in place of a trace's own affinity: nothing, a random walk on colours, PAMR, the dense CRF. The
// server says what they are for one photo; the browser walks the linear ones itself, so that they can be asked for rows
// and columns like the trace's own.
import { fromBase64, toBase64 } from "../trace/base64.js";
import { floats, integers } from "../trace/safetensors.js";
import { variant } from "../trace/variant.js";
import { Refined } from "../engine/refined.js";
import { Sparse } from "../engine/sparse.js";
import { Walk } from "../engine/walk.js";

const OF_THE_MAP = new Set(["crf"]); // depend on the map that they refine, and so on the round
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

/** What the server says of one photo (and, where it matters, one round): asked once, and again after a failure. */
function answerOf(client, trace, t, by) {
  if (by === "none") return Promise.resolve({ kind: "none" });
  const own = OF_THE_MAP.has(by),
    home = own ? trace : original(trace),
    key = own ? `${by}${t}` : by;
  if (!answers.has(home)) answers.set(home, new Map());
  const known = answers.get(home);
  if (!known.has(key)) {
    const asked = ask(client, trace, t, by);
    asked.catch(() => known.delete(key));
    known.set(key, asked);
  }
  return known.get(key);
}

function original(trace) {
  while (trace.origin) trace = trace.origin;
  return trace;
}

async function ask(client, trace, t, by) {
  const { w, h } = trace,
    request = { by, grid: [w, h], image: toBase64(trace.tensors.get("image").bytes) };
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
function affinityOf({ kind, steps, offsets, partners, weights, map, why }, { h, w }, by, onlater) {
  if (kind === "none") return new Nothing();
  if (kind === "map") return Object.assign(new Refined(map, why), { by });
  const made = kind === "sparse" ? new Sparse(partners, weights, h, w, steps) : new Walk(offsets, weights, h, w, steps);
  return Object.assign(made, { by, onlater });
}

/** The change (see variant.js) to another propagator; `said[t - 1]` is what the server said of round t. */
export function propagatorChange(trace, by, said) {
  const key = `by-${by}`;
  const onlater = () => (trace.variants?.get(key) ?? trace).onlater();
  return { key, affinity: (t) => affinityOf(said[t - 1], trace, by, onlater) };
}

/**
 * Promise of the trace as another propagator refines it, in all its rounds, made once per trace; it fails with a
 * sentence. `by`: one of state.js's PROPAGATORS.
 */
export async function refinedBy(client, trace, by) {
  const known = trace.variants?.get(`by-${by}`);
  if (known) return known;
  const rounds = Array.from({ length: trace.T }, (_, i) => i + 1);
  const said = await Promise.all(rounds.map((t) => answerOf(client, trace, t, by)));
  return variant(trace, propagatorChange(trace, by, said));
}
