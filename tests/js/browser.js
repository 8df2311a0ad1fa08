// What the scripts expect of a browser and Node lacks, as far as numbers need it: pictures and workers.
import { Worker as Thread } from "node:worker_threads";
import { readPicture } from "./pictures.js";

globalThis.createImageBitmap = async (blob) => readPicture(new Uint8Array(await blob.arrayBuffer()));

globalThis.OffscreenCanvas = class {
  getContext() {
    return {
      drawImage: ({ rgba }) => (this.rgba = rgba),
      getImageData: () => ({ data: this.rgba }),
    };
  }
};

/** A browser's worker on a thread of Node's. Like a page's, it does not end by itself: whoever made it closes it. */
globalThis.Worker = class {
  constructor(url) {
    this.thread = new Thread(new URL("./worker_thread.js", import.meta.url), { workerData: url.href });
    this.thread.on("message", (data) => this.onmessage({ data }));
    this.thread.on("error", (error) => this.onerror(error));
  }

  postMessage(data, transfer) {
    this.thread.postMessage(data, transfer);
  }

  terminate() {
    this.thread.terminate();
  }
};
