// A lesson that is being recorded from the explorer: a title and steps, kept in this browser, and its file
// (docs/lessons.md).
import { remember, remembered } from "../ui/memory.js";

const NAME = "iaff-draft";
const EMPTY = { title: "", summary: "", steps: [] };
const CHOICE = `**Choose.** What will you see?

- [x] the right answer
- [ ] another one

`;
const WHERE = `**Where?** Click where you think its affinity ends.

`;

export class Draft {
  constructor() {
    this.lesson = remembered(NAME, EMPTY); // {title, summary, steps: [{title, view, text}]}; views are queries
    this.kept = true; // whether the browser takes it
  }

  get steps() {
    return this.lesson.steps;
  }

  /** Changes title or summary. */
  change(change) {
    this.lesson = { ...this.lesson, ...change };
    this.kept = remember(NAME, this.lesson);
  }

  #set(steps) {
    this.change({ steps });
  }

  add(view) {
    this.#set([...this.steps, { title: "", view, text: "" }]);
  }

  changeStep(i, change) {
    this.#set(this.steps.map((step, j) => (j === i ? { ...step, ...change } : step)));
  }

  /** A question at the end of a step, which `reveal` answers; about a place where it shows the pinned pixel's affinity. */
  ask(i, reveal) {
    const { text, view } = this.steps[i],
      question = `${isPlace(view, reveal) ? WHERE : CHOICE}[reveal](${reveal})\n\nWhy it is so.\n`;
    this.changeStep(i, { text: [text.trim(), question].filter(Boolean).join("\n\n") });
  }

  /** One place up (by -1) or down. */
  move(i, by) {
    const steps = [...this.steps];
    steps.splice(i + by, 0, ...steps.splice(i, 1));
    this.#set(steps);
  }

  remove(i) {
    this.#set(this.steps.filter((_, j) => j !== i));
  }

  clear() {
    this.change(EMPTY);
    remember(NAME, null);
  }
}

/** Whether a view pins a pixel, and the other one shows its affinity. */
function isPlace(view, reveal) {
  const [before, after] = [view, reveal].map((query) => new URLSearchParams(query));
  const same = ["run", "img", "x", "y"].every((key) => before.has(key) && before.get(key) === after.get(key));
  return same && after.get("stage") === "affinity";
}

/** The lesson's file. What is missing is said in a word, so that the file can be told and the gaps be seen. */
export function asMarkdown({ title, summary, steps }) {
  const head = `# ${oneLine(title) || "My lesson"}\n\n${oneLine(summary) || "What this lesson shows."}\n`;
  const told = steps.map(({ title, view, text }, i) => {
    const body = text.trim() ? withoutHeads(text.trim()) : "What there is to see.";
    return `\n## ${oneLine(title) || `Step ${i + 1}`}\n\n[view](${view})\n\n${body}\n`;
  });
  return head + told.join("");
}

/** One line that is a paragraph, whatever it begins with. */
const oneLine = (text) =>
  text
    .trim()
    .replace(/\s+/g, " ")
    .replace(/^([-+*>#=~`_|]|\d+(?=[.)]))/, (sign) => (/\d/.test(sign) ? `${sign}\\` : `\\${sign}`));

/** Lines that would begin another step, or the lesson's title, are words. */
const withoutHeads = (text) => text.replace(/^( {0,3})(?=#{1,2}(\s|$)|=+\s*$|-+\s*$)/gm, "$1\\");
