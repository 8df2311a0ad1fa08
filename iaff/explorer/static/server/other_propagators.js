// Other propagators in place of a trace's own affinity: nothing, a random walk on colours, PAMR, the dense CRF. The
// server says what they are for one photo; the browser walks the linear ones itself, so that they can be asked for rows
// and columns like the trace's own.
import { fromBase64, toBase64 } from "../trace/base64.js";
import { floats, integers } from "../trace/safetensors.js";
import { PARAMETERS, parametersOf } from "../state/parameters.js";
import { dropVariant, variant } from "../trace/variant.js";
import { Refined } from "../engine/refined.js";
import { Sparse } from "../engine/sparse.js";
import { Walk } from "../engine/walk.js";

const OF_THE_MAP = new Set(["crf"]); // depend on the map that they refine, and so on the round
const OF_THE_NETWORK = new Set(["similarity"]); // depend on the run's networks of a round
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

/** Stands for a round that was not asked for: each has features of its own, and megabytes of answers. */
class Awaited {
  constructor(by) {
    this.why = "Similarity is computed one round at a time: open this round.";
    this.by = by;
  }

  propagate() {
    return null;
  }
}

/** What the server says of one photo (and, where it matters, one round): asked once, and again after a failure. */
function answerOf(client, trace, t, { by, params, run }) {
  if (by === "none") return Promise.resolve({ kind: "none" });
  const home = OF_THE_MAP.has(by) ? trace : original(trace),
    chosen = Object.fromEntries(Object.entries(params).filter(([name]) => !PARAMETERS[by][name].walked)),
    round = OF_THE_MAP.has(by) || OF_THE_NETWORK.has(by) ? t : null,
    key = JSON.stringify([by, round, chosen]);
  if (!answers.has(home)) answers.set(home, new Map());
  const known = answers.get(home),
    answer = known.get(key) ?? ask(client, trace, { by, params: chosen, run, round });
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

async function ask(client, trace, { by, params, run, round }) {
  const { w, h } = trace,
    request = { by, grid: [w, h], image: toBase64(trace.tensors.get("image").bytes), params };
  if (OF_THE_NETWORK.has(by)) Object.assign(request, { run, round });
  if (OF_THE_MAP.has(by)) request.alpha = toBase64(trace.unary(round));
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
  if (kind === "map") return Object.assign(new Refined(map, why), { by });
  const made = kind === "sparse" ? new Sparse(partners, weights, h, w, steps) : new Walk(offsets, weights, h, w, steps);
  return Object.assign(made, { by, onlater });
}

/** The change (see variant.js) to another propagator; `said[t - 1]` is what the server said of round t. */
export function propagatorChange(trace, { by, params }, said, key = keyOf(by, params)) {
  const onlater = () => (trace.variants?.get(key) ?? trace).onlater();
  const affinity = (t) => (said[t - 1] ? affinityOf(said[t - 1], trace, by, params, onlater) : new Awaited(by));
  return { key, affinity };
}

const keyOf = (by, params, round = null) => `by-${by}${round ?? ""}-${JSON.stringify(params)}`;

/** Whether what a propagator is differs from round to round, so that one round alone is asked for. */
export const isOfOneRound = (by) => OF_THE_NETWORK.has(by);

/**
 * Promise of the trace as another propagator refines it, in all its rounds, or in `round` alone (see isOfOneRound); it
 * fails with a sentence. Of the choices of parameters the last two stay: the one that is shown, and the one that takes
 * its place.
 * @param {import("../client/client.js").Client} client
 * @param {any} trace
 * @param {string} by one of state.js's PROPAGATORS
 * @param {{params?: any, round?: number, run?: string | null}} how its parameters, see parameters.js; the name of the
 *   run that made the trace, null where none did
 */
export async function refinedBy(client, trace, by, { params = parametersOf(null, by), round = 1, run = null } = {}) {
  const one = isOfOneRound(by),
    rounds = Array.from({ length: trace.T }, (_, i) => i + 1),
    asked = (t) => (one && t !== round ? null : answerOf(client, trace, t, { by, params, run })),
    said = await Promise.all(rounds.map(asked)),
    key = keyOf(by, params, one ? round : null),
    made = variant(trace, propagatorChange(trace, { by, params }, said, key)),
    { variants } = trace;
  variants.delete(key);
  const older = [...variants.keys()].filter((other) => other.split("-{")[0] === key.split("-{")[0]);
  for (const other of older.slice(0, -1)) dropVariant(trace, other);
  variants.set(key, made); // the last one that was wanted stands at the end
  return made;
}
