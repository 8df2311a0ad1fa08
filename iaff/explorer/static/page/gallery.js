// The strip of photos: the user's first, behind the tile that takes them in and the way to all of the data set, then
// those that were computed from the data set, then the run's.
import { photosBeside } from "../state/panes.js";
import { el, icon } from "../ui/dom.js";

const GRID = '<path d="M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z"/>';
const PANES = ["img", "panes", "p2", "p3", "p4"]; // the keys of the view that say which photos are shown
const BESIDE = '<path d="M2.5 3.5h11v9h-11zM8 3.5v9"/>';
const TAKES = "Choose a photo or a trace, or drop or paste one anywhere (u). It stays on this machine.",
  TAKES_TRACES = "Open a trace (.safetensors), or drop one anywhere (u). Photos need weights, and this run has none.";

export class Gallery {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../trace/photos.js").Photos} parts.photos the ones to choose from
   * @param {() => void} parts.add the user's own
   * @param {(photo: any) => void} parts.forget one of these
   * @param {(name: string) => void} parts.beside one of these into a pane of its own, or out of it
   * @param {() => void} parts.browse all of the data set
   */
  constructor({ store, current, photos, add, forget, beside, browse }) {
    this.store = store;
    this.current = current;
    this.photos = photos;
    this.forget = forget;
    this.beside = beside;
    store.subscribe((changed) => PANES.some((key) => changed.has(key)) && this.#showPanes());
    current.changed.subscribe(() => this.#showPanes());
    photos.listed.subscribe(() => this.#fill());
    photos.chosen.subscribe(() => this.#update());
    this.node = el("div.gallery", { role: "group", "aria-label": "Photos" });
    this.add = el(
      "button.thumb.add",
      { type: "button", onclick: add },
      el("span.blank", { "aria-hidden": "true" }, "+"),
      (this.addName = el("span.caption")),
    );
    this.all = el(
      "button.all",
      { type: "button", title: "Every photo that the run was trained on", onclick: browse },
      icon(GRID, 14),
      "All photos",
    );
  }

  #fill() {
    const { explains, browses } = this.current.run,
      entries = this.photos.index;
    this.add.title = explains ? TAKES : TAKES_TRACES;
    this.addName.textContent = explains ? "Your photo" : "A trace";
    this.all.hidden = !browses;
    const computed = entries.filter(({ userPhoto }) => userPhoto),
      yours = this.#part(
        "yours",
        computed.filter(({ userPhoto }) => !userPhoto.pick),
      ),
      picked = this.#part(
        "from the data set",
        computed.filter(({ userPhoto }) => userPhoto.pick),
      ),
      shipped = entries.filter(({ userPhoto }) => !userPhoto).map((entry) => this.#tile(entry));
    const head = computed.length ? [heading("the run's")] : [];
    this.#replace([this.add, this.all, ...yours, ...picked, ...head, ...shipped]);
    for (const entry of entries) if (entry.userPhoto?.busy) this.progress(entry.userPhoto);
    this.#update();
  }

  /** New tiles under the user's hands: focus and scroll stay where they are. */
  #replace(tiles) {
    const { node } = this,
      { scrollLeft, scrollTop } = node,
      focused =
        node.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).dataset.img;
    node.replaceChildren(...tiles);
    this.buttons = [...node.querySelectorAll("[data-img]")];
    Object.assign(node, { scrollLeft, scrollTop });
    this.buttons.find(({ dataset }) => dataset.img === focused)?.focus({ preventScroll: true });
  }

  #tile({ name, title, thumb, tags = [] }) {
    return el(
      "button.thumb",
      {
        type: "button",
        "data-img": name,
        title: title || name,
        onclick: () => this.store.set({ img: name }),
      },
      thumb ? picture(thumb) : el("span.blank", { "aria-hidden": "true" }),
      el("span.caption", {}, title || name),
      el("span.sr", {}, tags.length ? `, tags: ${tags.join(", ")}` : ""),
    );
  }

  /** Computed photos below their head; nothing where there are none. */
  #part(name, entries) {
    return entries.length ? [heading(name), ...entries.map((entry) => this.#mine(entry))] : [];
  }

  /** The tile of a computed photo, with the buttons that put it into a pane of its own and that forget it. */
  #mine(entry) {
    const button = this.#tile(entry),
      beside = el(
        "button.beside",
        { type: "button", "data-beside": entry.name, onclick: () => this.beside(entry.name) },
        icon(BESIDE, 14),
      );
    if (entry.userPhoto.failed) button.append(el("span.badge", { title: "could not be computed" }, "!"));
    const forget = el(
      "button.forget",
      {
        type: "button",
        title: "Forget this photo",
        "aria-label": `Forget ${entry.title}`,
        onclick: () => this.forget(entry.userPhoto),
      },
      "×",
    );
    return el("div.mine", {}, button, beside, forget);
  }

  /** Which photos have a pane of their own. */
  #showPanes() {
    const { state } = this.store,
      shown = photosBeside(state, state.panes);
    for (const button of this.node.querySelectorAll("[data-beside]")) {
      const name = button.getAttribute("data-beside"),
        here = name === state.img,
        entry = this.photos.entry(name),
        other = this.photos.before(),
        words = `Show ${entry?.title} beside ${(here && (other?.title || other?.name)) || "the photo"}`;
      button.hidden = Boolean(entry?.userPhoto.failed || entry?.userPhoto.busy) || (here && !other);
      button.setAttribute("aria-pressed", String(shown.includes(name)));
      button.setAttribute("aria-label", words);
      button.title = words;
    }
  }

  /** How far a photo is that is computed, on its tile. */
  progress(photo) {
    const button = this.buttons?.find(({ dataset }) => dataset.img === photo.id);
    if (!button) return;
    const badge = button.querySelector(".badge") ?? button.appendChild(el("span.badge"));
    badge.textContent = photo.state === "running" ? `${Math.round(100 * photo.share)} %` : photo.state;
    badge.style.setProperty("--share", photo.share);
  }

  #update() {
    for (const button of this.buttons ?? []) {
      const here = button.dataset.img === this.store.state.img;
      button.setAttribute("aria-pressed", String(here));
      if (here) this.#reveal(button);
    }
    this.#showPanes();
  }

  // Only the strip scrolls, never the page.
  #reveal(button) {
    const { offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h } = button.closest(".mine") ?? button;
    const strip = this.node;
    if (x < strip.scrollLeft || x + w > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = x - 8;
    if (y < strip.scrollTop || y + h > strip.scrollTop + strip.clientHeight) strip.scrollTop = y - 8;
  }
}

const heading = (text) => el("h2.strip-head", {}, text);

/** A small picture; a file that is none leaves an empty tile. */
function picture(src) {
  const image = el("img", { src, alt: "" });
  image.addEventListener("error", () => image.replaceWith(el("span.blank", { "aria-hidden": "true" })));
  return image;
}
