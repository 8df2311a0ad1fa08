// The answers that were given to lessons in this browser, for who teaches. They stay here until they are taken as a table
// or forgotten.
import { remember, remembered } from "../ui/memory.js";
import { field } from "../export/export_csv.js";

const NAME = "iaff-answers";
const COLUMNS = [
  "time",
  "who",
  "sitting",
  "lesson",
  "step",
  "title",
  "question",
  "answer",
  "right",
  "score",
  "distance_px",
];
const NOTHING = { who: "", given: [] };

export class Answers {
  constructor() {
    this.sitting = 0; // the number of this time through lessons; none before its first answer
  }

  get #kept() {
    return remembered(NAME, NOTHING);
  }

  /** Whose answers come next, as they call themselves. */
  get who() {
    return this.#kept.who;
  }

  /** Another person: what begins like a formula would be one to a spreadsheet. */
  set who(name) {
    this.next();
    remember(NAME, { ...this.#kept, who: name.trim().replace(/^[=+\-@\s]+/, "") });
  }

  /** All, oldest first: an object of COLUMNS each. Another page of this browser may have added some. */
  get given() {
    return this.#kept.given;
  }

  /** From here on it is another time through, or somebody else's. */
  next() {
    this.sitting = 0;
  }

  /** Keeps an answer: {lesson, step, title, question, answer, right?, score?, distance_px?}. */
  add(answer) {
    const { who, given } = this.#kept;
    this.sitting ||= 1 + Math.max(0, ...given.map(({ sitting }) => sitting));
    const one = { time: new Date().toISOString(), who, sitting: this.sitting, ...answer };
    remember(NAME, { who, given: [...given, one] });
  }

  forget() {
    this.next();
    remember(NAME, null);
  }

  /** A table with a line for each answer; its first sign tells spreadsheets that it is UTF-8. */
  csv() {
    const rows = this.given.map((answer) => COLUMNS.map((name) => answer[name] ?? ""));
    return `\ufeff${[COLUMNS, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("")}`;
  }
}

/** What there is to keep of an answer to a step's question, see Lessons.reveal. */
export function kept(question, { chosen, guess, score, distance }) {
  const asked = { question: plain(question.prompt) };
  if (chosen !== undefined) {
    const { html, right } = question.options[chosen];
    return { ...asked, answer: plain(html), right: right ? "yes" : "no" };
  }
  if (!guess) return { ...asked, answer: "shown without a guess" };
  const measured = score === undefined ? {} : { score, distance_px: Math.round(distance) };
  return { ...asked, answer: `x ${guess.x}, y ${guess.y}`, ...measured };
}

/** The words of a text of a lesson. */
export function plain(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}
