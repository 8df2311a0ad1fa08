// Runs a script that was written as a browser's worker on a thread of Node's.
import { parentPort, workerData } from "node:worker_threads";

globalThis.onmessage = null;
globalThis.postMessage = (data, transfer) => parentPort.postMessage(data, transfer);
await import(workerData);
parentPort.on("message", (data) => globalThis.onmessage({ data }));
