// The legend under the picture: the entries of draw/legend.js as nodes.
import { RAMP_CSS, classColour, css } from "../draw/colour.js";
import { swatch } from "../draw/swatch.js";
import { el } from "../ui/dom.js";
import { classChip } from "./class_chips.js";
import { term } from "../ui/term.js";

const hidden = { "aria-hidden": "true" };
const SWATCHES = {
  area: ({ id }) => swatch(id),
  grade: ({ id }) => el("span.grade", { ...hidden, style: `--c:${css(classColour(id))}` }),
  line: ({ form }) => el(form === "solid" ? "span.line" : `span.line.${form}`, hidden),
  sign: ({ sign, ink, colour }) =>
    el(sign ? "span.sign" : "span.sign.clear", { ...hidden, style: `background:${colour};color:${ink}` }, sign),
};

/**
 * {items, high}: nodes of the entries, and the node that names the top of the affinity's scale, or null.
 *
 * @param {Record<string, any>[]} entries see draw/legend.js
 * @param {object} parts
 * @param {import("../state/store.js").Store} parts.store a click on a class's entry changes which classes are shown
 * @param {import("../trace/trace.js").Trace} parts.trace whose classes they are
 * @param {Node[]} parts.scaleChoice stand beside the affinity's scale
 */
export function legendNodes(entries, { store, trace, scaleChoice }) {
  let high = null;
  const items = entries.map((entry) => {
    const { swatch: sign, words, of } = entry;
    if (!sign) return el("span.item.dim", {}, words);
    if (sign.kind === "ramp")
      return ramp(sign.low, sign.glow ? (high = el("span", {}, words)) : words, sign.glow && scaleChoice);
    const mark = SWATCHES[sign.kind](sign);
    return of ? classChip(of, { store, trace, mark, words }) : el("span.item", {}, mark, words);
  });
  return { items, high };
}

function ramp(low, high, scaleChoice) {
  const bar = el("span.ramp-bar", { ...hidden, style: `background:${RAMP_CSS}` });
  return el("div.ramp", {}, el("span", {}, scaleChoice ? term(low, "glow") : low), bar, high, scaleChoice);
}
