// What this browser remembers from one visit to the next. Where it remembers nothing (a private window, a full store),
// the page does without.

/** The value of a name, or `otherwise` where there is none. */
export function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Whether the value will be there at the next visit; null forgets it. */
export function remember(name, value) {
  try {
    value === null ? localStorage.removeItem(name) : localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
