// How far a scan has come that is watched. "right.12": the direction to the right alone has walked its first 12 lines.
// Lines are columns for right and left, rows for down and up. A row of the affinity is walked backwards: from the
// direction's last line to its first.
import schema from "./view_schema.json" with { type: "json" };

const DIRECTIONS = schema.dir.choices;
const ASKING = ["affinity", "refined"]; // stages that answer from the affinity

/** What lines of a direction are called. */
export const lineName = (dir) => (dir === "right" || dir === "left" ? "column" : "row");

/** How many lines a direction has on a grid of w x h cells. */
export const linesOf = (dir, { w, h }) => (lineName(dir) === "column" ? w : h);

/** {dir, direction, lines} of a view: `direction` is the index of dir in the order of the gates. Null: all is walked. */
export function lineOf({ line }) {
  if (line === null) return null;
  const [dir, lines] = line.split(".");
  return { dir, direction: DIRECTIONS.indexOf(dir), lines: +lines };
}

/** The view's line as a trace (null: none is there yet) can show it: of a scan's, in the direction that is asked. */
export function normalLine(state, trace) {
  const found = lineOf(state);
  if (!found || !trace) return state.line;
  const { stage, round, by, dir } = state,
    kind = trace.meta?.rounds[round - 1]?.affinity.kind;
  if (kind !== "scan" || by !== null || !ASKING.includes(stage) || (dir ?? found.dir) !== found.dir) return null;
  return `${found.dir}.${Math.min(found.lines, linesOf(found.dir, trace))}`;
}

const watched = ({ dir }) => (dir === null ? DIRECTIONS : [dir]);

/** How many lines there are to watch, direction after direction. */
export const allLines = (state, grid) => watched(state).reduce((sum, dir) => sum + linesOf(dir, grid), 0);

/** Which of all these lines is the last that has been walked, from 1; one beyond them where all is walked. */
export function placeOf(state, grid) {
  const found = lineOf(state);
  if (!found) return allLines(state, grid) + 1;
  const before = watched(state).slice(0, watched(state).indexOf(found.dir));
  return before.reduce((sum, dir) => sum + linesOf(dir, grid), found.lines);
}

/** The other way round: the view's line at a place; null beyond the last. */
export function lineAt(place, state, grid) {
  for (const dir of watched(state)) {
    const lines = linesOf(dir, grid);
    if (place <= lines) return `${dir}.${place}`;
    place -= lines;
  }
  return null;
}
