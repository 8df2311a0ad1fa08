// The dialog with all lessons, read anew at each opening, and the files that could not be told.
import { dialog, el, icon, ICONS, outward } from "../ui/dom.js";
import { copied } from "../state/links.js";
import { linkTo, viewOf } from "./lesson_view.js";
import { TOY_VIEW } from "../trace/toy.js";
import { parts } from "../ui/problem.js";
import { AnswersView } from "./answers_view.js";

const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

export class LessonMenu {
  /**
   * @param {any} lessons see lessons.js
   * @param {object} parts
   * @param {import("./recorder.js").Recorder} parts.recorder
   * @param {import("./answers.js").Answers} parts.answers
   * @param {(lesson: any) => Promise<string>} parts.print a lesson as a handout
   */
  constructor(lessons, { recorder, answers, print }) {
    this.lessons = lessons;
    this.recorder = recorder;
    this.print = print;
    this.answers = new AnswersView(answers);
    this.add = el("button.plain", { type: "button", onclick: () => this.#record(true) }, "Add this view as a step");
    this.go = el("button.quiet", { type: "button", onclick: () => this.#record(false) });
    const own = el(
      "p",
      {},
      "A lesson of yours is a file: views of the explorer, one after the other, with your words.",
    );
    this.own = el(
      "section",
      { "aria-label": "Your lesson" },
      el("h3", {}, "Your lesson"),
      own,
      el("div.takes", {}, this.add, this.go),
    );
    this.note = el("p.note", { role: "status", hidden: true });
    this.cards = el("div.lesson-cards");
    this.broken = el("div.broken");
    this.node = dialog(
      "lessons",
      "Lessons",
      [],
      this.note,
      this.cards,
      el("p.note.to-toy", {}, "To play with, before any photo: ", this.#toy(), "."),
      this.broken,
      el("div.lesson-tools", {}, this.own, this.answers.node),
    );
  }

  /** The way to the toy grid, out of any lesson. */
  #toy() {
    const { store } = this.lessons;
    const show = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new page, as with any link
      event.preventDefault();
      this.node.close();
      if (store.state.lesson) this.lessons.leave();
      store.set({ ...viewOf(TOY_VIEW), run: store.state.run });
    };
    return el("a", { href: TOY_VIEW, onclick: show }, "a grid of 6 × 6 cells, with its numbers");
  }

  async open() {
    if (!this.lessons.offered) return;
    this.#showKept();
    if (!this.node.open) this.node.showModal();
    await this.lessons.load();
    const { wrong } = this.lessons;
    this.note.hidden = !wrong;
    this.note.textContent = wrong;
    this.#fill();
    this.cards.querySelector("a")?.focus();
  }

  #fill() {
    const { all, broken } = this.lessons;
    this.cards.replaceChildren(...all.map((lesson) => this.#card(lesson)));
    const head = el("h3", {}, `${count(broken.length, "file")} that cannot be told`);
    const files = broken.map((one) => el("div", {}, el("h4", {}, one.file), parts(one)));
    this.broken.replaceChildren(...(broken.length ? [head, ...files] : []));
  }

  /** What this browser has kept: a draft, and answers. */
  #showKept() {
    const { length } = this.recorder.draft.steps;
    this.go.hidden = !length;
    this.go.textContent = `Go on with it (${count(length, "step")})`;
    this.answers.show();
  }

  /** In a window of its own; meanwhile the list stays. */
  async #handout(lesson) {
    const wrong = await this.print(lesson);
    this.note.hidden = !wrong;
    this.note.textContent = wrong;
  }

  #record(add) {
    this.node.close();
    this.recorder.open({ add });
  }

  #card(lesson) {
    const { lessons } = this,
      { name, title, summary, minutes, steps } = lesson,
      questions = steps.filter(({ question }) => question).length;
    const begin = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new page, as with any link
      event.preventDefault();
      this.node.close();
      lessons.go(name, 1, event.detail === 0);
    };
    const about = el("p");
    about.innerHTML = summary;
    outward(about);
    const asks = questions ? ` · ${count(questions, "question")}` : "";
    return el(
      "article.lesson-card",
      { "aria-current": name === lessons.lesson?.name ? "true" : null },
      el("h3", {}, el("a", { href: linkTo(name), onclick: begin }, title)),
      about,
      el(
        "div.lesson-foot",
        {},
        el("span", {}, `${count(minutes, "minute")} · ${count(steps.length, "step")}${asks}`),
        el("span.spring"),
        el("button.quiet", { type: "button", title: "To print", onclick: () => this.#handout(lesson) }, "Handout"),
        copy(linkTo(name)),
      ),
    );
  }
}

function copy(link) {
  const label = el("span", {}, "Copy link");
  return el(
    "button.quiet",
    {
      type: "button",
      async onclick() {
        label.textContent = (await copied(link)) ? "Copied" : "Copy the title's address";
        setTimeout(() => (label.textContent = "Copy link"), 1500);
      },
    },
    icon(ICONS.link),
    label,
  );
}
