// The one door to Python: everything that the page asks of the server goes through here, and whatever goes wrong on the
// way is a ServerError with a sentence.

const DOWN = "The explorer does not answer. Start it again (iaff), then try once more.";
const ALONE = "This needs the full explorer; this file holds one photo alone.";
const PATIENCE = 4, // questions without an answer before the server counts as down
  PAUSE_MS = 180, // before the second of them; longer before each further one
  FULL_MS = 3000; // before a question is asked again for which the server had no room
const LARGEST_QUESTION = 15e6; // characters, as the server takes them (iaff/explorer/intake.py)

export const LARGEST_MB = 50; // of a file, as the server has it
export const SMALLER = "Save it smaller, then choose it again.";

/**
 * `down`: nothing came back, so that it may be asked again. `gone`: the server has lost what was uploaded. `full`: it has
 * no room at the moment.
 */
export class ServerError extends Error {
  constructor(message, { down = false, gone = false, full = false } = {}) {
    super(message);
    this.down = down;
    this.gone = gone;
    this.full = full;
  }
}

/** The error about a file that is too large to be taken in. */
export function tooLarge(file, name, remedy) {
  const size = (file.size / 1e6).toFixed(0);
  return new ServerError(`${name}: got ${size} MB, expected at most ${LARGEST_MB} MB. ${remedy}`);
}

export class Client {
  /**
   * `base`: the path of the app; `server`: Python's functions by name, as Gradio offers them; `upload(file)`: promise
   * of {path}. A self-contained file has no server: it knows few of the functions, and answers them itself.
   */
  constructor({ base = "", server = {}, upload = null }) {
    this.base = base;
    this.server = server;
    this.upload = upload;
  }

  // --- a run -------------------------------------------------------------------------------------------------------

  /** Promise of {figures, rounds, stamp, explains, browses}, see iaff/explorer/server/figures.py. */
  figures(run) {
    return this.#ask("figures", { run });
  }

  /** Promise of the histograms of a run's region scores. */
  async mining(run) {
    return (await this.#ask("mining", { run })).mining;
  }

  /** Promise of the traces that a run lists: none before it has written its first. */
  async index(run) {
    const response = await this.file(this.traceAddress(run, "index.json"));
    if (!response.ok && !run.listed) return []; // Gradio refuses what is not there as it does what is forbidden
    if (!response.ok)
      throw new ServerError(`The list of traces of run "${run.name}" is refused (status ${response.status}).`);
    const index = await response.json().catch(() => null); // it may be half written
    return index?.traces ?? [];
  }

  traceAddress({ traces }, file) {
    return `${this.base}${traces}/${encodeURIComponent(file)}`;
  }

  // --- the photos of its data set ----------------------------------------------------------------------------------

  /** Promise of some of them, see iaff/explorer/server/browse.py. */
  browse(request) {
    return this.#ask("browse", request);
  }

  /** Promise of a small picture of one, as an address. */
  async thumb(run, id) {
    return (await this.#ask("photo_thumb", { run, id })).thumb;
  }

  // --- a photo's trace, computed -----------------------------------------------------------------------------------

  /** Promise of the job that computes the trace of a photo of the data set. `waits`: as for #once. */
  async openPhoto(run, id, tags, waits) {
    return (await this.#once(() => this.#ask("open_photo", { run, id, tags }), waits)).job;
  }

  /** Promise of the job that computes the trace of a file; it is sent again where the server has lost it meanwhile. */
  async submit(file, { run, name, tags }, waits, again = true) {
    const path = await this.#once(() => this.#send(file, name), waits);
    try {
      return (await this.#once(() => this.#ask("submit", { run, path, name, tags }), waits)).job;
    } catch (error) {
      if (error.gone && again) return this.submit(file, { run, name, tags }, waits, false);
      throw error;
    }
  }

  /** What `ask` resolves to, once the server has room for it; `waits()` says, each time, whether to wait for that. */
  async #once(ask, waits = () => false) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!error.full || !waits()) throw error;
      }
      await new Promise((wake) => setTimeout(wake, FULL_MS));
    }
  }

  async #send(file, name) {
    try {
      return (await this.upload(file)).path;
    } catch (error) {
      const [, status, said] = /^HTTP (\d+): ([A-Z][^<]*)$/s.exec(error?.message) ?? [];
      if (said?.startsWith("Got ")) throw new ServerError(`${name}: g${said.slice(1)}`);
      if (status === "503") throw new ServerError(said, { full: true });
      // The page sends none that the explorer would refuse; nginx alone takes 1 MB (docs/deploy.md).
      if (/413|maximum allowed size/.test(error?.message))
        throw new ServerError(`${name}: a server on the way takes no file as large as this one. ${SMALLER}`);
      throw new ServerError(`${name} could not be sent. ${DOWN}`, { down: true });
    }
  }

  /** Promise of {state, stage, share, ahead, error}. */
  progress(job) {
    return this.#insist("progress", { job });
  }

  /** Promise of a finished trace in base64, which the server hands over once. */
  async take(job) {
    return (await this.#insist("take", { job })).trace;
  }

  /** Nobody waits for a job any more; nor for the answer to this. */
  cancel(job) {
    this.#ask("cancel", { job }).catch(() => {});
  }

  // --- and the rest ------------------------------------------------------------------------------------------------

  /** Promise of what another propagator is on a photo, see iaff/explorer/server/other_propagators.py. */
  async propagate(request) {
    const size = (request.image?.length ?? 0) + (request.alpha?.length ?? 0);
    if (size > LARGEST_QUESTION)
      throw new ServerError(
        `Got a photo and a map of ${(size / 1e6).toFixed(0)} MB, expected at most ${LARGEST_QUESTION / 1e6} MB: other ` +
          "propagators are computed on the spot. Choose a smaller photo.",
      );
    let left = PATIENCE;
    return this.#once(
      () => this.#ask("propagate", request),
      () => left-- > 0,
    );
  }

  /** The server makes PyTorch and a run's networks ready for what may be asked next; nobody waits for it. */
  warmUp(run) {
    this.#ask("warm_up", { run }).catch(() => {});
  }

  /** Promise of {lessons, broken}. */
  lessons() {
    return this.#ask("lessons", {});
  }

  /** Promise of the self-contained page, still without a trace. */
  async shell() {
    return (await this.#ask("shell", {})).shell;
  }

  /** Promise of a file's Response. A run may be training: the server is always asked whether the file changed. */
  async file(address) {
    try {
      return await fetch(address, { cache: "no-cache" });
    } catch {
      throw new ServerError(DOWN, { down: true });
    }
  }

  /** Promise that a script from the server has run. */
  script(path) {
    const node = Object.assign(document.createElement("script"), { src: this.base + path });
    return new Promise((resolve, reject) => {
      node.onload = resolve;
      node.onerror = () => reject(new ServerError(DOWN, { down: true }));
      document.head.append(node);
    });
  }

  /** Promise of an answer. A function of Python that fails unforeseen, and a server that is down, give none. */
  async #ask(what, request) {
    const ask = this.server[what];
    if (!ask) throw new ServerError(ALONE);
    let answer;
    try {
      answer = await ask(request);
    } catch {
      answer = null;
    }
    if (!answer) throw new ServerError(DOWN, { down: true });
    if (!answer.ok) throw new ServerError(answer.error, { gone: Boolean(answer.gone), full: Boolean(answer.full) });
    return answer;
  }

  /** As `#ask`, and again while nothing comes back. */
  async #insist(what, request) {
    for (let i = 1; ; i++) {
      try {
        return await this.#ask(what, request);
      } catch (error) {
        if (!(error.down || error.full) || i === PATIENCE) throw error;
      }
      await new Promise((wake) => setTimeout(wake, i * PAUSE_MS));
    }
  }
}
