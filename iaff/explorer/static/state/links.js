// Links to the view, and what a page puts into the clipboard.
import { addressOf } from "./history.js";
import { tooLong } from "./state.js";

const COPIED_MS = 2500;
let resting; // the button's text comes back
const HEAVY = { paint: "the painting", cls: "the choice of classes" }; // what may be too long for an address

/** Whether the browser took a text into the clipboard. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text); // an address that is not secure has no clipboard
    return true;
  } catch {
    return false;
  }
}

/** Copies a link to the app's view, or to it with some values changed, and says so on the button `app.copy`. */
export async function copyLink(app, change = {}) {
  app.history.write();
  const view = { ...app.state, ...change },
    link = new URL(addressOf(view), location.href),
    label = app.copy.querySelector("span:last-child");
  const done = await copied(link.href);
  if (!done) prompt("This browser lets no page copy. Copy the link here:", link.href);
  label.textContent = `${done ? "Copied" : "A link"}${lacks(view, app.own)}`;
  app.say(label.textContent);
  clearTimeout(resting);
  resting = setTimeout(() => (label.textContent = "Copy link"), COPIED_MS);
}

/** What a link cannot hold, in words. */
function lacks(view, own) {
  const heavy = Object.keys(HEAVY).filter((key) => tooLong(view, key));
  if (heavy.length) return `, without ${heavy.map((key) => HEAVY[key]).join(" and ")}: too much for a link`;
  return own.find(view.img) ? "; the photo itself stays here" : "";
}
