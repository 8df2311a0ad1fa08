// Files: saving them, and the self-contained page of one photo.
import { KEYS, VIEW } from "../state/state.js";
import { embedded, unopened } from "../client/embedded.js";
import { toBase64 } from "../trace/base64.js";
import { runOf } from "./export_words.js";

/** Hands a file over to the user. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob),
    link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** "1.3 MB" */
export const sizeOf = ({ size }) =>
  size < 1e5 ? `${Math.max(1, Math.round(size / 1e3))} kB` : `${(size / 1e6).toFixed(1)} MB`;

/** The view as a query, also what an address would be too long for. */
function viewQuery(state) {
  const changed = KEYS.filter((key) => state[key] !== VIEW[key].start && VIEW[key].alone !== false);
  return new URLSearchParams(changed.map((key) => [key, state[key]])).toString();
}

/** Promise of the page of this photo in this view, as a Blob; it fails with a sentence. */
export async function selfContained(app) {
  const { origin, state } = app,
    run = runOf(app),
    shell = embedded ? ownShell() : await app.client.shell(),
    title = app.title.textContent;
  const content = {
    name: origin.meta.name,
    title,
    query: viewQuery(state),
    trace: toBase64(origin.bytes),
    run: run ? { name: run, ...(run === app.run.name ? await figuresOf(app) : {}) } : null,
  };
  const fills = { title: escaped(title), embedded: JSON.stringify(content).replaceAll("<", "\\u003c") },
    text = shell.replace(/@@(title|embedded)@@/g, (_, name) => fills[name]); // in one pass: a title may look like a mark
  return new Blob([text], { type: "text/html" });
}

/** This page itself as it was before it was opened, with room for another view. */
function ownShell() {
  const head = document.head.cloneNode(true);
  head.querySelector("title").textContent = "@@title@@";
  head.querySelector("#iaff-embedded").textContent = "@@embedded@@";
  return `<!doctype html>\n<html lang="en">\n${head.outerHTML}\n<body class="alone">${unopened}</body>\n</html>\n`;
}

/** The run's figures and histogram, as far as the server knows them. */
async function figuresOf({ client, run }) {
  const unknown = () => undefined,
    asked = [client.figures(run.name).catch(unknown), client.mining(run.name).catch(unknown)],
    [answer, mining] = await Promise.all(asked);
  return { figures: answer?.figures, mining };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
