// Own photos: sent to the server, computed there one after the other, and kept in this browser alone.
import { Trace } from "./trace.js";
import { kept, keep, forget } from "./own_store.js";

const POLL_MS = 180;
const LARGEST = 50; // MB, as the server has it
const MOST = 20; // files at once
const DOWN = "The explorer does not answer. Start it again (python app.py), then try once more.";

/** One photo: {id, name, run, file, state, stage, share, ahead, error, bytes, thumb}. */
class OwnPhoto {
  constructor(values) {
    Object.assign(this, { state: "done", stage: "", share: 0, ahead: 0, error: "", tags: null }, values);
  }

  get busy() {
    return this.state === "sending" || this.state === "waiting" || this.state === "running";
  }

  /** The trace, parsed once. */
  trace() {
    this.parsed ??= Trace.parse(this.bytes);
    return this.parsed;
  }
}

export class Own {
  /** `changed(photo)` hears of every step; `ended(photo)` of a photo that is done, failed or cancelled. */
  constructor(server, upload, { changed, ended }) {
    Object.assign(this, { server, upload, changed, ended, photos: [] });
  }

  async restore() {
    const known = await kept();
    this.photos = known.map(({ trace, ...rest }) => new OwnPhoto({ ...rest, bytes: trace }));
  }

  of(run) {
    return this.photos.filter((photo) => photo.run === run);
  }

  find(id) {
    return this.photos.find((photo) => photo.id === id);
  }

  /** Take files in; returns the first photo, whose progress may be shown. */
  add(files, run) {
    const added = [...files].slice(0, MOST).map((file) => {
      const id = `own-${Math.random().toString(36).slice(2, 8)}`;
      return new OwnPhoto({ id, name: file.name || "pasted photo", run, file, thumb: URL.createObjectURL(file) });
    });
    this.photos.push(...added);
    for (const photo of added) this.compute(photo, null);
    return added[0];
  }

  /** Compute (again), with tags or, with null, those that the classifier proposes. */
  async compute(photo, tags) {
    Object.assign(photo, { state: "sending", stage: "Sending the photo", share: 0, error: "", job: null, tags });
    const attempt = (photo.attempt = {}); // an older attempt of the same photo must not speak any more
    this.changed(photo);
    try {
      await this.#run(photo, () => photo.attempt === attempt);
    } catch (error) {
      if (photo.attempt !== attempt) return;
      Object.assign(photo, { state: "failed", error: error.message });
      this.ended(photo);
    }
  }

  async #run(photo, current) {
    if (photo.file.size > LARGEST * 1e6)
      throw new Error(
        `${photo.name}: got ${Math.round(photo.file.size / 1e6)} MB, expected at most ${LARGEST} MB. Shrink it first.`,
      );
    photo.job = await this.#submit(photo);
    for (;;) {
      const answer = await this.#ask("progress", { job: photo.job });
      if (!current()) return this.server.cancel({ job: answer.job ?? photo.job });
      if (answer.state === "failed") throw new Error(answer.error);
      Object.assign(photo, answer, { error: "" });
      if (answer.state === "cancelled") return this.ended(photo);
      if (answer.state === "done") break;
      this.changed(photo);
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      if (!current()) return;
    }
    const { trace } = await this.#ask("take", { job: photo.job });
    if (!current()) return;
    const bytes = Uint8Array.from(atob(trace), (c) => c.charCodeAt(0)).buffer;
    const parsed = Trace.parse(bytes);
    await parsed;
    const thumb = await thumbnail((await parsed).image);
    if (!current()) return;
    if (photo.thumb?.startsWith("blob:")) URL.revokeObjectURL(photo.thumb);
    Object.assign(photo, { bytes, parsed, thumb, job: null, state: "done" });
    const { id, name, run, file } = photo;
    keep({ id, name, run, file, trace: bytes, thumb });
    this.ended(photo);
  }

  async #submit(photo, again = true) {
    let sent;
    try {
      sent = await this.upload(photo.file);
    } catch {
      throw new Error(`${photo.name} could not be sent. ${DOWN}`);
    }
    const { run, name, tags } = photo;
    const answer = await this.server.submit({ run, path: sent?.path, name, tags });
    if (answer?.ok === false && answer.gone && again) return this.#submit(photo, false);
    return check(answer).job;
  }

  async #ask(what, request) {
    return check(await this.server[what](request));
  }

  /** Stop waiting for a photo: one that has a trace keeps it, another goes. */
  cancel(photo) {
    photo.attempt = null;
    if (photo.job) this.server.cancel({ job: photo.job });
    Object.assign(photo, { job: null, state: photo.bytes ? "done" : "cancelled" });
    if (!photo.bytes) this.#drop(photo);
    this.ended(photo);
  }

  forget(photo) {
    if (photo.busy) this.cancel(photo);
    this.#drop(photo);
    forget(photo.id);
  }

  #drop(photo) {
    this.photos = this.photos.filter((other) => other !== photo);
    if (photo.thumb?.startsWith("blob:")) URL.revokeObjectURL(photo.thumb);
  }
}

function check(answer) {
  if (!answer) throw new Error(DOWN);
  if (!answer.ok) throw new Error(answer.error);
  return answer;
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
