// How one points here: with a mouse, or with a finger; and whether there are keys.

const finger = matchMedia("(pointer: coarse)"),
  alone = matchMedia("(pointer: coarse) and (hover: none)");

let typed = false; // a tablet may have a keyboard: one knows once a key is pressed

/** Whether the main pointer is a finger. */
export const byFinger = () => finger.matches;

/** Whether keys are worth a word. */
export const hasKeys = () => typed || !alone.matches;

/** `heard` is called when there turn out to be keys. */
export function onKeys(heard) {
  const look = (event) => {
    const written = event.target.closest?.("input:not([type=range], [type=checkbox]), textarea, [contenteditable]");
    if (written || !event.code) return; // a keyboard on the screen has no codes
    removeEventListener("keydown", look, true);
    typed = true;
    heard();
  };
  addEventListener("keydown", look, true);
}

// What the page says to those who have a mouse, and to those who have fingers. Longer phrases come first.
const PHRASES = [
  [
    "The wheel zooms at the cursor, dragging (or Alt + arrows) moves the photo.",
    "Two fingers zoom and move the photo.",
  ],
  ["Hover for values", "Move a finger over the photo for values"],
  ["Hover the photo", "Move a finger over the photo"],
  ["Hover a patch", "Touch a patch"],
  ["Move over", "Move a finger over"],
  ["Point at", "Touch"],
  ["under the cursor", "under your finger"],
  ["follows your mouse", "follows your finger"],
  ["double click", "double tap"],
  ["Double click", "Double tap"],
  ["Click", "Tap"],
  ["click", "tap"],
];
const KEY = / \((?:or )?(?:[a-z?[\]←→]|Esc|space)\)|, or [a-z](?=:)/g; // in a sentence: "Play the rounds (space)"

/** A sentence in the words that fit here. */
export function inWords(sentence) {
  const said = finger.matches
    ? PHRASES.reduce((text, [mouse, finger]) => text.replaceAll(mouse, finger), sentence)
    : sentence;
  return hasKeys() ? said : said.replace(KEY, "");
}

/** The texts below a node in the words that fit here. */
export function rephrase(node) {
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode } = texts,
      { data } = /** @type {Text} */ (currentNode),
      said = inWords(data);
    if (said !== data) currentNode.nodeValue = said;
  }
}
