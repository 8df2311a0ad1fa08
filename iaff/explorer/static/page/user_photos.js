// Photos that the user asked for: files, which are sent to the server, and the data set's, which it has. Their traces
// are computed there, one after the other. Files are kept in this browser alone, as are those of traces, which need no
// server; photos of the data set live as long as the page.
import { fromBase64 } from "../trace/base64.js";
import { LARGEST_MB, SMALLER, tooLarge } from "../client/client.js";
import { KeptTraces } from "../trace/kept_traces.js";
import { Signal } from "../ui/signal.js";
import { Trace, TraceError } from "../trace/trace.js";
import { kept, keep, forget, newId } from "../client/user_photo_store.js";

const POLL_MS = 180,
  FAR_MS = 1000; // while other photos are in front
const MOST = 20; // files at once
const SMALL_TRACE = "A trace has at most a few MB: write it again.";

/** Whether a file is (called) a trace. */
export const isTrace = ({ name = "" }) => /\.safetensors$/i.test(name);

/**
 * One photo: {id, name, run, state, stage, share, ahead, error, notice, bytes (Blob of its trace), thumb}, and where it
 * comes from: `file` (a photo, or with `given` a trace), or `pick`, its id in the run's data set.
 */
class UserPhoto {
  state = "done";
  stage = "";
  share = 0;
  ahead = 0;
  error = "";
  parts = null;
  notice = "";
  tags = null;
  /** @type {Blob} */
  bytes;

  constructor(values, opened) {
    Object.assign(this, values);
    this.opened = opened;
  }

  get busy() {
    return this.state === "sending" || this.state === "waiting" || this.state === "running";
  }

  get failed() {
    return this.state === "failed";
  }

  /** Promise of the trace. */
  trace() {
    return this.opened.of(this, () => this.read());
  }

  /** Promise of one more, for whoever asks: a pane beside the one that shows it. */
  async read() {
    return Trace.parse(await this.bytes.arrayBuffer());
  }
}

export class UserPhotos {
  /** client: the door to Python; shown(photo): whether it is in the view. */
  constructor({ client, shown }) {
    this.client = client;
    this.photos = [];
    this.line = Promise.resolve();
    this.changed = new Signal(); // a photo is a step further
    this.ended = new Signal(); // it is done, failed or cancelled
    this.opened = new KeptTraces(shown);
    addEventListener("pagehide", () => this.#leave());
  }

  async restore() {
    const known = await kept();
    this.photos = known.map(({ trace, ...rest }) => this.#photo({ ...rest, bytes: trace }));
  }

  #photo(values) {
    return new UserPhoto(values, this.opened);
  }

  /** The photos of a run as the strip has them: files first, then those of its data set. */
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
        : this.#photo({
            id: newId(),
            name: file.name || "pasted photo",
            run,
            file,
            thumb: URL.createObjectURL(file),
          }),
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
    this.ended.send(photo);
  }

  /** Compute (again), with tags or, with null, those that the data set has or the classifier proposes. */
  async compute(photo, tags) {
    const stage = photo.pick ? "Asking for the photo" : "Sending the photo";
    const start = { state: "sending", stage, share: 0, ahead: 0, error: "", job: null, tags };
    const attempt = (photo.attempt = {}); // an older attempt of the same photo must not speak any more
    const current = () => photo.attempt === attempt;
    Object.assign(photo, start);
    this.changed.send(photo);
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
    const waits = () => this.#waitForRoom(photo, current);
    const sent = this.line.then(
      () => current() && (photo.pick ? this.#order(photo, waits) : this.#submit(photo, waits)),
    );
    this.line = sent.catch(() => {});
    const job = await sent;
    if (!current()) {
      if (job) this.client.cancel(job);
      return null;
    }
    photo.job = job;
    for (;;) {
      const { state, stage, share, ahead, error } = await this.client.progress(job).catch(dropped);
      if (!current()) return null;
      if (state === "cancelled" && again) return this.#follow(photo, current, false);
      if (state === "failed" || state === "cancelled")
        throw new Error(error ?? "The server dropped this photo. Send it again.");
      if (state === "done") break;
      Object.assign(photo, { state, stage, share, ahead });
      this.changed.send(photo);
      await new Promise((wake) => setTimeout(wake, ahead > 1 ? FAR_MS : POLL_MS));
      if (!current()) return null;
    }
    return fromBase64(await this.client.take(job)).buffer;
  }

  async #finish(photo, buffer, current) {
    const trace = await Trace.parse(buffer),
      bytes = new Blob([buffer]),
      thumb = await thumbnail(trace.image);
    if (!current()) return;
    revoke(photo);
    if (photo.given) Object.assign(photo, { name: trace.meta.title || photo.name, file: null });
    Object.assign(photo, { bytes, thumb, job: null });
    this.opened.put(photo, trace);
    const { id, name, run, file, pick, given } = photo;
    if (!pick) await keep({ id, name, run, file, given, trace: bytes, thumb }); // what is called done is not lost
    if (!current()) return;
    photo.state = "done";
    this.ended.send(photo);
  }

  /** Ask for a photo of the data set. */
  #order({ run, pick, tags }, waits) {
    return this.client.openPhoto(run, pick, tags, waits);
  }

  async #submit(photo, waits) {
    await readable(photo);
    return this.client.submit(photo.file, photo, waits);
  }

  /** The server is full. Says so, and whether somebody still waits for the photo. */
  #waitForRoom(photo, current) {
    if (!current()) return false;
    photo.stage = "The server is full: waiting for room";
    this.changed.send(photo);
    return true;
  }

  /** Stop waiting for a photo: one that has a trace keeps it, another goes. */
  cancel(photo) {
    photo.attempt = null;
    if (photo.job) this.client.cancel(photo.job);
    Object.assign(photo, { job: null, state: photo.bytes ? "done" : "cancelled" });
    if (!photo.bytes) this.#drop(photo);
    this.ended.send(photo);
  }

  /** After a failure, back to the trace that the photo had before. */
  settle(photo) {
    Object.assign(photo, { state: "done", error: "" });
    this.ended.send(photo);
  }

  forget(photo) {
    photo.attempt = null;
    if (photo.job) this.client.cancel(photo.job);
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
    for (const { job } of this.photos) if (job) this.client.cancel(job);
  }
}

/** A job that the server knows no more is like a cancelled one: the page slept, and the server gave up on it. */
function dropped(error) {
  if (error.down) throw error;
  return { state: "cancelled", error: error.message };
}

/** A folder that was dropped, or a file that has gone, cannot be read; better said before it is sent. */
async function readable(photo) {
  const { file, name, given } = photo;
  if (file.size > LARGEST_MB * 1e6) throw tooLarge(file, name, given ? SMALL_TRACE : SMALLER);
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    const got = "got a folder, or a file that is gone or has changed";
    throw new Error(`${name}: ${got}; expected a ${given ? "trace" : "photo"}. Choose it again.`);
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
