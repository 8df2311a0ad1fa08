// Building the page without a framework.

/** el("button.primary", {onclick, "aria-label": "..."}, ...children) */
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") node.style.cssText = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const nameOf = (node) => node.getAttribute("aria-label") ?? (node.title || node.textContent);

/** New children for a node; what had the focus has it again, if something of its kind and name is among them. */
export function refill(node, children) {
  const focused =
      node.contains(document.activeElement) && document.activeElement !== node ? document.activeElement : null,
    name = focused && nameOf(focused);
  node.replaceChildren(...children);
  if (!focused || focused.isConnected) return;
  const alike = [...node.querySelectorAll(focused.tagName)].find((other) => nameOf(other) === name);
  alike?.focus({ preventScroll: true });
}

/** Text of a node that is read out when it changes: the same text again is no change. */
export function tell(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A choice between few things, as buttons: {node, show(value)}. */
export function segmented(label, options, choose) {
  const buttons = options.map(([value, text, hint]) =>
    el("button", { type: "button", title: hint, onclick: () => choose(value) }, text),
  );
  return {
    node: el("div.segmented", { role: "group", "aria-label": label }, buttons),
    show(value) {
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(options[i][0] === value)));
    },
  };
}

/**
 * A dialog of a class with its name above, which the cross or a click beside it closes. `head` stands between name and
 * cross.
 */
export function dialog(kind, name, head, ...children) {
  const close = { type: "button", "aria-label": "Close", onclick: () => node.close() };
  const node = el(
    `dialog.${kind}`,
    { "aria-label": name },
    el("header", {}, el("h2", {}, name), ...head, el("button.quiet", close, icon(ICONS.close))),
    ...children,
  );
  node.addEventListener("click", (event) => event.target === node && node.close());
  return node;
}

/** Links in a text lead out of the page. */
export function outward(node) {
  for (const link of node.querySelectorAll("a")) Object.assign(link, { target: "_blank", rel: "noreferrer noopener" });
}

export function icon(path, size = 16) {
  const holder = el("span.icon", { "aria-hidden": "true" });
  holder.innerHTML = `<svg width="${size}" height="${size}" viewBox="0 0 16 16" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`;
  return holder;
}

export const ICONS = {
  back: '<path d="M10 3 5 8l5 5"/>',
  next: '<path d="m6 3 5 5-5 5"/>',
  up: '<path d="m3 10 5-5 5 5"/>',
  down: '<path d="m3 6 5 5 5-5"/>',
  play: '<path d="M5 3.2v9.6L12.5 8z" fill="currentColor"/>',
  pause: '<path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2.2"/>',
  loop: '<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.2v2.6h-2.6"/>',
  take: '<path d="M8 2.5v7.6M4.6 7 8 10.4 11.4 7M2.8 13.2h10.4"/>',
  more: '<circle cx="3" cy="8" r=".7"/><circle cx="8" cy="8" r=".7"/><circle cx="13" cy="8" r=".7"/>',
  close: '<path d="m4 4 8 8M12 4l-8 8"/>',
  link: '<path d="M6.6 9.4a2.8 2.8 0 0 0 4 0l2-2a2.8 2.8 0 0 0-4-4l-.8.8M9.4 6.6a2.8 2.8 0 0 0-4 0l-2 2a2.8 2.8 0 0 0 4 4l.8-.8"/>',
};
