// Links to a view, and what a page puts into the clipboard.
import { addressOf } from "./history.js";
import { tooLong } from "./state.js";

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

/** The link to a view, {href, lacks}: what it cannot hold, in words, or "". */
export function linkOf(view) {
  const heavy = Object.keys(HEAVY).filter((key) => tooLong(view, key)),
    lacks = heavy.length ? `, without ${heavy.map((key) => HEAVY[key]).join(" and ")}: too much for a link` : "";
  return { href: new URL(addressOf(view), location.href).href, lacks };
}
