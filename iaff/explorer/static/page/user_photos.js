// Photos that the user asked for: files, which are sent to the server, and the data set's, which it has. Their traces
// are computed there, one after the other. Files are kept in this browser alone, as are those of traces, which need no
// server; photos of the data set live as long as the page. What is being computed goes on after a reload.
import { fromBase64 } from "../trace/base64.js";
import { KeptTraces } from "../trace/kept_traces.js";
import { Signal } from "../ui/signal.js";
import { Trace, TraceError } from "../trace/trace.js";
import { UserPhoto, isTrace, readable, record, revoke, thumbnail } from "./user_photo.js";
import { find, forget, keep, kept, newId } from "../client/user_photo_store.js";

const POLL_MS = 180,
  FAR_MS = 1000; // while other photos are in front
const MOST = 20; // files at once

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

  /** Those that this browser keeps. */
  async restore() {
    const known = await kept();
    this.photos = known.map(({ trace, ...rest }) => this.#photo({ ...rest, bytes: trace, isKept: true }));
    for (const photo of this.photos)
      if (!photo.thumb && photo.file && !photo.given) photo.thumb = URL.createObjectURL(photo.file);
  }

  /** What was computed when the page was left goes on: the server may still have it, else it is sent again. */
  resume() {
    for (const photo of this.photos) if (photo.busy) this.#go(photo);
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
    const now = Date.now(),
      added = files.slice(0, MOST).map((file, i) => {
        const known = { id: newId(), kept: now + i, run, file }; // kept in the order in which they were chosen
        return isTrace(file)
          ? this.#photo({ ...known, name: file.name, given: true })
          : this.#photo({ ...known, name: file.name || "pasted photo", thumb: URL.createObjectURL(file) });
      });
    if (files.length > MOST)
      added[0].notice = `Got ${files.length} files, took the first ${MOST}. Choose the others when these are done.`;
    this.photos.push(...added);
    for (const photo of added) this.compute(photo, null);
    return added[0];
  }

  /** A photo of the run's data set, by its id; returns it, computed already or on its way. */
  pick(id, run, thumb) {
    const known = this.photos.find((photo) => photo.pick === id && photo.run === run),
      photo = known ?? this.#photo({ id: newId(), kept: Date.now(), name: id, run, pick: id, thumb });
    if (!known) this.photos.push(photo);
    if (!known || known.failed) this.compute(photo, null);
    return photo;
  }

  #fail(photo, error) {
    const parts = error instanceof TraceError ? error : null;
    Object.assign(photo, { state: "failed", error: error.message, parts, job: null });
    this.#remember(photo);
    this.ended.send(photo);
  }

  /** Compute (again), with tags or, with null, those that the data set has or the classifier proposes. */
  compute(photo, tags) {
    const stage = photo.given ? "Reading the trace" : photo.pick ? "Asking for the photo" : "Sending the photo";
    Object.assign(photo, { state: "sending", stage, share: 0, ahead: 0, error: "", job: null, tags });
    return this.#go(photo);
  }

  /** After a failure once more, from the copy that this browser keeps, since a file may be gone meanwhile. */
  async retry(photo) {
    photo.file = (await find(photo.id))?.file ?? photo.file;
    return this.compute(photo, photo.tags);
  }

  /** From where a photo stands until it is done or has failed. */
  async #go(photo) {
    const attempt = (photo.attempt = {}); // an older attempt of the same photo must not speak any more
    const current = () => photo.attempt === attempt;
    this.changed.send(photo);
    this.#remember(photo);
    try {
      const bytes = await (photo.given ? this.#read(photo) : this.#follow(photo, current));
      if (bytes) await this.#finish(photo, bytes, current);
    } catch (error) {
      if (current()) this.#fail(photo, error);
    }
  }

  /** The bytes of a trace file: what was computed elsewhere, opened as it is. */
  async #read(photo) {
    await readable(photo);
    return photo.file.arrayBuffer();
  }

  /** From sending to the trace's bytes; null where nobody waits for them any more. */
  async #follow(photo, current, again = true) {
    const job = photo.job ?? (await this.#send(photo, current));
    if (!current()) {
      if (job) this.client.cancel(job);
      return null;
    }
    if (photo.job !== job) {
      photo.job = job;
      this.#remember(photo);
    }
    for (;;) {
      const { state, stage, share, ahead, error } = await this.client.progress(job).catch(dropped);
      if (!current()) return null;
      if (state === "cancelled" && again) return this.#lost(photo, current);
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

  /** Promise of the job. Sent one after the other, so that they are computed in the order in which they were chosen. */
  #send(photo, current) {
    const waits = () => this.#waitForRoom(photo, current);
    const sent = this.line.then(
      () => current() && (photo.pick ? this.#order(photo, waits) : this.#submit(photo, waits)),
    );
    this.line = sent.catch(() => {});
    return sent;
  }

  /** The server knows a job no more: another page of this browser took it or gave it up, or it is sent once more. */
  async #lost(photo, current) {
    const record = photo.isKept ? await find(photo.id) : photo;
    if (!current()) return null;
    if (record?.state === "done" && record.trace) return record.trace.arrayBuffer();
    if (!record) return this.#giveUp(photo);
    photo.job = null;
    return this.#follow(photo, current, false);
  }

  /** Writes down how far a photo is, so that it goes on after a reload; one of the data set only until it is done. */
  async #remember(photo, state = photo.busy ? "sending" : photo.state) {
    if (photo.pick && state !== "sending") return forget(photo.id);
    photo.isKept = (await keep(record(photo, state))) !== undefined;
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
    await this.#remember(photo, "done"); // what is called done is not lost
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
    if (photo.job) this.client.cancel(photo.job);
    this.#giveUp(photo);
  }

  /** Nobody waits for it any more. */
  #giveUp(photo) {
    Object.assign(photo, { attempt: null, job: null, state: photo.bytes ? "done" : "cancelled" });
    if (photo.bytes) this.#remember(photo);
    else {
      this.#drop(photo);
      forget(photo.id);
    }
    this.ended.send(photo);
    return null;
  }

  /** After a failure, back to the trace that the photo had before. */
  settle(photo) {
    Object.assign(photo, { state: "done", error: "" });
    this.#remember(photo);
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

  /** The page goes: nobody will fetch what cannot go on after a reload. (Of a page that is closed for good, the server
   * drops what nobody has asked about for a while.) */
  #leave() {
    for (const { job, isKept } of this.photos) if (job && !isKept) this.client.cancel(job);
  }
}

/** A job that the server knows no more is like a cancelled one: the page slept, and the server gave up on it. */
function dropped(error) {
  if (error.down) throw error;
  return { state: "cancelled", error: error.message };
}
