// What the tabs that try other thresholds share: figures beside those of the run, and the way back.
import { el } from "../ui/dom.js";
import { term } from "../ui/term.js";

/** Figures in a row: {node, show([{text, was?}])}; `was` is the run's own value, where it differs. */
export function figureRow(names) {
  const values = names.map(() => ({ now: el("dd"), was: el("dd.hint") })),
    node = el(
      "dl.tried",
      {},
      names.map((name, i) => el("div", {}, el("dt", {}, term(name)), values[i].now, values[i].was)),
    );
  return {
    node,
    show(figures) {
      figures.forEach(({ text, was }, i) => {
        values[i].now.textContent = text;
        values[i].was.textContent = was !== undefined && was !== text ? `was ${was}` : "";
      });
    },
  };
}

/** The way back to the run's thresholds: {node, show(state)}. */
export function resetButton(store, keys) {
  const back = () => store.set(Object.fromEntries(keys.map((key) => [key, null])));
  const about = { type: "button", title: "Back to the run's thresholds", onclick: back };
  const node = el("button.reset", about, "as trained");
  return { node, show: (state) => (node.disabled = keys.every((key) => state[key] === null)) };
}

/** A threshold as the state holds it: two decimals, null where it is the run's own. */
export function threshold(value, own) {
  const rounded = Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
  return rounded === own ? null : rounded;
}
