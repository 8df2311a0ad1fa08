// The start of the charts below the explorer: they wait for the first picture, then for a quiet moment.
import { Charts } from "./charts/charts.js";
import { Client } from "./client/client.js";
import { current, firstPicture, store } from "./shared.js";

export async function mount(element, props, base, server) {
  const root = element.querySelector(".iaff-charts"),
    client = new Client({ base, server }),
    start = () => (root.__charts = new Charts({ root, store, current, client, plotly: props.plotly }));
  await firstPicture;
  /** @type {any} */ (window.requestIdleCallback ?? setTimeout)(start, { timeout: 1500 });
}
