// The start of the charts below the explorer: they wait for the first picture, then for a quiet moment.
import { Charts } from "./charts/charts.js";
import { Client } from "./client/client.js";
import { store } from "./shared.js";

export function mount(element, props, base, server) {
  const root = element.querySelector(".iaff-charts"),
    client = new Client({ base, server });
  const start = () =>
    (window.requestIdleCallback ?? setTimeout)(
      () => (root.__charts = new Charts({ root, store, plotly: props.plotly, client })),
      { timeout: 1500 },
    );
  window.__iaff?.shown ? start() : window.addEventListener("iaff:ready", start, { once: true });
}
