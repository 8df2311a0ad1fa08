// A named range in whole steps, with what it says beside it.
import { el } from "./dom.js";

/**
 * {node, show(value, text)}. `name` stands before it, `label` is what screen readers call it, `choose(value)` hears of a
 * change.
 */
export function slider({ name, label, low, high, choose, hint = null }) {
  const text = el("output", { "aria-live": "off" }), // the range says it
    input = el("input", {
      type: "range",
      min: low,
      max: high,
      "aria-label": label,
      oninput: () => choose(+input.value),
    });
  return {
    node: el("label.slider", { title: hint }, el("span", {}, name), input, text),
    show(value, said) {
      input.value = value;
      input.style.setProperty("--fill", (Math.min(value, high) - low) / (high - low));
      input.setAttribute("aria-valuetext", said);
      text.textContent = said;
    },
  };
}
