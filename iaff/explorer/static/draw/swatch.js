// The sign of a class in a text.
import { el } from "../ui/dom.js";
import { classMark } from "./marks.js";
import { BACKGROUND, classColour, css } from "./colour.js";

/** Of a class id, 255 unknown. The class's mark in it is seen where marks are wanted (see marks.js). */
export function swatch(id) {
  const mark = classMark(id);
  return el(id === 255 ? "span.swatch.unknown" : "span.swatch", {
    "aria-hidden": "true",
    "data-sign": mark?.sign,
    style: id === 255 ? null : `background:${css(id ? classColour(id) : BACKGROUND)};color:${mark?.ink}`,
  });
}
