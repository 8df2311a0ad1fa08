// What became of one superpixel, and why.
import { classColour, css } from "../draw/colour.js";
import { el } from "../ui/dom.js";
import { swatch } from "../draw/swatch.js";
import { kindOf, regionTable, thresholdsAt, verdictsAt } from "../engine/mining.js";
import { percent, number } from "../ui/format.js";

const plain = (v) => String(+v.toFixed(3));
/** The score that a verdict of channel k needs, undefined where nobody says. */
const needed = ({ tau, tauBg, said }, k) => (said ? (k ? tau : tauBg) : undefined);

/** Channel and score that the region network finds likeliest for a superpixel. */
export function bestOf(trace, t, id) {
  const { label, best } = regionTable(trace, t);
  return { label: label[id], score: best[id], text: `${trace.meta.classes[label[id]]} ${best[id].toFixed(2)}` };
}

/** The verdict on a superpixel at these thresholds: {kind: "kept" | "relabelled" | "unknown" | "", why}. */
export function verdict(trace, t, id, at = thresholdsAt(trace)) {
  const { classes } = trace.meta,
    { unary, share, size, best } = regionTable(trace, t),
    label = unary[id];
  const says = size[id]
    ? `the unary map says ${classes[label]} (${percent(share[id], 0)} of its cells)`
    : `it is too small for the grid of ${trace.stride} × ${trace.stride} px`;
  if (!trace.confident[t - 1]) return { kind: "", why: `Here ${says}; this trace holds no confident regions.` };
  const final = verdictsAt(trace, t, at)(id),
    kind = kindOf(final, label);
  if (!best) return { kind, why: `${says}.` };
  const { label: likeliest, score, text } = bestOf(trace, t, id),
    bar = needed(at, likeliest),
    enough = score >= Math.fround(bar);
  if (kind === "unknown" && enough && !size[id]) return { kind, why: `${says}, though the best score is ${text}.` };
  if (bar === undefined || enough !== (kind !== "unknown") || (final !== null && final !== likeliest))
    return { kind, why: `${says}; the best score is ${text}.` }; // mined in another way than by thresholds alone
  if (kind === "unknown") return { kind, why: `the best score, ${text}, is below τ ${plain(bar)}; ${says}.` };
  if (kind === "kept") return { kind, why: `the region network gives ${text}, at least τ ${plain(bar)}, and ${says}.` };
  return { kind, why: `${says}, but the region network gives ${text}, at least τ ${plain(bar)}.` };
}

/** @param {(k: number) => number | undefined} thresholdOf */
function bars(title, trace, shareOf, thresholdOf = () => undefined) {
  const { classes, class_ids: ids } = trace.meta;
  const rows = classes.map((name, k) => {
    const v = shareOf(k),
      tau = thresholdOf(k);
    return el(
      "div.bar.on",
      {},
      el("span.name", {}, swatch(ids[k]), name),
      el(
        "span.rail",
        {},
        el("i", { style: `background:${css(classColour(ids[k]))};transform:scaleX(${v})` }),
        tau && el("u", { style: `left:${100 * tau}%`, title: `threshold ${plain(tau)}` }),
      ),
      el("span.value", {}, v.toFixed(2)),
    );
  });
  return [el("h3", {}, title), el("div.bars", {}, rows)];
}

/** Nodes: verdict and reason, the unary labels' shares, the region scores. `at`: thresholds, see mining.js. */
export function patchVerdict(trace, t, id, at = thresholdsAt(trace)) {
  const { classes } = trace.meta,
    { size, votes, unary, share } = regionTable(trace, t),
    scores = trace.scores(t),
    of = (table, k) => table[id * trace.K + k],
    { kind, why } = verdict(trace, t, id, at);
  const cells = Math.max(1, size[id]);
  return [
    el("p.verdict", {}, kind && el(`span.pill.${kind}`, {}, kind), ` ${why}`),
    ...bars("Unary labels of its cells", trace, (k) => of(votes, k) / cells),
    ...(scores
      ? bars(
          "Score of the region network",
          trace,
          (k) => of(scores, k),
          (k) => needed(at, k),
        )
      : []),
    el("p.note", {}, sample(size[id], share[id], classes[unary[id]], at.purity)),
  ];
}

/** Whether a superpixel of `size` cells teaches the region network, in words. */
function sample(size, share, name, purity) {
  if (!size) return "No cell of the grid has its centre in it: no sample for the region network.";
  const what = `${number(size)} ${size === 1 ? "cell" : "cells"}, ${percent(share, 0)} of them ${name}: `;
  return share >= Math.fround(purity)
    ? `${what}a sample for the region network (at least ${percent(purity, 0)}).`
    : `${what}too mixed to be a sample (below ${percent(purity, 0)}).`;
}
