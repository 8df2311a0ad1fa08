// A trace seen otherwise: by another propagator, with more passes, or with what was painted on it. It answers like
// the trace itself, so that every layer, figure and question works on it unchanged.
import { Scan } from "../engine/scan.js";
import { cuttable } from "../engine/whatif.js";

const OWN = new Set(["affinity", "refined", "unary"]);
const SHARED = ["floats", "cam", "grey", "edges", "edgesPath", "truthPath"]; // decoded once for all

/**
 * `change`: {key, affinity?(t), unary?(t)}: what is different. `key` names it, among the variants of this trace.
 * What the change does not touch is taken from the trace, decoded once.
 */
export function variant(trace, change) {
  trace.variants ??= new Map();
  const known = trace.variants.get(change.key);
  if (known) return known;
  const made = Object.create(trace);
  made.cache = new Map();
  made.origin = trace;
  made.variants = null;
  for (const name of SHARED) made[name] = (...asked) => trace[name](...asked);
  if (!change.unary) {
    made.full = (stage, t) =>
      stage === "unary" ? trace.full(stage, t) : Object.getPrototypeOf(trace).full.call(made, stage, t);
  }
  if (!change.affinity) made.affinity = (t) => trace.affinity(t); // not closed with the variant
  for (const [name, answer] of Object.entries(change))
    if (OWN.has(name)) made[name] = (t) => made.once(`${name}${t}`, () => answer(t, trace));
  trace.variants.set(change.key, made);
  return made;
}

/** Forget a variant that nobody will ask for again. */
export function dropVariant(trace, key) {
  trace.variants?.get(key)?.close();
  trace.variants?.delete(key);
}

/** The change to another number of passes; scans only. */
export function withPasses(trace, passes) {
  const { h, w } = trace;
  if (!cuttable(trace)) return null;
  return {
    key: `passes${passes}`,
    affinity: (t) => new Scan(trace.floats(`rounds.${t}.gates`), h, w, passes),
  };
}
