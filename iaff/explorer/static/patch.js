// What became of one superpixel, and why.
import { classColour, css } from "./colour.js";
import { el } from "./dom.js";
import { swatch } from "./legend.js";
import { percent, number } from "./stages.js";

const plain = (v) => String(+v.toFixed(3));

/** The score that a verdict of channel k needs: background may have a threshold of its own. */
function needed({ meta: { thresholds: { tau, tau_background: background = tau } = {} } }, k) {
  return k === 0 ? background : tau;
}

/** The verdict on a superpixel: {kind: "kept" | "relabelled" | "unknown", why}. */
export function verdict(trace, t, id) {
  const { classes } = trace.meta,
    { label, share, final } = trace.regions(t)[id],
    scores = trace.scores(t);
  const says = `the unary map says ${classes[label]} (${percent(share, 0)} of its pixels)`;
  if (!trace.confident[t - 1]) return { kind: "", why: `Here ${says}; this trace holds no confident regions.` };
  if (!scores) return { kind: final === null ? "unknown" : final === label ? "kept" : "relabelled", why: `${says}.` };
  const of = (k) => scores[id * trace.K + k];
  const best = classes.reduce((b, _, k) => (of(k) > of(b) ? k : b), 0);
  const score = `${classes[best]} ${of(best).toFixed(2)}`,
    tau = needed(trace, best),
    bar = tau === undefined ? "the threshold" : `τ ${plain(tau)}`;
  if (final === null)
    return of(best) >= tau // sure, but too small: no cell of the grid has its centre in the patch
      ? { kind: "unknown", why: `too small for the grid of 4 × 4 px, though the best score is ${score}.` }
      : { kind: "unknown", why: `the best score, ${score}, is below ${bar}; ${says}.` };
  if (final === label) return { kind: "kept", why: `the region network gives ${score}, at least ${bar}, and ${says}.` };
  return { kind: "relabelled", why: `${says}, but the region network gives ${score}, at least ${bar}.` };
}

function bars(title, trace, valueOf, thresholdOf = () => undefined) {
  const { classes, class_ids: ids } = trace.meta;
  const rows = classes.map((name, k) => {
    const v = valueOf(k),
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

/** Nodes: verdict and reason, the unary labels' shares, the region scores. */
export function patchStory(trace, t, id) {
  const { thresholds: { purity = 0.8 } = {}, classes } = trace.meta,
    region = trace.regions(t)[id],
    scores = trace.scores(t),
    { kind, why } = verdict(trace, t, id);
  const sure = region.share >= purity;
  return [
    el("p.verdict", {}, kind && el(`span.pill.${kind}`, {}, kind), ` ${why}`),
    ...bars("Unary labels of its pixels", trace, (k) => region.shares[k]),
    ...(scores ? bars("Score of the region network", trace, (k) => scores[id * trace.K + k], (k) => needed(trace, k)) : []),
    el(
      "p.note",
      {},
      `${number(region.pixels)} px, ${percent(region.share, 0)} of them ${classes[region.label]}: ` +
        (sure
          ? `a sample for the region network (at least ${percent(purity, 0)}).`
          : `too mixed to be a sample (below ${percent(purity, 0)}).`),
    ),
  ];
}
