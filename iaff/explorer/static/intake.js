// How photos come in: chosen, dropped anywhere on the page, or pasted.
import { el } from "./dom.js";

const REFUSAL_MS = 4000;

/** Calls `take(files)` unless `refusal()` says why not; returns {choose()} which opens the file chooser. */
export function intake(root, take, refusal) {
  const input = el("input.sr", {
    type: "file",
    accept: "image/*",
    multiple: true,
    tabindex: "-1",
    "aria-hidden": "true",
    onchange: () => {
      if (input.files.length) take([...input.files]);
      input.value = ""; // the same file may be chosen again
    },
  });
  const words = el("p"),
    veil = el("div.veil", { hidden: true, role: "status" }, words);
  root.append(input, veil);
  const cover = (text) => {
    veil.hidden = !text;
    if (words.textContent !== text) words.textContent = text;
  };
  const accept = (files) => {
    if (!files.length) return;
    if (!refusal()) return take(files);
    cover(refusal());
    setTimeout(cover, REFUSAL_MS, "");
  };

  let inside = 0; // dragenter and dragleave fire for every node that is crossed
  const listen = (name, does) =>
    window.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      does(event);
    });
  const over = () => cover(inside > 0 ? (refusal() ?? "Drop your photo here") : "");
  listen("dragenter", () => {
    inside++;
    over();
  });
  listen("dragleave", () => {
    inside--;
    over();
  });
  listen("dragover", (event) => (event.dataTransfer.dropEffect = refusal() ? "none" : "copy"));
  listen("drop", (event) => {
    inside = 0;
    over();
    accept([...event.dataTransfer.files]);
  });
  window.addEventListener("paste", (event) => accept([...(event.clipboardData?.files ?? [])]));
  return { choose: () => input.click() };
}
