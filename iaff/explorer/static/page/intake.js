// How photos and traces come in: chosen, dropped anywhere on the page, or pasted.
import { el } from "../ui/dom.js";

const REFUSAL_MS = 4000;

/**
 * Calls `take(files)` unless `refusal(files)` says why not; while they are dragged, `files` are [{type}].
 * Returns {choose(), say(text)}: opens the file chooser; shows a sentence for a while.
 */
export function intake(root, take, refusal) {
  const input = el("input.sr", {
    type: "file",
    accept: "image/*,.safetensors",
    multiple: true,
    tabindex: "-1",
    "aria-hidden": "true",
    onchange: () => {
      accept([...input.files]);
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
  const say = (text) => {
    cover(text);
    setTimeout(cover, REFUSAL_MS, "");
  };
  const accept = (files) => {
    if (!files.length) return;
    const why = refusal(files);
    why ? say(why) : take(files);
  };

  let inside = 0; // dragenter and dragleave fire for every node that is crossed
  const listen = (name, does) =>
    window.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      does(event);
    });
  const dragged = ({ dataTransfer }) => [...dataTransfer.items].map(({ type }) => ({ type }));
  const over = (event) => cover(inside > 0 ? (refusal(dragged(event)) ?? "Drop photos or traces here") : "");
  listen("dragenter", (event) => {
    inside++;
    over(event);
  });
  listen("dragleave", (event) => {
    inside--;
    over(event);
  });
  listen("dragover", (event) => (event.dataTransfer.dropEffect = refusal(dragged(event)) ? "none" : "copy"));
  listen("drop", (event) => {
    inside = 0;
    cover("");
    accept([...event.dataTransfer.files]);
  });
  window.addEventListener("paste", (event) => accept([...(event.clipboardData?.files ?? [])]));
  return { choose: () => input.click(), say };
}
