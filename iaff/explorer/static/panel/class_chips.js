// The buttons that choose which classes are shown: in the legend and in the tab of layers.
import { shownClasses } from "../draw/layers.js";
import { swatch } from "../draw/swatch.js";
import { el } from "../ui/dom.js";
import { inWords } from "../ui/pointing.js";

// A double click is two clicks first, and the first may have changed what is shown: whether its class was shown alone.
let wasAlone = false;

/** One button a class of the trace, the background last. */
export function classChips(trace, store) {
  const { classes, class_ids: ids } = trace.meta;
  return classes.map((name, k) => classChip(name, { store, trace, mark: swatch(ids[k]), words: name })).reverse();
}

/** A button that a click hides or shows the class by; a double click shows it alone, or all again. */
export function classChip(name, { store, trace, mark, words }) {
  const { classes } = trace.meta,
    flags = shownClasses(classes, store.state),
    shown = classes.filter((_, k) => flags[k]),
    isAlone = shown.length === 1 && shown[0] === name && classes.length > 1;
  const show = (names) => store.set({ cls: names.length && names.length < classes.length ? names.join(",") : null }),
    alone = () => show(isAlone ? classes : [name]);
  const click = ({ detail }) => {
    if (detail >= 2) return show(wasAlone ? classes : [name]);
    wasAlone = isAlone;
    show(classes.filter((other) => shown.includes(other) !== (other === name)));
  };
  const about = {
    type: "button",
    "aria-pressed": String(shown.includes(name)),
    title: inWords(`Show or hide ${name}; double click, or o: only ${name}`),
    onclick: click,
    "data-solo": "",
    onsolo: alone,
  };
  return el("button.class-chip", about, mark, words);
}
