// A control changes some layers. Where none of them is shown, the view goes to one: nobody turns a knob in the dark.
import { CELL_MAPS, STAGES, VIEW, perRound } from "../state/state.js";
import { ERROR, specOf } from "../state/panes.js";
import { layersOver } from "../state/over.js";
import { labelStage } from "./layers.js";

/** What another affinity changes, what was painted on the unary map, and where leaks are drawn. */
export const CARRIED = ["refined", "affinity", "carried", ...CELL_MAPS];
export const PAINTED = ["refined", "unary"];
export const OF_ROUND = ["affinity", ...STAGES.filter(perRound)];

/** The change of the view after which one of these layers is seen: none where one is, else to the first. */
export function toSee(layers, state, trace) {
  const covered = (state.truth === "filled" && trace.truth) || !state.opacity,
    stages = Array.from({ length: covered ? 0 : state.panes }, (_, i) => specOf(state, i).stage),
    shown = [...stages, ...Object.keys(layersOver(state))],
    named = shown.map((layer) => (layer === ERROR ? labelStage(ERROR, state.stage) : layer));
  if (named.some((layer) => layers.includes(layer)) || !trace.has(layers[0], state.round)) return {};
  return {
    stage: layers[0],
    truth: state.truth === "filled" ? null : state.truth,
    opacity: state.opacity || VIEW.opacity.start,
  };
}
