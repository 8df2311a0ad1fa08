// The dialog with all lessons, read anew at each opening, and the files that could not be told.
import { el, icon, ICONS } from "./dom.js";
import { linkTo } from "./lesson_view.js";
import { parts } from "./problem.js";

const CROSS = '<path d="M3.5 3.5l9 9M12.5 3.5l-9 9"/>';
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

export class LessonMenu {
  constructor(lessons) {
    this.lessons = lessons;
    const close = el("button.quiet", { type: "button", "aria-label": "Close", onclick: () => this.node.close() });
    close.append(icon(CROSS));
    this.note = el("p.note", { role: "status", hidden: true });
    this.cards = el("div.lesson-cards");
    this.broken = el("div.broken");
    this.node = el(
      "dialog.lessons",
      { "aria-label": "Lessons" },
      el("header", {}, el("h2", {}, "Lessons"), close),
      this.note,
      this.cards,
      this.broken,
    );
    this.node.addEventListener("click", (event) => event.target === this.node && this.node.close());
  }

  async open() {
    if (!this.lessons.offered) return;
    if (!this.node.open) this.node.showModal();
    const wrong = await this.lessons.load();
    this.note.hidden = !wrong;
    this.note.textContent = wrong;
    this.#fill();
    this.cards.querySelector("a")?.focus();
  }

  #fill() {
    const { all, broken } = this.lessons;
    this.cards.replaceChildren(...all.map((lesson) => this.#card(lesson)));
    const head = el("h3", {}, `${count(broken.length, "file")} that cannot be told`);
    const files = broken.map(({ file, ...error }) => el("div", {}, el("h4", {}, file), parts(error)));
    this.broken.replaceChildren(...(broken.length ? [head, ...files] : []));
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
        const done = await navigator.clipboard?.writeText(link).then(
          () => true,
          () => false,
        );
        label.textContent = done ? "Copied" : "Copy the title's address";
        setTimeout(() => (label.textContent = "Copy link"), 1500);
      },
    },
    icon(ICONS.link),
    label,
  );
}
