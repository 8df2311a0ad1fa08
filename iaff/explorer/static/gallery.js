// The strip of photos: one's own first, behind the tile that takes them in, then the run's.
import { el } from "./dom.js";

export class Gallery {
  constructor(app) {
    this.app = app;
    this.node = el("div.gallery", { role: "group", "aria-label": "Photos" });
    this.add = el(
      "button.thumb.add",
      { type: "button", onclick: () => app.choosePhoto() },
      el("span.blank", { "aria-hidden": "true" }, "+"),
      el("span.caption", {}, "Your photo"),
    );
  }

  fill(entries) {
    const explains = this.app.run?.explains;
    this.add.disabled = !explains;
    this.add.title = explains
      ? "Choose a photo, or drop or paste one anywhere (u). It stays on this machine."
      : "This run has no weights here, so it cannot take own photos.";
    const tiles = entries.map((entry) => this.#tile(entry));
    this.buttons = tiles.map((tile) => tile.querySelector(".thumb") ?? tile);
    this.node.replaceChildren(this.add, ...tiles);
    for (const { own } of entries) if (own?.busy) this.progress(own);
  }

  #tile({ name, title, thumb, tags = [], own }) {
    const button = el(
      "button.thumb",
      {
        type: "button",
        "data-img": name,
        title: title || name,
        onclick: () => this.app.store.set({ img: name }),
      },
      thumb ? picture(thumb) : el("span.blank", { "aria-hidden": "true" }),
      el("span.caption", {}, title || name),
      el("span.sr", {}, tags.length ? `, tags: ${tags.join(", ")}` : ""),
    );
    if (!own) return button;
    const forget = el(
      "button.forget",
      {
        type: "button",
        title: "Forget this photo",
        "aria-label": `Forget ${title}`,
        onclick: () => this.app.forget(own),
      },
      "×",
    );
    return el("div.mine", {}, button, forget);
  }

  /** How far an own photo is, on its tile. */
  progress(photo) {
    const button = this.buttons?.find(({ dataset }) => dataset.img === photo.id);
    if (!button) return;
    const bar = button.querySelector(".mini") ?? button.appendChild(el("span.mini", { "aria-hidden": "true" }));
    bar.style.setProperty("--share", photo.share);
  }

  update() {
    for (const button of this.buttons ?? []) {
      const here = button.dataset.img === this.app.state.img;
      button.setAttribute("aria-pressed", String(here));
      if (here) this.#reveal(button);
    }
  }

  // Only the strip scrolls, never the page.
  #reveal(button) {
    const { offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h } = button.closest(".mine") ?? button;
    const strip = this.node;
    if (x < strip.scrollLeft || x + w > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = x - 8;
    if (y < strip.scrollTop || y + h > strip.scrollTop + strip.clientHeight) strip.scrollTop = y - 8;
  }
}

/** A small picture; a file that is none leaves an empty tile. */
function picture(src) {
  const image = el("img", { src, alt: "" });
  image.addEventListener("error", () => image.replaceWith(el("span.blank", { "aria-hidden": "true" })));
  return image;
}
