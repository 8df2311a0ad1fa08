// Whether a cell's arithmetic is written out, and for which direction of the scan.
import { DIRECTIONS } from "./state.js";

export const RECKONED = ["affinity", "refined"]; // stages where it can be asked for

/** Whether the arithmetic of the cell that is asked about is open. */
export const reckons = ({ arithmetic, tab, stage }) =>
  arithmetic === "1" && tab === "stage" && RECKONED.includes(stage);

/** The one direction that is shown, or null for all: the arithmetic is that of one. */
export const directionOf = (state) => state.dir ?? (reckons(state) ? DIRECTIONS[0] : null);
