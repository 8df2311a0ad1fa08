// In the picture's place while a photo is computed, or where it could not be.
import { el } from "./dom.js";
import { parts } from "./problem.js";

const button = (kind, text, onclick, title) => el(`button.${kind}`, { type: "button", onclick, title }, text);

/** {node, update()}: a card that follows one photo. */
export function card(photo, { cancel, retry, choose, back, forget }) {
  const stage = el("p.stage-now", { "aria-live": "polite" }),
    fill = el("i"),
    queue = el("p.note");
  const bar = el(
    "div.progress",
    { role: "progressbar", "aria-label": `Computing ${photo.name}`, "aria-valuemin": 0, "aria-valuemax": 100 },
    fill,
  );
  const busy = el("div", {}, stage, bar, queue, button("plain", "Cancel", cancel, "Cancel (Esc)"));
  const error = el("div.error", { role: "alert" });
  const failed = el(
    "div.failed",
    { hidden: true },
    error,
    button("plain", "Try again", retry),
    !photo.pick && button("quiet", "Choose another file", choose),
    photo.bytes ? button("quiet", "Back to the photo", back) : button("quiet", "Dismiss", forget),
  );
  const preview = photo.thumb && el("img", { src: photo.thumb, alt: "" });
  preview?.addEventListener("error", () => preview.remove()); // not every file is a picture
  const notice = el("p.note", {}, photo.notice);
  const node = el("div.photo-card", {}, preview, el("div", {}, el("h2", {}, photo.name), busy, failed, notice));

  const update = () => {
    busy.hidden = !photo.busy;
    failed.hidden = !photo.failed;
    notice.hidden = !photo.notice;
    if (photo.failed) error.replaceChildren(photo.parts ? parts(photo.parts) : photo.error);
    const now = photo.state === "waiting" ? "Waiting for its turn …" : `${photo.stage} …`;
    if (stage.textContent !== now) stage.textContent = now; // read out once, not at every poll
    queue.textContent = photo.ahead ? `${photo.ahead} ${photo.ahead === 1 ? "photo" : "photos"} before yours` : "";
    fill.style.transform = `scaleX(${photo.share})`;
    bar.classList.toggle("still", photo.share === 0);
    bar.setAttribute("aria-valuenow", Math.round(100 * photo.share));
    bar.setAttribute("aria-valuetext", now);
  };
  update();
  return { node, update };
}
