// Where the worker of long walks comes from. A self-contained file has its source in this module's place: workers know
// no import map. See iaff/explorer/standalone/page.py.
export const stepWorker = () => new Worker(new URL("./step_worker.js", import.meta.url), { type: "module" });
