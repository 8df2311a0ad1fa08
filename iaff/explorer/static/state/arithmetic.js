// Whether a cell's arithmetic is written out, and for which direction of the scan.
import { DIRECTIONS } from "./state.js";
import { lineOf } from "./line.js";

export const RECKONED = ["affinity", "refined"]; // stages where it can be asked for

/** Whether the arithmetic of the cell that is asked about is open. */
export const reckons = ({ arithmetic, tab, stage }) =>
  arithmetic === "1" && tab === "stage" && RECKONED.includes(stage);

/** The one direction that is shown, or null for all: a scan that is watched and the arithmetic are those of one. */
export const directionOf = (state) => state.dir ?? lineOf(state)?.dir ?? (reckons(state) ? DIRECTIONS[0] : null);
