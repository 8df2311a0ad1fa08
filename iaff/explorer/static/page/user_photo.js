// One photo that the user asked for: how far it is, its trace, and what is kept of it.
import { LARGEST_MB, SMALLER, tooLarge } from "../client/client.js";
import { Trace } from "../trace/trace.js";

const SMALL_TRACE = "A trace has at most a few MB: write it again.";

/** Whether a file is (called) a trace. */
export const isTrace = ({ name = "" }) => /\.safetensors$/i.test(name);

/**
 * One photo: {id, name, run, state, stage, share, ahead, error, notice, bytes (Blob of its trace), thumb}, and where it
 * comes from: `file` (a photo, or with `given` a trace), or `pick`, its id in the run's data set. `tags`: those that were
 * asked for, or null; `job`: what the server calls it; `kept`: since when, ms, and `isKept`: whether it really is.
 */
export class UserPhoto {
  state = "done";
  stage = "";
  share = 0;
  ahead = 0;
  error = "";
  parts = null;
  notice = "";
  tags = null;
  /** @type {string | null} */
  job = null;
  isKept = false;
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

/** What this browser keeps of a photo, see client/user_photo_store.js. */
export function record({ id, kept, name, run, file, pick, given, tags, job, error, bytes, thumb }, state) {
  const small = thumb?.startsWith("blob:") ? null : thumb; // such an address ends with the page
  return { id, kept, name, run, file, pick, given, tags, job, error, state, trace: bytes, thumb: small };
}

/** A folder that was dropped, or a file that has gone, cannot be read; better said before it is sent. */
export async function readable(photo) {
  const { file, name, given } = photo;
  if (file.size > LARGEST_MB * 1e6) throw tooLarge(file, name, given ? SMALL_TRACE : SMALLER);
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    const got = "got a folder, or a file that is gone or has changed";
    throw new Error(`${name}: ${got}; expected a ${given ? "trace" : "photo"}. Choose it again.`);
  }
}

/** The address of its small picture is needed no more. */
export function revoke(photo) {
  if (photo.thumb?.startsWith("blob:")) URL.revokeObjectURL(photo.thumb);
}

/** Promise of a small picture of an image, as an address that outlives the page. */
export async function thumbnail(image) {
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
