// Lessons: which one is on, its steps, and what was answered. A step is a view; turning to it shows that view.
import { embedded } from "../client/embedded.js";
import { Answers, kept, plain } from "./answers.js";
import { Draft } from "./draft.js";
import { Handout } from "./handout.js";
import { Recorder } from "./recorder.js";
import { bare, differs, viewOf, wrongIn } from "./lesson_view.js";
import { exact, judge } from "./lesson_score.js";
import { LessonCard } from "./lesson_card.js";
import { TOY } from "../trace/toy.js";
import { LessonMenu } from "./lesson_menu.js";
import { offerMathFont } from "../ui/math_font.js";

export class Lessons {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store
   * @param {Record<string, any> | null} parts.history that a step's view is written into
   * @param {import("../client/client.js").Client} parts.client the door to Python
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../picture/pointer.js").Pointer} parts.pointer what is asked
   * @param {import("../picture/picture.js").Picture} parts.picture
   * @param {Record<string, any>[]} parts.runs those that are open
   * @param {import("../trace/photos.js").Photos} parts.photos the run's
   * @param {() => any} parts.opened the photo that is open, see export/snapshot.js
   * @param {() => void} parts.onturn another step is about to be shown
   */
  constructor({ store, history, client, current, pointer, picture, runs, photos, opened, onturn }) {
    this.store = store;
    this.history = history;
    this.client = client;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.runs = runs;
    this.photos = photos;
    this.onturn = onturn;
    this.all = [];
    this.broken = []; // {file, got, expected, remedy}
    this.loading = false;
    this.wrong = ""; // why they could not be read
    this.answers = new Map(); // "lesson/step" -> answer, until the lesson is left
    this.instead = null; // the run that the lesson is told with, where its own is not open
    this.mark = null; // a guess on the picture: {at, near}, image px
    this.opened = false; // whether the run that is shown has its photos
    this.given = new Answers();
    this.card = new LessonCard(this);
    const show = (query) => store.set({ ...viewOf(query), lesson: null, step: 1 });
    this.recorder = new Recorder({ store, current, draft: new Draft(), onstep: show });
    this.handout = new Handout({ store, picture, photos, runs, opened });
    const print = (lesson) => this.handout.open(lesson);
    this.menu = new LessonMenu(this, { recorder: this.recorder, answers: this.given, print });
    if (this.offered) offerMathFont();
    store.subscribe((changed) => this.#changed(changed));
    window.addEventListener("popstate", () => this.#complete()); // after the store has read the address
    current.changed.subscribe(() => this.#photo());
    addEventListener("resize", () => this.card.widen());
    document.fonts.addEventListener("loadingdone", () => this.card.widen()); // formulae may have become wider
  }

  /** Whether there can be lessons: a file of its own has no server to ask. */
  get offered() {
    return !embedded;
  }

  // --- what is told ------------------------------------------------------------------------------------------------

  /** Reads the lessons anew. The one that is on is told, if it could not be before. */
  async load() {
    const untold = this.store.state.lesson && !this.lesson;
    await this.#read();
    if (!untold) return;
    this.#complete();
    this.#tell();
  }

  /** `wrong` is what went wrong, or "". */
  async #read() {
    this.loading = true;
    const answer = await this.client.lessons().catch(({ message }) => ({ wrong: message }));
    this.loading = false;
    this.wrong = answer.wrong ?? "";
    if (this.wrong) return;
    const checked = answer.lessons.map((lesson) => ({ lesson, wrong: wrongIn(lesson) }));
    this.all = checked.filter(({ wrong }) => !wrong).map(({ lesson }) => lesson);
    const unseen = checked.filter(({ wrong }) => wrong).map(({ lesson, wrong }) => ({ file: lesson.file, ...wrong }));
    this.broken = [...answer.broken, ...unseen];
  }

  /** The lesson that is on, if it can be told. */
  get lesson() {
    return this.all.find(({ name }) => name === this.store.state.lesson) ?? null;
  }

  /** The lesson after the one that is on, or null. */
  following() {
    return this.all[this.all.indexOf(this.lesson) + 1] ?? null;
  }

  get number() {
    return Math.min(this.store.state.step, this.lesson?.steps.length ?? 1);
  }

  get step() {
    return this.lesson?.steps[this.number - 1] ?? null;
  }

  get answer() {
    return this.answers.get(this.#key()) ?? null;
  }

  #key() {
    return `${this.store.state.lesson}/${this.number}`;
  }

  /** The view that belongs to the step: after its question was answered, the one that shows the answer. */
  view() {
    const { step } = this;
    return this.#here(viewOf(this.answer ? step.question.reveal : step.view));
  }

  /** A view as it can be shown here: with the run that was taken in its place, and without one that is not open. */
  #here(view) {
    const run = this.instead ?? view.run;
    return { ...view, run: this.#open(run) ? run : null };
  }

  #open(run) {
    return this.runs.some(({ name }) => name === run);
  }

  /** Whether the reader has changed the step's view, or answered. */
  get touched() {
    return Boolean(this.step) && (Boolean(this.answer) || differs(this.store.state, this.view()));
  }

  /** Why the step's view cannot be shown: {run, photo}, or null. */
  get missing() {
    const { current, photos, step } = this;
    if (!step) return null;
    const { run, img: photo } = viewOf(step.view),
      name = this.instead ?? run ?? this.runs[0]?.name;
    if (photo === TOY.name) return null; // it comes with the page
    if (!this.#open(name)) return { run: name, photo };
    const known = this.opened && current.run?.name === name;
    return known && !photos.index.some((entry) => entry.name === photo) ? { run: name, photo } : null;
  }

  /** Names of the other runs that have a photo. */
  async runsWith(photo) {
    const { current, photos } = this,
      others = this.runs.filter((run) => run !== current.run),
      lists = await Promise.all(others.map((run) => photos.indexOf(run).catch(() => [])));
    return others.filter((_, i) => lists[i].some(({ name }) => name === photo)).map(({ name }) => name);
  }

  // --- what the reader does ----------------------------------------------------------------------------------------

  /** The lesson that the address names; its step's view, unless the address holds one. Before the first picture. */
  async restore() {
    if (!this.store.state.lesson || !this.offered) return;
    await this.#read();
    if (this.#bare) {
      this.history.amend(this.view()); // or the way back to this step would lead to another view
    }
    this.#tell();
  }

  /** The step's view, where the address says nothing of it. */
  #complete() {
    if (this.#bare) this.history.amend(this.view());
  }

  get #bare() {
    return Boolean(this.step) && bare(location.search);
  }

  /** Turn to a step; by keyboard its title takes the focus. */
  go(name, number, keyboard = false) {
    const step = this.all.find((lesson) => lesson.name === name)?.steps[number - 1];
    if (!step) return;
    this.onturn();
    this.keyboard = keyboard;
    const answered = this.answers.has(`${name}/${number}`);
    this.store.set({ ...this.#here(viewOf(answered ? step.question.reveal : step.view)), lesson: name, step: number });
    this.keyboard = false;
  }

  /** A step on or back; false where no lesson is on. */
  turn(by, keyboard = false) {
    if (!this.lesson) return false;
    this.go(this.lesson.name, this.number + by, keyboard);
    return true;
  }

  /** The step as it was at first, its question unanswered. */
  reset() {
    this.answers.delete(this.#key());
    this.store.set(this.view());
    this.#tell();
  }

  /** Tell the lesson with another run. */
  take(run) {
    this.instead = run;
    this.store.set(this.view());
    this.card.update();
  }

  leave() {
    this.instead = null;
    this.answers.clear();
    this.given.next();
    this.store.set({ lesson: null, step: 1, hide: null });
  }

  /** Whether a click on the picture would be a guess. */
  get guessing() {
    return this.step?.question?.kind === "where" && !this.answer && !this.missing;
  }

  /** A click at a pixel; false where it is no guess. */
  guess(at) {
    if (!this.guessing) return false;
    this.#judge(at);
    return true;
  }

  /** A guess that is being placed by keys. */
  place(at) {
    this.mark = { at, near: null };
    this.picture.hover();
  }

  async #judge(guess) {
    const key = this.#key(),
      { current, picture, pointer } = this;
    this.reveal({ guess });
    const values = await exact(picture.main, this.store.state.by, pointer.pinned());
    if (this.answers.get(key)?.guess !== guess) return;
    if (this.#key() !== key) return void this.answers.delete(key); // the reader has gone on: it is asked again
    this.answers.set(key, { guess, ...(values ? judge(guess, values, current.trace) : { late: true }) });
    this.#keep();
    this.#tell();
  }

  /** The answer to the step that is on, for who teaches. */
  #keep() {
    const { lesson, step, number } = this,
      where = { lesson: lesson.name, step: number, title: plain(step.title) };
    this.given.add({ ...where, ...kept(step.question, this.answer) });
  }

  /** The question is answered ({chosen}, {guess}) or given up ({}): show how it is. */
  reveal(answer) {
    this.answers.set(this.#key(), answer);
    if (!answer.guess) this.#keep(); // a guess is measured first
    this.store.set(this.view());
    this.#tell();
  }

  // --- what changed ------------------------------------------------------------------------------------------------

  #changed(changed) {
    if (changed.has("run")) this.opened = false;
    if (changed.has("present")) requestAnimationFrame(() => this.card.widen()); // once the page is laid out for it
    if (changed.has("lesson") || changed.has("step")) this.#turned();
    else if (this.store.state.lesson) this.card.update();
  }

  #photo() {
    this.opened = true;
    if (this.store.state.lesson) this.card.update();
  }

  /** Another step. A lesson that the way back names may be unread. */
  #turned() {
    if (this.store.state.lesson && !this.all.length && this.offered && !this.loading) this.load();
    this.#tell(this.keyboard);
  }

  /** The page tells the step that is on. */
  #tell(keyboard = false) {
    const { guess: at, near } = this.answer ?? {};
    this.mark = at ? { at, near } : null;
    this.card.show(keyboard);
    if (this.current.trace) this.picture.hover();
  }
}
