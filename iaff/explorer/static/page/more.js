// On narrow pages some buttons lie behind one; elsewhere they stand beside each other, as if this were not there.
import { el, icon, ICONS } from "../ui/dom.js";

/** A node with the buttons, of which those in `staying` leave the others open. */
export function more(buttons, staying) {
  const items = el("div.more-items", { id: "iaff-more", role: "group", "aria-label": "More" }, buttons),
    opener = el(
      "button.quiet.more-opener",
      { type: "button", "aria-label": "More", "aria-controls": "iaff-more", onclick: () => show(!open()) },
      icon(ICONS.more),
    ),
    node = el("div.more", {}, opener, items);
  const open = () => node.classList.contains("open");
  const show = (yes) => {
    node.classList.toggle("open", yes);
    opener.setAttribute("aria-expanded", String(yes));
  };
  show(false);
  items.addEventListener("click", ({ target }) => staying.some((button) => button.contains(target)) || show(false));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open()) return;
    event.stopPropagation();
    show(false);
    opener.focus();
  });
  node.addEventListener(
    "focusout",
    ({ relatedTarget }) => relatedTarget && !node.contains(relatedTarget) && show(false),
  );
  document.addEventListener("pointerdown", ({ target }) => node.contains(target) || show(false));
  return node;
}
