// What each stage says: one plain sentence, and this photo's figures at that stage. Only figures that the trace has.
import { FIRST_OF_ROUND, STAGES } from "../state/state.js";
import { number, percent } from "../ui/format.js";

/** What a trace does not say. @type {any} */
const NONE = {};
const has = (v) => typeof v === "number" && Number.isFinite(v);
const list = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);
const article = (name) => `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;

/** [label, value text, hint] rows; those without a value fall out. */
function figures(...rows) {
  return rows.filter(([, v]) => has(v)).map(([label, v, show, hint]) => ({ label, text: show(v), hint }));
}

const of = (trace, t) => trace.meta.rounds[t - 1]?.figures ?? {};

/** @type {Record<string, any>} */
export const ABOUT = {
  photo: {
    name: "Photo and tags",
    short: "photo",
    say: (trace) =>
      trace.meta.tags.length
        ? `All that the method is told about this photo: it shows ${list(trace.meta.tags.map(article))}. No outline, no labelled pixel.`
        : "This photo carries no tag: the method is told that it shows none of the run's classes.",
    figures: () => [],
  },
  cam: {
    name: "Class activation map",
    missing: "class activation",
    short: "CAM",
    say: ({ K, tensors }) =>
      `The classifier lights up where it found its evidence: the most telling parts, rarely the whole object.${K > 1 && tensors.has("cam_climb") ? " The photo was also nudged, step by step, towards its tags, so that parts which speak for the class less loudly join in." : ""}`,
    figures: ({ meta: { figures: f = NONE } }) =>
      figures(["mIoU of the CAM", f.cam?.miou, percent, "at the run's threshold"]),
  },
  seeds: {
    name: "Seeds",
    missing: "seeds",
    short: "seeds",
    say: ({ meta: { thresholds: th = NONE } }) =>
      `Strong activation${has(th.seed_fg) ? ` (at least ${th.seed_fg})` : ""} becomes an object seed, hardly any${has(th.seed_bg) ? ` (below ${th.seed_bg})` : ""} a background seed; the rest stays unknown.`,
    figures: ({ meta: { figures: f = NONE } }) =>
      figures(
        ["coverage", f.seeds?.coverage, percent, "share of pixels with a seed"],
        ["precision", f.seeds?.precision, percent, "of the seeds that are right"],
      ),
  },
  unary: {
    name: "Unary map",
    missing: "round",
    short: "unary",
    say: (trace, t) =>
      `A segmentation network${trace.meta.run ? `, trained on ${t === 1 ? "the seeds" : `the refined maps of round ${t - 1}`},` : ""} gives every pixel a probability for each class, one pixel at a time.`,
    figures: (trace, t) =>
      figures(
        ["mIoU", of(trace, t).unary?.miou, percent],
        ["object share", of(trace, t).foreground?.unary, percent, "of the photo"],
        ["energy J ref", of(trace, t).energy?.ref?.unary, number, "lower is smoother"],
      ),
  },
  superpixels: {
    name: "Superpixels and region score",
    missing: "superpixels",
    short: "superpixels",
    say: (trace, t) =>
      trace.scores(t)
        ? "The photo is cut into patches of even colour, and a region network gives each whole patch one score per class."
        : "The photo is cut into patches of even colour.",
    figures: (trace) =>
      figures(
        ["patches", trace.S, number],
        ["score to be kept", trace.meta.thresholds?.tau, (v) => `≥ ${v}`],
        ["as background", trace.meta.thresholds?.tau_background, (v) => `≥ ${v}`, "the score that background needs"],
      ),
  },
  confident: {
    name: "Confident regions",
    missing: "confident regions",
    short: "confident",
    say: ({ meta: { thresholds: th = NONE } }) =>
      `Only patches with a score of at least ${th.tau ?? "τ"}${th.tau_background ? ` (background: ${th.tau_background})` : ""} keep a label, sometimes a corrected one; they alone teach the pairwise network.`,
    figures: (trace, t) =>
      figures(
        ["coverage", of(trace, t).confident?.coverage, percent, "share of pixels kept"],
        ["precision", of(trace, t).confident?.precision, percent, "of the kept that are right"],
        ["relabelled", of(trace, t).confident?.relabelled, percent, "other than the unary map's"],
      ),
  },
  affinity: {
    name: "Affinity",
    missing: "round",
    short: "affinity",
    say: (trace, t, mode) =>
      trace.affinity(t).by === "none"
        ? "Without propagation every pixel decides for itself: G = I."
        : trace.affinity(t).why
          ? "This propagator gives a refined map, but no matrix to ask."
          : trace.affinity(t).steps
            ? `${listens(trace.affinity(t))} Hover the photo: the glow shows ${mode === "row" ? "which pixels decide the one under the cursor" : "where its label goes"}.`
            : mode === "row"
              ? "The pairwise network decides who listens to whom. The glow shows which pixels decide the one under the cursor."
              : "The pairwise network decides who listens to whom. The glow shows where the label of the pixel under the cursor goes.",
    figures: (trace, t) =>
      figures(
        ["median reach", of(trace, t).reach, (v) => `${number(v)} cells`, "hold 90 % of a pixel's decision"],
        ["leak", of(trace, t).leak, percent, "of the decision comes from another class"],
      ),
  },
  refined: {
    name: "Refined map",
    missing: "round",
    short: "refined",
    say: (trace, t) =>
      `Every pixel takes the mean of the unary map over the pixels it listens to.${trace.refined(t) ? "" : " Computing it …"}${trace.origin ? "" : t < trace.T ? ` This map teaches round ${t + 1}.` : " This is the last round's map."}`,
    figures: (trace, t) => {
      const f = of(trace, t),
        before = f.unary?.miou,
        after = f.refined?.miou;
      return figures(
        [
          "mIoU",
          after,
          percent,
          has(before)
            ? `${after >= before ? "+" : "−"}${(100 * Math.abs(after - before)).toFixed(1)} against the unary map`
            : "",
        ],
        ["changed pixels", f.changed, percent, t === 1 ? "against the unary map" : `against round ${t - 1}`],
        ["energy J ref", f.energy?.ref?.refined, number, "lower is smoother"],
      );
    },
  },
};

/** Whom a pixel listens to where there are no gates. */
function listens({ kind, matrix: { n, count }, steps }) {
  const others = count < n ? `up to ${count} others, wherever they lie` : "all others",
    whom = kind === "sparse" ? others : `its ${count} neighbours`;
  return `Each pixel listens to ${whom}${steps > 1 ? `; a random walk of ${steps} steps carries labels on.` : "."}`;
}

/** The next or last step of the method that the trace can show: after a round's last stage comes the next round. */
export function step({ stage, round }, by, trace) {
  let i = STAGES.indexOf(stage);
  for (;;) {
    i += by;
    if (i >= STAGES.length) {
      if (round >= trace.T) return null;
      [i, round] = [FIRST_OF_ROUND, round + 1];
    } else if (by < 0 && i === FIRST_OF_ROUND - 1 && round > 1) [i, round] = [STAGES.length - 1, round - 1];
    if (i < 0) return null;
    if (trace.has(STAGES[i], round)) return { stage: STAGES[i], round };
  }
}
