// The dialog of a lesson that is being recorded: views of the explorer as its steps, with titles and texts.
import { asMarkdown } from "./draft.js";
import { save } from "../export/export_file.js";
import { slug } from "../export/export_words.js";
import { linkOf } from "../state/links.js";
import { toQuery } from "../state/state.js";
import { isUserPhoto } from "../client/user_photo_store.js";
import { dialog, el, icon, ICONS } from "../ui/dom.js";

const QUIET = "gallery_panel_keys_charts", // what a step hides where the view hides nothing
  WITH_TAB = "gallery_tabs_keys_charts";
const OWN = "A photo of your own is in this browser alone, so no lesson can show it: choose one of the run's.";
const LOST = "This browser keeps nothing: download the file before you close the page.";

export class Recorder {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("./draft.js").Draft} parts.draft
   * @param {(view: string) => void} parts.onstep a step's view is to be shown
   */
  constructor({ store, current, draft, onstep }) {
    this.store = store;
    this.current = current;
    this.draft = draft;
    this.onstep = onstep;
    this.note = el("p.note", { role: "status", hidden: true });
    this.title = this.#line("Title of the lesson", (title) => draft.change({ title }));
    this.summary = this.#line("What it shows, in one line", (summary) => draft.change({ summary }));
    this.steps = el("ol.draft-steps");
    this.add = el("button.plain", { type: "button", onclick: () => this.#add() }, "Add this view as a step");
    this.take = el("button.plain", { type: "button", onclick: () => this.#save() }, "Download .md");
    this.drop = el("button.quiet", { type: "button", onclick: () => this.#clear() }, "Delete the draft");
    this.node = dialog(
      "recorder",
      "Your lesson",
      [],
      this.title,
      this.summary,
      this.steps,
      this.note,
      el("div.takes", {}, this.add, this.take, this.drop),
    );
  }

  /** With the view as one more step, or to go on with what there is. */
  open({ add = false } = {}) {
    this.#say("");
    if (!this.node.open) this.node.showModal();
    this.#show();
    if (add) this.#add();
  }

  /** A line of text with its name above. */
  #line(name, change) {
    return el("label", {}, name, el("input", { type: "text", oninput: ({ target }) => this.#changed(change, target) }));
  }

  #changed(change, { value }) {
    change(value);
    if (!this.draft.kept) this.#say(LOST);
  }

  #say(text) {
    this.note.hidden = !text;
    this.note.textContent = text;
  }

  /** The view as a step has it, or null: it says which photo of which run, and leaves out what no step needs. */
  #view() {
    const { current } = this,
      { state } = this.store;
    if (!current.trace || isUserPhoto(state.img)) return null;
    const hide = state.hide ?? (state.tab === "stage" ? QUIET : WITH_TAB),
      of = { run: current.run.name, img: current.name, hide, lesson: null, step: 1, present: null };
    return toQuery({ ...state, ...of }, "");
  }

  /** What `work` does with the view, if it can be one of a lesson. */
  #with(work) {
    const view = this.#view();
    if (!view) return this.#say(OWN);
    const { lacks } = linkOf(this.store.state);
    work(view);
    this.#show();
    this.#say(lacks ? `The view is taken${lacks}.` : this.draft.kept ? "" : LOST);
  }

  #add() {
    this.#with((view) => this.draft.add(view));
    this.steps.lastElementChild?.querySelector("input")?.focus();
  }

  #save() {
    const { lesson } = this.draft;
    save(new Blob([asMarkdown(lesson)], { type: "text/markdown" }), `${slug(lesson.title || "my lesson")}.md`);
  }

  #clear() {
    if (!confirm("Delete all steps of this draft?")) return;
    this.draft.clear();
    this.#say("");
    this.#show();
  }

  #show() {
    const { lesson, steps } = this.draft;
    this.title.lastChild.value = lesson.title;
    this.summary.lastChild.value = lesson.summary;
    this.steps.replaceChildren(...steps.map((step, i) => this.#step(step, i)));
    this.take.disabled = this.drop.disabled = !steps.length;
  }

  #step({ title, view, text }, i) {
    const { draft } = this,
      change = (change) => draft.changeStep(i, change),
      name = this.#line(`Title of step ${i + 1}`, (title) => change({ title })),
      told = el("textarea", { rows: 5, oninput: ({ target }) => this.#changed((text) => change({ text }), target) }),
      act = (label, work, hint = "") =>
        el("button.quiet", { type: "button", title: hint || null, onclick: () => this.#act(i, work) }, label),
      sign = (label, shape, work, disabled) => {
        const button = el("button.quiet", { type: "button", "aria-label": label, title: label, disabled });
        button.append(icon(shape));
        button.addEventListener("click", () => this.#act(i, work));
        return button;
      };
    name.lastChild.value = title;
    told.value = text;
    return el(
      "li",
      {},
      el(
        "div.draft-head",
        {},
        name,
        sign("Step up", ICONS.up, () => draft.move(i, -1), i === 0),
        sign("Step down", ICONS.down, () => draft.move(i, 1), i === draft.steps.length - 1),
        sign("Delete this step", ICONS.close, () => draft.remove(i), false),
      ),
      el("label", {}, "Text (Markdown, formulae as $G$)", told),
      el(
        "div.takes",
        {},
        act("Go to its view", () => this.#go(view), "Closes this, and shows the step's view"),
        act("Take the view shown now", () => this.#with((now) => change({ view: now }))),
        act("Ask: the view shown now is the answer", () => this.#with((now) => draft.ask(i, now))),
      ),
    );
  }

  /** Something about a step; the form is filled anew, and the focus stays with it. */
  #act(i, work) {
    work();
    if (!this.node.open) return;
    this.#show();
    const at = this.steps.children[Math.min(i, this.steps.children.length - 1)];
    if (!this.steps.contains(document.activeElement)) (at?.querySelector("input") ?? this.add).focus();
  }

  #go(view) {
    this.node.close();
    this.onstep(view);
  }
}
