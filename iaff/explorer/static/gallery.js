// The strip of photos.
import { el } from "./dom.js";

export class Gallery {
  constructor(app) {
    this.app = app;
    this.node = el("div.gallery", { role: "group", "aria-label": "Photos" });
  }

  fill(traces) {
    this.buttons = traces.map(({ name, title, thumb, tags = [] }) =>
      el(
        "button.thumb",
        {
          type: "button",
          "data-img": name,
          title: title || name,
          onclick: () => this.app.store.set({ img: name }),
        },
        thumb ? el("img", { src: thumb, alt: "" }) : el("span.blank", { "aria-hidden": "true" }),
        el("span.caption", {}, title || name),
        el("span.sr", {}, tags.length ? `, tags: ${tags.join(", ")}` : ""),
      ),
    );
    this.node.replaceChildren(...this.buttons);
  }

  update() {
    for (const button of this.buttons ?? []) {
      const here = button.dataset.img === this.app.state.img;
      button.setAttribute("aria-pressed", String(here));
      if (here) this.#reveal(button);
    }
  }

  // Only the strip scrolls, never the page.
  #reveal({ offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h }) {
    const strip = this.node;
    if (x < strip.scrollLeft || x + w > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = x - 8;
    if (y < strip.scrollTop || y + h > strip.scrollTop + strip.clientHeight) strip.scrollTop = y - 8;
  }
}
