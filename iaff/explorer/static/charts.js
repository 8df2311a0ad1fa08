// The start of the charts below the explorer: they wait for the first picture, then for a quiet moment.
import { Charts } from "./charts/charts.js";
import { store } from "./shared.js";

export function mount(element, props, base, server) {
  const root = element.querySelector(".iaff-charts"),
    plotly = base + props.plotly;
  const start = () =>
    (window.requestIdleCallback ?? setTimeout)(
      () => (root.__charts = new Charts({ root, store, plotly, server })),
      { timeout: 1500 },
    );
  window.__iaff?.shown ? start() : window.addEventListener("iaff:ready", start, { once: true });
}
