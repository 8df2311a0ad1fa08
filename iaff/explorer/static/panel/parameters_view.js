// The parameters of the propagators that the panes show, one slider each: part of the tab "Compare".
import { PARAMETERS, parametersOf, withParameters } from "../state/parameters.js";
import { BY, shownPropagators } from "../state/panes.js";
import { el, refill } from "../ui/dom.js";
import { slider } from "../ui/slider.js";

export class ParametersView {
  constructor({ store }) {
    this.store = store;
    const back = { type: "button", title: "All parameters as by default", onclick: () => store.set({ params: null }) };
    this.reset = el("button.reset", back, "defaults");
    this.groups = el("div.parameters");
    this.known = new Map(); // of each propagator: {node, show()}
    this.node = el("section", { "aria-label": "Parameters" }, el("h3", {}, "Parameters", this.reset), this.groups);
  }

  update() {
    const { state } = this.store,
      shown = shownPropagators(state).filter((by) => PARAMETERS[by]);
    this.node.hidden = !shown.length;
    this.reset.disabled = !state.params;
    for (const by of shown) if (!this.known.has(by)) this.known.set(by, this.#group(by));
    const nodes = shown.map((by) => this.known.get(by).node);
    if (nodes.length !== this.groups.children.length || nodes.some((node, i) => node !== this.groups.children[i]))
      refill(this.groups, nodes);
    for (const by of shown) this.known.get(by).show();
  }

  #group(by) {
    const { store } = this,
      name = BY[by].name,
      sliders = Object.entries(PARAMETERS[by]).map(([key, rule]) => {
        const { values } = rule,
          choose = (i) => store.set({ params: withParameters(store.state.params, by, { [key]: values[i] }) }),
          label = `${rule.name} of ${name}`,
          one = slider({ name: rule.name, label, low: 0, high: values.length - 1, choose, hint: rule.about });
        return { key, values, ...one };
      });
    return {
      node: el("div", { role: "group", "aria-label": name }, el("h4", {}, name), ...sliders.map(({ node }) => node)),
      show() {
        const now = parametersOf(store.state.params, by);
        for (const { key, values, show } of sliders) show(values.indexOf(now[key]), String(now[key]));
      },
    };
  }
}
