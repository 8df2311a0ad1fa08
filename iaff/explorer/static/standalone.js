// The start of a self-contained file: the explorer's page for one trace, without a server.
import { embedded } from "./client/embedded.js";
import { mount } from "./main.js";

const NEEDS = "This needs the full explorer; this file holds one photo alone.";
const refused = { ok: false, error: NEEDS };
const run = embedded.run ?? { name: "", figures: null, mining: null };

const server = {
  figures: async () => (run.figures ? { ok: true, figures: run.figures } : refused),
  mining: async () => (run.mining ? { ok: true, mining: run.mining } : refused),
  propagate: async () => refused,
};

mount(document.body, { runs: [{ name: run.name, explains: false, browses: false }] }, "", server, null);
