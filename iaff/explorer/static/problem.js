// What is shown in the picture's place when there is no picture to show.
import { el } from "./dom.js";

/** An error in its three parts. */
export function problem(error) {
  return el(
    "div",
    { role: "alert" },
    el("h2", {}, error.title ?? "This trace cannot be shown"),
    el(
      "dl",
      {},
      ...[
        ["Got", error.got],
        ["Expected", error.expected],
        ["What to do", error.remedy],
      ].flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)]),
    ),
  );
}
