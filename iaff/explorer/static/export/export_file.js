// Files: saving them, and the self-contained page of one photo.
import { TABLE } from "../state/state.js";
import { embedded, unopened } from "../client/embedded.js";
import { toBase64 } from "../trace/base64.js";
import { DOWN } from "../client/down.js";

const ELSEWHERE = ["run", "img", "lesson", "step", "all", "allcls", "allround", "find", "figs"]; // not in one photo's page

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
  const changed = Object.keys(TABLE).filter((key) => state[key] !== TABLE[key].start && !ELSEWHERE.includes(key));
  return new URLSearchParams(changed.map((key) => [key, state[key]])).toString();
}

/**
 * Promise of the page of a snapshot's photo in its view, as a Blob; it fails with a sentence. `server`: asked for the
 * page's shell, and for what is known of the run.
 */
export async function selfContained({ origin, state, title, run, isOfOpenRun }, server) {
  const shell = embedded ? ownShell() : await askedShell(server);
  const content = {
    name: origin.meta.name,
    title,
    query: viewQuery(state),
    trace: toBase64(origin.bytes),
    run: run ? { name: run, ...(isOfOpenRun ? await figuresOf(run, server) : {}) } : null,
  };
  const fills = { title: escaped(title), embedded: JSON.stringify(content).replaceAll("<", "\\u003c") },
    text = shell.replace(/@@(title|embedded)@@/g, (_, name) => fills[name]); // in one pass: a title may look like a mark
  return new Blob([text], { type: "text/html" });
}

async function askedShell(server) {
  const answer = await Promise.resolve(server.shell({})).catch(() => null);
  if (!answer?.ok) throw new Error(answer?.error ?? DOWN);
  return answer.shell;
}

/** This page itself as it was before it was opened, with room for another view. */
function ownShell() {
  const head = document.head.cloneNode(true);
  head.querySelector("title").textContent = "@@title@@";
  head.querySelector("#iaff-embedded").textContent = "@@embedded@@";
  return `<!doctype html>\n<html lang="en">\n${head.outerHTML}\n<body class="alone">${unopened}</body>\n</html>\n`;
}

/** The run's figures and histogram, as far as the server knows them. */
async function figuresOf(run, server) {
  const ask = (what) => Promise.resolve(server[what]({ run })).catch(() => null),
    [figures, mining] = await Promise.all([ask("figures"), ask("mining")]);
  return { figures: figures?.figures, mining: mining?.mining };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
