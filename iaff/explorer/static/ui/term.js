// Terms of the field that explain themselves where they stand, from one glossary; docs/glossary.md is made of it too.
import { el } from "./dom.js";
import terms from "./glossary.json" with { type: "json" };

/** @type {Record<string, {text: string, also?: string[]}>} `also`: other words for it */
const GLOSSARY = terms;

const OPEN_MS = 250, // the cursor rests on a term, rather than passing over it
  EDGE = 8; // CSS px between the tip and the window's edge, and the term

const BY_WORDS = new Map(
  Object.entries(GLOSSARY).flatMap(([term, { also = [] }]) =>
    [term, ...also].map((words) => [words.toLowerCase(), term]),
  ),
);

/** The glossary's term of some words, in whichever case, or undefined. */
export const termOf = (words) => BY_WORDS.get(words.toLowerCase());

/**
 * Words of a label: as a node that explains itself, where the glossary has them, else as they are. Only for words that
 * are no part of a button or of a field's label, which have a meaning of their own when they are pressed.
 *
 * @param {string} words
 * @param {string} [name] of the term, where the words are others
 */
export function term(words, name = termOf(words)) {
  return name ? el("dfn.explained", { tabindex: "0", "data-explained": name }, words) : words;
}

/** The term that something with the focus is, or that its label names, or null. */
const ownTerm = (node) =>
  node.closest("[data-explained]") ?? node.closest("label")?.querySelector("[data-explained]") ?? null;

/** The one tip of the page, which says what the term under the cursor, focus or finger means. */
export class TermTip {
  /** @param {HTMLElement} root the page, in which terms may come and go */
  constructor(root) {
    this.node = el("div.term-tip", { id: "iaff-term", role: "tooltip", hidden: true });
    this.of = null;
    this.timer = 0;
    root.append(this.node);
    const on = (name, does) =>
      root.addEventListener(name, (event) => does(event.target.closest?.("[data-explained]") ?? null, event));
    on("pointerover", (node, { buttons }) => buttons || this.#soon(node));
    on("pointerdown", (node) => this.#show(node?.matches(".explained") ? node : null));
    root.addEventListener("focusin", ({ target }) => {
      const node = /** @type {HTMLElement} */ (target);
      if (node.matches(":focus-visible")) this.#show(ownTerm(node));
    });
    root.addEventListener("focusout", () => this.#show(null));
    addEventListener("scroll", () => this.#show(null), { capture: true, passive: true });
    addEventListener("keydown", (event) => event.key === "Escape" && this.of && this.#escape(event), { capture: true });
  }

  /** The cursor is on a term, on the tip itself (which then stays), or on neither (null). */
  #soon(node) {
    clearTimeout(this.timer);
    if (node === this.of) return;
    this.timer = setTimeout(() => !this.node.matches(":hover") && this.#show(node), OPEN_MS);
  }

  #escape(event) {
    event.stopPropagation(); // it closes the tip, and nothing below
    this.#show(null);
  }

  #show(node) {
    clearTimeout(this.timer);
    this.of?.removeAttribute("aria-describedby");
    this.of = node;
    this.node.hidden = !node;
    if (!node) return;
    const { explained: name } = node.dataset;
    this.node.replaceChildren(el("b", {}, name), ` ${GLOSSARY[name].text}`);
    node.setAttribute("aria-describedby", this.node.id);
    const { left, top, bottom } = node.getBoundingClientRect(),
      { width, height } = this.node.getBoundingClientRect(),
      above = top - EDGE - height; // what stands under a label is its figure
    this.node.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    this.node.style.top = `${above >= EDGE ? above : bottom + EDGE}px`;
  }
}
