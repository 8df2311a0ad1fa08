// What is shown in the picture's place when there is no picture to show.
import { el } from "./dom.js";

/** An error in its three parts, {title?, got, expected, remedy}; or, where nothing is broken, {title, text}. */
export function problem(error) {
  const { title = "This trace cannot be shown", text } = error;
  return el("div", { role: "alert" }, el("h2", {}, title), text ? el("p.note", {}, text) : parts(error));
}

/** What was got, what was expected, and what to do, as a list. */
export function parts({ got, expected, remedy }) {
  const rows = [
    ["Got", got],
    ["Expected", expected],
    ["What to do", remedy],
  ];
  return el(
    "dl.problem",
    {},
    rows.flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)]),
  );
}
