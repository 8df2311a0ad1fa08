// Figures of what a trace does not hold: maps by another propagator, by more passes, or of what was painted.
import { agreement, miou, objectShare } from "./score.js";
import { percent } from "../ui/format.js";

/** [{label, text, hint}] of a pane's map, against the trace's own map of the same stage. */
export function figuresHere(pane) {
  const labels = pane.labels(),
    { trace, spec } = pane;
  if (!labels) return [];
  const own = trace.origin.full(spec.stage === "unary" ? "unary" : "refined", spec.round).label,
    ids = trace.meta.class_ids,
    score = labels.length === trace.truth?.length ? miou(labels, trace.truth) : null;
  return [
    score !== null && { label: "mIoU", text: percent(score), hint: "of this map, measured here" },
    { label: "object share", text: percent(objectShare(labels)), hint: "of the photo" },
    {
      label: "changed pixels",
      text: percent(
        1 -
          agreement(
            labels,
            own.map((k) => ids[k]),
          ),
      ),
      hint: "against the trace's own map",
    },
  ].filter(Boolean);
}
