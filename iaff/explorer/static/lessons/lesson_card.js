// The card of the lesson that is on: the step's text, its question, and the way through the steps.
import { el, icon, ICONS, outward } from "../ui/dom.js";
import { rephrase } from "../ui/pointing.js";
import { question } from "./lesson_question.js";

const WIDTHS = ["42%", "48%", "54%", "60%"]; // of the page, that the card may take in presenter mode
const byKeys = (event) => event.detail === 0; // a click that no pointer made

const overflows = (node) => node.scrollHeight > node.clientHeight || node.scrollWidth > node.clientWidth;

export class LessonCard {
  constructor(lessons) {
    this.lessons = lessons;
    const turn = (by) => (event) => lessons.turn(by, byKeys(event));
    this.name = el("p.lesson-name");
    this.title = el("h2", { tabindex: "-1" });
    this.text = el("div.lesson-text");
    this.question = el("div.question");
    this.notice = el("div.lesson-notice", { role: "status" });
    this.back = el("button.back", { type: "button", "aria-label": "Back", title: "Last step (←)", onclick: turn(-1) });
    this.back.append(icon(ICONS.back));
    this.next = el(
      "button.next",
      { type: "button", title: "Next step (→)", onclick: turn(1) },
      "Next",
      icon(ICONS.next),
    );
    this.more = el("button.plain", { type: "button", onclick: () => lessons.menu.open() }, "All lessons");
    this.after = el("button.next.lesson-after", {
      type: "button",
      onclick: (e) => lessons.go(this.follows.name, 1, byKeys(e)),
    });
    this.dots = el("ol.dots");
    this.again = el("button.quiet.lesson-reset", { type: "button", onclick: () => lessons.reset() }, "Reset this step");
    const leave = el("button.quiet", { type: "button", title: "Back to the explorer", onclick: () => lessons.leave() });
    leave.append("Leave");
    const large = () => lessons.store.set({ present: "1" });
    this.present = el("button.quiet", { type: "button", title: "Large, for a class (h)", onclick: large }, "Present");
    this.body = el("div.lesson-body", {}, this.title, this.text, this.question, this.notice);
    this.node = el(
      "section.lesson",
      { hidden: true },
      el("header", {}, this.name, this.again, this.present, leave),
      this.body,
      el("div.lesson-foot", {}, this.back, this.dots, this.next, this.more),
      this.after,
    );
  }

  /** Another step, or another answer. */
  show(keyboard) {
    const { lessons, node } = this,
      { lesson, step, number } = lessons;
    node.hidden = !this.lessons.store.state.lesson;
    if (node.hidden) return;
    const told = `${lesson?.name}/${number}`;
    if (this.told !== told) this.#toTop();
    this.told = told;
    node.setAttribute("aria-label", `Lesson: ${lesson?.title ?? this.lessons.store.state.lesson}`);
    this.name.textContent = lesson ? `Lesson · ${lesson.title}` : "Lesson";
    if (step) this.#fill(step);
    else this.#untold();
    this.question.replaceChildren(...(step?.question ? question(lessons) : []));
    outward(node);
    rephrase(node.querySelector(".lesson-body"));
    this.#foot(lesson, number);
    this.update();
    this.widen();
    if (keyboard) this.title.focus({ preventScroll: true });
  }

  /** In presenter mode nothing is scrolled: the card becomes as wide as its text needs. */
  widen() {
    const page = this.node.closest(".iaff"),
      { present, lesson } = this.lessons.store.state;
    page.style.removeProperty("--card");
    if (!present || !lesson) return;
    for (const width of WIDTHS) {
      page.style.setProperty("--card", width);
      if (![this.body, ...page.querySelectorAll(".story")].some(overflows)) return;
    }
  }

  /** Another step is read from its first line. */
  #toTop() {
    this.body.scrollTop = 0;
    const covered = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0; // by a picture that stays
    if (this.node.getBoundingClientRect().top < covered) this.node.scrollIntoView({ block: "start" });
  }

  #fill({ title, html }) {
    this.title.innerHTML = title;
    this.text.innerHTML = html;
  }

  /** There is no step: not yet, or not at all. */
  #untold() {
    const { loading, wrong } = this.lessons,
      name = `lesson "${this.lessons.store.state.lesson}"`;
    const [title, text] = loading
      ? [`Opening the ${name} …`, ""]
      : wrong
        ? [`The ${name} cannot be opened`, wrong]
        : [`There is no ${name} here`, "The list of lessons says what there is, and which file could not be read."];
    this.title.textContent = title;
    this.text.textContent = text;
  }

  #foot(lesson, number) {
    const steps = lesson?.steps ?? [];
    this.back.hidden = !lesson;
    this.back.disabled = number === 1;
    this.next.hidden = number >= steps.length;
    this.more.hidden = !this.next.hidden;
    this.follows = number >= steps.length ? this.lessons.following() : null;
    this.after.hidden = !this.follows;
    if (this.follows) this.after.textContent = `Next lesson: ${this.follows.title}`;
    const dots = steps.map(({ title }, i) => {
      const dot = el("button", {
        type: "button",
        "aria-current": i + 1 === number ? "step" : null,
        onclick: (event) => this.lessons.go(lesson.name, i + 1, byKeys(event)),
      });
      dot.innerHTML = title;
      dot.title = `${i + 1}: ${dot.textContent}`;
      dot.setAttribute("aria-label", `Step ${i + 1} of ${steps.length}: ${dot.textContent}`);
      dot.textContent = "";
      return el("li", {}, dot);
    });
    this.dots.replaceChildren(...dots);
  }

  /** The view was changed, or another photo is shown. */
  update() {
    const { lessons } = this,
      { missing } = lessons;
    this.again.hidden = !lessons.touched || Boolean(missing);
    lessons.picture.node.toggleAttribute("data-guessing", lessons.guessing);
    const told = missing && JSON.stringify(missing);
    if (this.missed === told) return;
    this.missed = told;
    this.notice.replaceChildren();
    if (missing) this.#miss(missing);
  }

  /** The step's photo is not here: say so, and offer the runs that have it. */
  async #miss({ run, photo }) {
    const { lessons } = this,
      names = lessons.runs.map(({ name }) => name),
      there = names.includes(run);
    const text = there
      ? `Run "${run}" has no photo "${photo}", which this step is about.`
      : `This step is about run "${run}", which is not open here (${names.join(", ")}). Add it with --run DIR.`;
    this.notice.replaceChildren(el("p", {}, text));
    const others = await lessons.runsWith(photo);
    if (this.missed !== JSON.stringify({ run, photo })) return;
    const open = (name) =>
      el("button.plain", { type: "button", onclick: () => lessons.take(name) }, `Open it in run "${name}"`);
    this.notice.append(...others.map(open));
  }
}
