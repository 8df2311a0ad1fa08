// Where workers come from. A self-contained file has their sources in this module's place: workers know no import map.
// See iaff/explorer/standalone/page.py.
export const stepWorker = () => new Worker(new URL("./step_worker.js", import.meta.url), { type: "module" });
export const rowsWorker = () => new Worker(new URL("./rows_worker.js", import.meta.url), { type: "module" });
