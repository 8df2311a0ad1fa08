// Runs a script that was written as a browser's worker on a thread of Node's.
import { parentPort, workerData } from "node:worker_threads";

globalThis.self = globalThis;
globalThis.postMessage = (data, { transfer }) => parentPort.postMessage(data, transfer);
await import(workerData);
parentPort.on("message", (data) => self.onmessage({ data }));
