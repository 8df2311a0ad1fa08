// Files: saving them, and the self-contained page of one photo.
import { KEYS, VIEW } from "../state/state.js";
import { embedded, unopened } from "../client/embedded.js";
import { toBase64 } from "../trace/base64.js";

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

/**
 * Promise of the page of a snapshot's photo in its view, as a Blob; it fails with a sentence. `client`: asked for the
 * page's shell, and for what is known of the run.
 */
export async function selfContained({ origin, state, title, run, isOfOpenRun }, client) {
  const shell = embedded ? ownShell() : await client.shell();
  const content = {
    name: origin.meta.name,
    title,
    query: viewQuery(state),
    trace: toBase64(origin.bytes),
    run: run ? { name: run, ...(isOfOpenRun ? await figuresOf(run, client) : {}) } : null,
  };
  const fills = { title: escaped(title), embedded: JSON.stringify(content).replaceAll("<", "\\u003c") },
    text = shell.replace(/@@(title|embedded)@@/g, (_, name) => fills[name]); // in one pass: a title may look like a mark
  return new Blob([text], { type: "text/html" });
}

/** This page itself as it was before it was opened, with room for another view. */
function ownShell() {
  const head = /** @type {HTMLElement} */ (document.head.cloneNode(true));
  head.querySelector("title").textContent = "@@title@@";
  head.querySelector("#iaff-embedded").textContent = "@@embedded@@";
  return `<!doctype html>\n<html lang="en">\n${head.outerHTML}\n<body class="alone">${unopened}</body>\n</html>\n`;
}

/** The run's figures and histogram, as far as the server knows them. */
async function figuresOf(run, client) {
  const unknown = () => undefined,
    asked = [client.figures(run).catch(unknown), client.mining(run).catch(unknown)],
    [answer, mining] = await Promise.all(asked);
  return { figures: answer?.figures, mining };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
