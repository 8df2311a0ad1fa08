// Whether the focus came to where it is by the mouse. A control that was clicked then keeps no key from the page: the
// space bar plays, arrows walk (but a slider they move on). One that was reached by the keyboard, or by a screen
// reader, is worked by its keys.
const SOON_MS = 1000; // after a click, the page itself may move the focus

/** () => boolean */
export function watchFocus() {
  let byMouse = false,
    pointed = -Infinity;
  const point = ({ timeStamp }) => {
    byMouse = true;
    pointed = timeStamp;
  };
  document.addEventListener("pointerdown", point, true);
  document.addEventListener("pointerup", point, true);
  document.addEventListener("focusin", ({ timeStamp }) => (byMouse = timeStamp - pointed < SOON_MS), true);
  document.addEventListener("keydown", ({ key }) => key === "Tab" && (pointed = -Infinity), true);
  document.addEventListener("change", ({ target }) => {
    if (byMouse && /** @type {HTMLElement} */ (target).matches("select")) /** @type {any} */ (target).blur();
  });
  return () => byMouse;
}
