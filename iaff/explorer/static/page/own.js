// Photos that were asked for: own ones, which are sent to the server, and the data set's, which it has. Their traces
// are computed there, one after the other. Own ones are kept in this browser alone, as are trace files, which need no
// server; those of the data set live as long as the page.
import { fromBase64 } from "../trace/base64.js";
import { DOWN } from "../client/down.js";
import { KeptTraces } from "../trace/kept_traces.js";
import { Trace, TraceError } from "../trace/trace.js";
import { kept, keep, forget, newId } from "../client/own_store.js";

const POLL_MS = 180,
  FAR_MS = 1000; // while other photos are in front
const PATIENCE = 4; // questions without an answer before the server counts as down
const LARGEST = 50; // MB, as the server has it
const MOST = 20; // files at once

/** Whether a file is (called) a trace. */
export const isTrace = ({ name = "" }) => /\.safetensors$/i.test(name);

/**
 * One photo: {id, name, run, state, stage, share, ahead, error, notice, bytes (Blob of its trace), thumb}, and where it
 * comes from: `file` (a photo, or with `given` a trace), or `pick`, its id in the run's data set.
 */
class OwnPhoto {
  constructor(values, opened) {
    const start = { state: "done", stage: "", share: 0, ahead: 0, error: "", parts: null, notice: "", tags: null };
    Object.assign(this, start, values, { opened });
  }

  get busy() {
    return this.state === "sending" || this.state === "waiting" || this.state === "running";
  }

  get failed() {
    return this.state === "failed";
  }

  /** Promise of the trace. */
  trace() {
    return this.opened.of(this, async () => Trace.parse(await this.bytes.arrayBuffer()));
  }
}

export class Own {
  /**
   * `changed(photo)` hears of every step; `ended(photo)` of a photo that is done, failed or cancelled; `shown(photo)`
   * says whether it is in the view.
   */
  constructor(server, upload, { changed, ended, shown }) {
    Object.assign(this, { server, upload, changed, ended, photos: [], line: Promise.resolve() });
    this.opened = new KeptTraces(shown);
    addEventListener("pagehide", () => this.#leave());
  }

  async restore() {
    const known = await kept();
    this.photos = known.map(({ trace, ...rest }) => this.#photo({ ...rest, bytes: trace }));
  }

  #photo(values) {
    return new OwnPhoto(values, this.opened);
  }

  /** The photos of a run as the strip has them: own ones first, then those of its data set. */
  of(run) {
    const all = this.photos.filter((photo) => photo.run === run);
    return [...all.filter(({ pick }) => !pick), ...all.filter(({ pick }) => pick)];
  }

  find(id) {
    return this.photos.find((photo) => photo.id === id);
  }

  /** Take files in, photos or traces; returns the first one, whose progress may be shown. */
  add(files, run) {
    const added = files.slice(0, MOST).map((file) =>
      isTrace(file)
        ? this.#photo({ id: newId(), name: file.name, run, file, given: true })
        : this.#photo({ id: newId(), name: file.name || "pasted photo", run, file, thumb: URL.createObjectURL(file) }),
    );
    if (files.length > MOST)
      added[0].notice = `Got ${files.length} files, took the first ${MOST}. Choose the others when these are done.`;
    this.photos.push(...added);
    for (const photo of added) photo.given ? this.#read(photo) : this.compute(photo, null);
    return added[0];
  }

  /** A photo of the run's data set, by its id; returns it, computed already or on its way. */
  pick(id, run, thumb) {
    const known = this.photos.find((photo) => photo.pick === id && photo.run === run),
      photo = known ?? this.#photo({ id: newId(), name: id, run, pick: id, thumb });
    if (!known) this.photos.push(photo);
    if (!known || known.failed) this.compute(photo, null);
    return photo;
  }

  /** A trace file: what was computed elsewhere, opened as it is. */
  async #read(photo) {
    const attempt = (photo.attempt = {});
    const current = () => photo.attempt === attempt;
    Object.assign(photo, { state: "running", stage: "Reading the trace" });
    try {
      await readable(photo);
      await this.#finish(photo, await photo.file.arrayBuffer(), current);
    } catch (error) {
      if (current()) this.#fail(photo, error);
    }
  }

  #fail(photo, error) {
    const parts = error instanceof TraceError ? error : null;
    Object.assign(photo, { state: "failed", error: error.message, parts, job: null });
    this.ended(photo);
  }

  /** Compute (again), with tags or, with null, those that the data set has or the classifier proposes. */
  async compute(photo, tags) {
    const stage = photo.pick ? "Asking for the photo" : "Sending the photo";
    const start = { state: "sending", stage, share: 0, ahead: 0, error: "", job: null, tags };
    const attempt = (photo.attempt = {}); // an older attempt of the same photo must not speak any more
    const current = () => photo.attempt === attempt;
    Object.assign(photo, start);
    this.changed(photo);
    try {
      const bytes = await this.#follow(photo, current);
      if (bytes) await this.#finish(photo, bytes, current);
    } catch (error) {
      if (current()) this.#fail(photo, error);
    }
  }

  /** From sending to the trace's bytes; null where nobody waits for them any more. */
  async #follow(photo, current, again = true) {
    // Sent one after the other, so that they are computed in the order in which they were chosen.
    const sent = this.line.then(() => current() && (photo.pick ? this.#order(photo) : this.#submit(photo)));
    this.line = sent.catch(() => {});
    const job = await sent;
    if (!current()) {
      if (job) this.server.cancel({ job });
      return null;
    }
    photo.job = job;
    for (;;) {
      const answer = await this.#patient("progress", { job });
      if (!current()) return null;
      const lost = !answer.ok || answer.state === "cancelled"; // the page slept, and the server gave up on it
      if (lost && again) return this.#follow(photo, current, false);
      if (check(answer).state === "failed") throw new Error(answer.error);
      if (answer.state === "cancelled") throw new Error("The server dropped this photo. Send it again.");
      const { state, stage, share, ahead } = answer;
      if (state === "done") break;
      Object.assign(photo, { state, stage, share, ahead });
      this.changed(photo);
      await new Promise((wake) => setTimeout(wake, ahead > 1 ? FAR_MS : POLL_MS));
      if (!current()) return null;
    }
    const { trace } = check(await this.#patient("take", { job }));
    return fromBase64(trace).buffer;
  }

  async #finish(photo, buffer, current) {
    const trace = await Trace.parse(buffer),
      bytes = new Blob([buffer]),
      thumb = await thumbnail(trace.image);
    if (!current()) return;
    revoke(photo);
    if (photo.given) Object.assign(photo, { name: trace.meta.title || photo.name, file: null });
    Object.assign(photo, { bytes, thumb, job: null, state: "done" });
    this.opened.put(photo, trace);
    const { id, name, run, file, pick, given } = photo;
    if (!pick) keep({ id, name, run, file, given, trace: bytes, thumb });
    this.ended(photo);
  }

  /** Ask for a photo of the data set. */
  async #order({ run, pick, tags }) {
    return check(await this.server.open_photo({ run, id: pick, tags })).job;
  }

  async #submit(photo, again = true) {
    await readable(photo);
    let sent;
    try {
      sent = await this.upload(photo.file);
    } catch (error) {
      // Gradio's words: "HTTP 413: ..." from the server, "... exceeds the maximum allowed size ..." before it is sent
      if (/413|maximum allowed size/.test(error?.message)) throw tooLarge(photo);
      throw new Error(`${photo.name} could not be sent. ${DOWN}`);
    }
    const { run, name, tags } = photo;
    const answer = await this.server.submit({ run, path: sent.path, name, tags });
    if (answer?.gone && again) return this.#submit(photo, false);
    return check(answer).job;
  }

  /** A question that may be asked again when nothing comes back. */
  async #patient(what, request) {
    for (let i = 1; ; i++) {
      const answer = await this.server[what](request);
      if (answer) return answer;
      if (i === PATIENCE) throw new Error(DOWN);
      await new Promise((wake) => setTimeout(wake, i * POLL_MS));
    }
  }

  /** Stop waiting for a photo: one that has a trace keeps it, another goes. */
  cancel(photo) {
    photo.attempt = null;
    if (photo.job) this.server.cancel({ job: photo.job });
    Object.assign(photo, { job: null, state: photo.bytes ? "done" : "cancelled" });
    if (!photo.bytes) this.#drop(photo);
    this.ended(photo);
  }

  /** After a failure, back to the trace that the photo had before. */
  settle(photo) {
    Object.assign(photo, { state: "done", error: "" });
    this.ended(photo);
  }

  forget(photo) {
    photo.attempt = null;
    if (photo.job) this.server.cancel({ job: photo.job });
    this.#drop(photo);
    forget(photo.id);
  }

  #drop(photo) {
    this.photos = this.photos.filter((other) => other !== photo);
    this.opened.drop(photo);
    revoke(photo);
  }

  /** The page goes: nobody will fetch what is being computed. */
  #leave() {
    for (const { job } of this.photos) if (job) this.server.cancel({ job });
  }
}

function check(answer) {
  if (!answer) throw new Error(DOWN);
  if (!answer.ok) throw new Error(answer.error);
  return answer;
}

function tooLarge({ name, file, given }) {
  const size = (file.size / 1e6).toFixed(0),
    remedy = given ? "A trace has at most a few MB: write it again." : "Save it smaller, then choose it again.";
  return new Error(`${name}: got ${size} MB, expected at most ${LARGEST} MB. ${remedy}`);
}

/** A folder that was dropped, or a file that has gone, cannot be read; better said before it is sent. */
async function readable(photo) {
  if (photo.file.size > LARGEST * 1e6) throw tooLarge(photo);
  try {
    await photo.file.slice(0, 1).arrayBuffer();
  } catch {
    const got = "got a folder, or a file that is gone or has changed";
    throw new Error(`${photo.name}: ${got}; expected a ${photo.given ? "trace" : "photo"}. Choose it again.`);
  }
}

function revoke(photo) {
  if (photo.thumb?.startsWith("blob:")) URL.revokeObjectURL(photo.thumb);
}

async function thumbnail(image) {
  const height = 96,
    width = Math.max(1, Math.round((height * image.width) / image.height));
  const canvas = new OffscreenCanvas(Math.min(width, 960), height);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
}
