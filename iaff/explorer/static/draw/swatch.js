// The sign of a class in a text.
import { el } from "../ui/dom.js";
import { BACKGROUND, classColour, css } from "./colour.js";

export const swatch = (id) =>
  el(id === 255 ? "span.swatch.unknown" : "span.swatch", {
    "aria-hidden": "true",
    style: id === 255 ? null : `background:${css(id ? classColour(id) : BACKGROUND)}`,
  });
