// In the picture's place while an own photo is computed, or where it could not be.
import { el } from "./dom.js";

/** {node, update(photo)}: a card that follows one photo. */
export function card(photo, { cancel, choose, forget }) {
  const stage = el("p.stage-now", { "aria-live": "polite" });
  const fill = el("i");
  const bar = el(
    "div.progress",
    { role: "progressbar", "aria-label": `Computing ${photo.name}`, "aria-valuemin": 0, "aria-valuemax": 100 },
    fill,
  );
  const queue = el("p.note");
  const busy = el(
    "div",
    {},
    stage,
    bar,
    queue,
    el("button.plain", { type: "button", onclick: cancel, title: "Cancel (Esc)" }, "Cancel"),
  );
  const error = el("p.error", { role: "alert" });
  const failed = el(
    "div",
    { hidden: true },
    error,
    el("button.plain", { type: "button", onclick: choose }, "Choose another photo"),
    " ",
    el("button.quiet", { type: "button", onclick: forget }, "Dismiss"),
  );
  const preview = el("img", { src: photo.thumb, alt: "" });
  preview.addEventListener("error", () => preview.remove()); // not every file is a picture
  const node = el("div.own-card", {}, preview, el("div", {}, el("h2", {}, photo.name), busy, failed));
  const update = () => {
    busy.hidden = !photo.busy;
    failed.hidden = photo.state !== "failed";
    error.textContent = photo.error;
    stage.textContent = photo.state === "waiting" ? "Waiting for its turn" : `${photo.stage} …`;
    queue.textContent = photo.ahead ? `${photo.ahead} ${photo.ahead === 1 ? "photo" : "photos"} before yours` : "";
    fill.style.transform = `scaleX(${photo.share})`;
    bar.classList.toggle("still", photo.share === 0);
    bar.setAttribute("aria-valuenow", Math.round(100 * photo.share));
    bar.setAttribute("aria-valuetext", stage.textContent);
  };
  update();
  return { node, update };
}
