// The view of a lesson's step: a query that says all. What it leaves out is at its start value, so that a step looks the
// same wherever one comes from.
import { KEYS as ALL, allowedValue, fromQuery } from "../state/state.js";

const NOT_OF_A_STEP = ["lesson", "step", "present"]; // whether a lesson is presented, its presenter says
const KEYS = ALL.filter((key) => !NOT_OF_A_STEP.includes(key));

/** The change of state that shows a view: all keys but the lesson's own. */
export function viewOf(query) {
  const state = fromQuery(query);
  return Object.fromEntries(KEYS.map((key) => [key, state[key]]));
}

/** Whether the reader has changed something. */
export const differs = (state, view) => KEYS.some((key) => state[key] !== view[key]);

/** Whether an address says nothing of the view, so that the step's own is meant. */
export function bare(query) {
  const params = new URLSearchParams(query);
  return !KEYS.some((key) => params.has(key));
}

/** This page's address with a lesson in the place of the view. */
export function linkTo(name) {
  const url = new URL(location.href);
  for (const key of ALL) url.searchParams.delete(key);
  url.searchParams.set("lesson", name);
  url.hash = "";
  return url.href;
}

/** What is wrong with the views of a lesson: {got, expected, remedy}, or null. */
export function wrongIn({ steps }) {
  for (const [i, { view, question }] of steps.entries())
    for (const query of question ? [view, question.reveal] : [view]) {
      const wrong = wrongPair(query);
      if (wrong) return { ...wrong, got: `${wrong.got} in a view of step ${i + 1}.` };
    }
  return null;
}

function wrongPair(query) {
  for (const [key, value] of new URLSearchParams(query)) {
    if (!KEYS.includes(key))
      return {
        got: `The key "${key}"`,
        expected: `Keys that a link of this page can have: ${KEYS.join(", ")}.`,
        remedy: 'Make the view here, press "Copy link", and take what follows the address.',
      };
    if (allowedValue(key, value) === undefined)
      return {
        got: `${key}=${value}`,
        expected: `A value that ${key} can have.`,
        remedy: 'Set it in the explorer, press "Copy link", and look what the link says.',
      };
  }
  return null;
}
