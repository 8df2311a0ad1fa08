// How photos come in: chosen, dropped anywhere on the page, or pasted.
import { el } from "./dom.js";

/** Calls `take(files)`; returns {choose()} which opens the file chooser. */
export function intake(root, take) {
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
  const veil = el("div.veil", { hidden: true, "aria-hidden": "true" }, el("p", {}, "Drop your photo here"));
  root.append(input, veil);

  let inside = 0; // dragenter and dragleave fire for every node that is crossed
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const listen = (name, does) =>
    window.addEventListener(name, (event) => {
      if (!files(event)) return;
      event.preventDefault();
      does(event);
      veil.hidden = inside <= 0;
    });
  listen("dragenter", () => inside++);
  listen("dragleave", () => inside--);
  listen("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  listen("drop", (event) => {
    inside = 0;
    const dropped = [...event.dataTransfer.files];
    if (dropped.length) take(dropped);
  });
  window.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length) take(pasted);
  });
  return { choose: () => input.click() };
}
