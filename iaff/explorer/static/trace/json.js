// JSON from anywhere, read as iaff/json_text.py reads it: what readers differ about is refused.

const DEEPEST = 100; // objects and lists in each other
const LARGEST = 2 ** 53;
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/gs; // texts (with a colon: keys), and what opens and closes
const HALF = /\p{Surrogate}/u;

/** The value of JSON text. Throws an Error that says in a few words what is wrong with it. */
export function parseJson(text) {
  const value = JSON.parse(text);
  checkNesting(text);
  checkValues(value);
  return value;
}

/** No key twice in one object, and not too deep. */
function checkNesting(text) {
  const open = [];
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon) {
      const key = JSON.parse(string),
        keys = open[open.length - 1];
      if (keys.has(key)) throw new Error(`the key "${key.slice(0, 40)}" is there twice`);
      keys.add(key);
    }
    if (open.length > DEEPEST) throw new Error(`nested in more than ${DEEPEST} levels`);
  }
}

function checkValues(value) {
  if (typeof value === "string" && HALF.test(value)) throw new Error("half a character in a text");
  if (typeof value === "number" && !(Math.abs(value) <= LARGEST))
    throw new Error("a number that is not finite, or beyond 2^53");
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    checkValues(key);
    checkValues(one);
  }
}
