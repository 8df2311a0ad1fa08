// Below the list of lessons: whose answers they are, and what becomes of them.
import { save } from "../export/export_file.js";
import { el } from "../ui/dom.js";

const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

export class AnswersView {
  /** answers: see answers.js. */
  constructor(answers) {
    this.answers = answers;
    this.name = el("input", { type: "text", maxlength: 80, autocomplete: "off", onchange: () => this.#named() });
    this.about = el("p", { role: "status" });
    this.take = el("button.plain", { type: "button", onclick: () => this.#save() }, "Export answers");
    this.drop = el("button.quiet", { type: "button", onclick: () => this.#forget() }, "Forget them");
    this.node = el(
      "section.answers",
      { "aria-label": "Answers" },
      el("h3", {}, "Answers"),
      this.about,
      el("div.takes", {}, el("label", {}, "Who answers (if you like)", this.name), this.take, this.drop),
    );
  }

  show() {
    const { given, who } = this.answers,
      sittings = new Set(given.map(({ sitting }) => sitting)).size;
    this.name.value = who;
    this.about.textContent = given.length
      ? `${count(given.length, "answer")} of ${count(sittings, "sitting")}, kept in this browser alone.`
      : "What is answered in lessons is kept in this browser alone, and can be taken as a table.";
    this.take.hidden = this.drop.hidden = !given.length;
  }

  #named() {
    this.answers.who = this.name.value;
    this.show();
  }

  #save() {
    const day = new Date().toISOString().slice(0, 10);
    save(new Blob([this.answers.csv()], { type: "text/csv" }), `iaff_answers_${day}.csv`);
  }

  #forget() {
    if (confirm("Forget all answers that this browser has kept?")) this.answers.forget();
    this.show();
  }
}
