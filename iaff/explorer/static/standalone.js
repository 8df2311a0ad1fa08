// The start of a self-contained file: the explorer's page for one trace, without a server.
import { embedded } from "./client/embedded.js";
import { mount } from "./main.js";

const run = embedded.run ?? { name: "", figures: null, mining: null };

// What the file can answer itself; the client says that all else needs the full explorer.
const server = {};
if (run.figures) server.figures = async () => ({ ok: true, figures: run.figures });
if (run.mining) server.mining = async () => ({ ok: true, mining: run.mining });

mount(document.body, { runs: [{ name: run.name, explains: false, browses: false }] }, "", server, null);
