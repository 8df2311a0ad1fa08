// Two label maps of one photo in their order, of which can be said what changed from the one to the other.

/**
 * @typedef {object} Pair
 * @property {string[]} names of the two, the first before the second: "round 2", "round 5"
 * @property {Uint8Array} before class ids (W * H), 255 unknown
 * @property {Uint8Array} after
 * @property {Uint8Array | null} truth the same of the true labels, 255 void
 * @property {any} trace whose photo and classes they have
 */

/**
 * The round that a scene shows and the one that is compared with, forward in time; null where there are no two.
 *
 * @returns {Pair | null}
 */
export function pairOfRounds(scene) {
  const { trace, layers, spec, shared } = scene,
    other = scene.other(shared.state.diff);
  if (!other) return null;
  const rounds = inOrder(other, spec.round),
    names = rounds.map((t) => `round ${t}`),
    [before, after] = rounds.map((t) => layers.labels(spec.stage, t));
  return before && after ? { names, before, after, truth: trace.truth, trace } : null;
}

/**
 * The first two panes: forward in time where they show rounds of one trace by one propagator, else from the first to the
 * second; null where they do not both show labels of one size.
 *
 * @param {any[]} scenes of all panes
 * @returns {Pair | null}
 */
export function pairOfPanes([first, second]) {
  const [before, after] = [first, second].map((scene) => scene?.labels());
  if (!before || !after || !sameSize(first, second)) return null;
  const { trace } = first,
    pair = { names: ["pane 1", "pane 2"], before, after, truth: trace.truth ?? second.trace.truth, trace };
  return trace === second.trace && second.since() < first.since() ? turned(pair) : pair;
}

/** Whether the label maps of two scenes can be laid over each other, pixel by pixel. */
export const sameSize = (one, other) => one.trace.W === other.trace.W && one.trace.H === other.trace.H;

/** Two rounds, the earlier first. */
export const inOrder = (one, other) => (other < one ? [other, one] : [one, other]);

const turned = (pair) => ({ ...pair, names: [...pair.names].reverse(), before: pair.after, after: pair.before });
