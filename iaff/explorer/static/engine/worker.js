// Where workers come from. A self-contained file has the sources of the workers in this module's place: they know no
// import map. See iaff/explorer/standalone/page.py.
export const stencilWorker = () => new Worker(new URL("./stencil_worker.js", import.meta.url), { type: "module" });
export const rowsWorker = () => new Worker(new URL("./rows_worker.js", import.meta.url), { type: "module" });
