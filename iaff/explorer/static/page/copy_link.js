// The button that copies a link to the view.
import { photosBeside } from "../state/panes.js";
import { copied, linkOf } from "../state/links.js";
import { el, icon, ICONS } from "../ui/dom.js";

const COPIED_MS = 2500; // until the button is as before

export class CopyLink {
  /** isOfUser(name): whether a photo is the user's, which no link carries; say(text): for screen readers. */
  constructor({ store, history, isOfUser, say }) {
    this.store = store;
    this.history = history;
    this.isOfUser = isOfUser;
    this.say = say;
    this.label = el("span", {}, "Copy link");
    this.node = el(
      "button.quiet.copy-link",
      { type: "button", title: "Copy a link to exactly this view (c)", onclick: () => this.copy() },
      icon(ICONS.link),
      this.label,
    );
  }

  /** Copies the link to the view, or to it with some values changed. */
  async copy(change = {}) {
    this.history.write();
    const view = { ...this.store.state, ...change },
      { href, lacks } = linkOf(view),
      done = await copied(href);
    if (!done) prompt("This browser lets no page copy. Copy the link here:", href);
    const shown = [view.img, ...photosBeside(view, view.panes)],
      stays = shown.some(this.isOfUser) ? "; the photo itself stays here" : "";
    this.label.textContent = `${done ? "Copied" : "A link"}${lacks || stays}`;
    this.say(this.label.textContent);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => (this.label.textContent = "Copy link"), COPIED_MS);
  }
}
