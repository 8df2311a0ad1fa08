// What changed from one label map to another, in numbers: in the tab "Compare".
import { CHANGES, CORRECTIONS } from "../draw/kinds.js";
import { swatch } from "../draw/swatch.js";
import { changesBetween } from "../engine/errors.js";
import { el } from "../ui/dom.js";
import { number, percent } from "../ui/format.js";

const known = new WeakMap();

/** What changesBetween() says of a pair, asked once for the two maps. */
function changesOf(pair) {
  const { before, after } = pair,
    of = known.get(after) ?? known.set(after, new WeakMap()).get(after);
  if (!of.has(before)) of.set(before, changesBetween(pair));
  return of.get(before);
}

/**
 * Nodes for a pair, see draw/pair.js: how many pixels changed how, and the IoU of each class in both maps; `whole`: the
 * figures of all classes together as well.
 */
export function changesTable(pair, whole) {
  const { trace, truth, names } = pair,
    { counts, of, unknown, objects, miou, classes } = changesOf(pair),
    most = Math.max(...classes.map(({ change }) => Math.abs(change)), 1e-9);
  const figure = (name, [from, to], bar = true) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      [from, to].map((v) => el("td", {}, v === null ? "–" : percent(v))),
      el("td", {}, bar && changeBar((to ?? 0) - (from ?? 0), most)),
      el("td", {}, signed((to ?? 0) - (from ?? 0))),
    );
  const kind = (/** @type {import("../draw/kinds.js").Look} */ { name, sign, css, ink }, i) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, mark(sign, css, ink), name),
      el("td", {}, `${number(counts[i])} px`),
      el("td", {}, percent(counts[i] / of)),
    );
  const head = el(
    "tr",
    {},
    el("th", { scope: "row" }, miou ? "IoU" : ""),
    names.map((name) => el("th", { scope: "col" }, name)),
    el("th", { scope: "col", colspan: 2 }, "change"),
  );
  const figures = [
    ...classes.map(({ id, iou }) => figure([swatch(id), trace.className(id)], iou)),
    whole && miou && figure("mean (mIoU)", miou, false),
    whole && figure("object share", objects, false),
  ].filter(Boolean);
  const looks = truth ? CORRECTIONS : CHANGES;
  return [
    el("h3", {}, names.join(" → ")),
    el(
      "table.figures-table.changes",
      {},
      looks.map((look, i) => (counts[i] || i < 2) && kind(look, i)),
    ),
    figures.length > 0 && el("table.figures-table.changes", {}, head, figures),
    truth && unknown && el("p.note", {}, "Unknown counts as wrong."),
  ].filter(Boolean);
}

const mark = (sign, css, ink) =>
  el("span.sign", { "aria-hidden": "true", style: `background:${css};color:${ink}` }, sign);
const signed = (v) => `${v < -5e-4 ? "−" : v >= 5e-4 ? "+" : "±"}${(100 * Math.abs(v)).toFixed(1)}`;

/** From the middle to the left where it became less, to the right where it became more. */
function changeBar(v, most) {
  const half = (50 * Math.abs(v)) / most;
  return el(
    "span.change-bar",
    { "aria-hidden": "true" },
    el("i", {
      style: `left:${v < 0 ? 50 - half : 50}%;width:${half}%;background:${CORRECTIONS[v < 0 ? 1 : 0].css}`,
    }),
  );
}
