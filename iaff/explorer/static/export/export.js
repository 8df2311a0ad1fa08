// The dialog "Export": a preview, and everything that can be taken along from the view as it is.
import { embedded } from "../client/embedded.js";
import { photoCsv, runCsv } from "./export_csv.js";
import { save, selfContained, sizeOf } from "./export_file.js";
import { settled, viewPicture } from "./export_picture.js";
import { frame, gif, noRounds } from "./export_rounds.js";
import { png } from "./export_sheet.js";
import { CHOICES, noStrip, refinedAll, strip, stripWords } from "./export_strip.js";
import { fileName, photoName, runOf, slug } from "./export_words.js";
import { dialog, el } from "../ui/dom.js";
import { ABOUT } from "../panel/stages.js";

const INEXACT = "The random walk did not come to its end: what is drawn of it is not exact.";

export class Exports {
  constructor(app, root) {
    Object.assign(this, { app, root, shown: null, cursor: null });
    this.preview = el("div.preview");
    this.note = el("p.note", { role: "status" });
    this.rows = el("div.rows");
    this.node = dialog(
      "exports",
      "Export",
      [el("span.spring")],
      el("div.columns", {}, el("figure", {}, this.preview, (this.caption = el("figcaption"))), this.rows),
      this.note,
    );
    this.node.addEventListener("close", () => app.leave());
    root.append(this.node);
  }

  /** What the cursor asks stays asked while the dialog is open. */
  open() {
    const { app } = this;
    if (!app.trace) return;
    app.animation.stop();
    app.stepper.stop();
    this.cursor = app.cursor;
    this.shown = null;
    this.#say("");
    this.#fill();
    this.node.showModal();
    this.#show("view");
  }

  // --- the rows ----------------------------------------------------------------------------------------------------

  #fill() {
    const { app } = this,
      { origin } = app,
      run = runOf(app),
      stripless = noStrip(origin),
      still = noRounds(app),
      figures = photoCsv(origin);
    const picks = CHOICES.filter((stage) => origin.T && origin.has(stage, 1)).map((stage) => this.#pick(stage));
    const rows = [
      this.#row("view", "Picture of the view", "As it is on the screen, with title, legend and scale.", [
        this.#button("PNG 1×", () => this.#picture(1)),
        this.#button("PNG 2×", () => this.#picture(2), "Drawn at twice the resolution, for print"),
        copies() && this.#button("Copy", () => this.#copy(), "Copy the picture to the clipboard"),
      ]),
      this.#row("strip", "Figure strip", stripless || stripWords(origin), [
        ...(stripless ? [] : picks),
        this.#button("PNG 2×", () => this.#strip(), "", stripless),
      ]),
      !embedded &&
        this.#row("rounds", "Rounds as GIF", still || `${ABOUT[app.state.stage].name}: one second a round.`, [
          this.#button("GIF", () => this.#gif(), "", still),
        ]),
      this.#row(null, "One HTML file", "This photo in this view: it opens without a server or a network.", [
        this.#button("HTML", () => this.#page()),
      ]),
      this.#row(null, "The trace", "All layers and numbers; drop it onto the explorer, or read it with iaff.", [
        this.#button(`safetensors, ${sizeOf({ size: origin.bytes.length })}`, () => this.#trace()),
      ]),
      this.#row(null, "Figures as CSV", figures ? "One line a round." : "This trace holds no figures of its photo.", [
        this.#button("this photo", () => this.#csv(`iaff_${photoName(app)}_figures.csv`, figures), "", !figures),
        run &&
          run === app.run.name &&
          (!embedded || embedded.run?.figures) &&
          this.#button("the whole run", () => this.#runCsv(), `All rounds of run ${run}`),
      ]),
    ];
    this.rows.replaceChildren(...rows.filter(Boolean));
  }

  #row(kind, title, about, controls) {
    const node = el(
      "section",
      { "aria-label": title },
      el("h3", {}, title),
      el("p", {}, about),
      el("div.takes", {}, controls),
    );
    if (kind) for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => this.#show(kind));
    return node;
  }

  #button(text, work, title = "", disabled = "") {
    const node = el("button.take", { type: "button", title: title || null, disabled: Boolean(disabled) }, text);
    node.addEventListener("click", () => this.#run(node, work));
    return node;
  }

  #pick(stage) {
    const box = el("input", { type: "checkbox", value: stage, onchange: () => this.#show("strip", true) });
    return el("label.pick", { title: "Also a row of these maps" }, box, ABOUT[stage].short);
  }

  #picks() {
    return [...this.rows.querySelectorAll(".pick input:checked")].map(({ value }) => value);
  }

  /** One export after the other; what went wrong is said. */
  async #run(button, work) {
    if (this.busy) return;
    this.busy = true;
    button.classList.add("busy");
    this.#say("Making it …");
    try {
      this.#say(await work());
    } catch (error) {
      this.#say(error.message, true);
    } finally {
      this.busy = false;
      button.classList.remove("busy");
    }
  }

  #say(text, wrong = false) {
    this.note.textContent = text;
    this.note.classList.toggle("wrong", wrong);
  }

  #save(blob, name, exact = true) {
    save(blob, name);
    return noted(`${name}, ${sizeOf(blob)}`, exact);
  }

  // --- what is taken along -----------------------------------------------------------------------------------------

  /** The page asks what it asked when the dialog was opened: opening it took the cursor away. */
  #hold() {
    this.app.cursor = this.cursor;
  }

  /** Promise of {canvas, exact}. */
  async #view(scale) {
    this.#hold();
    const exact = await settled(this.app);
    return { canvas: viewPicture(this.app, this.root, scale), exact };
  }

  async #picture(scale) {
    const ending = scale === 1 ? ".png" : `_${scale}x.png`,
      { canvas, exact } = await this.#view(scale);
    return this.#save(await png(canvas), fileName(this.app, ending), exact);
  }

  /** The clipboard wants a promise, or it takes the click as over. */
  async #copy() {
    const drawn = this.#view(2),
      item = new ClipboardItem({ "image/png": drawn.then(({ canvas }) => png(canvas)) });
    await navigator.clipboard.write([item]).catch(() => {
      throw new Error("The browser did not let the picture into the clipboard. Save the PNG instead.");
    });
    return noted("The picture is in the clipboard.", (await drawn).exact);
  }

  async #strip() {
    await refinedAll(this.app.trace);
    const canvas = strip(this.app, this.root, 2, this.#picks());
    return this.#save(await png(canvas), `iaff_${photoName(this.app)}_rounds.png`);
  }

  async #gif() {
    this.#hold();
    const { app } = this,
      { blob, exact } = await gif(app, this.root);
    return this.#save(blob, `iaff_${photoName(app)}_rounds_${app.state.stage}.gif`, exact);
  }

  async #page() {
    return this.#save(await selfContained(this.app), fileName(this.app, ".html"));
  }

  async #trace() {
    return this.#save(new Blob([this.app.origin.bytes]), `iaff_${photoName(this.app)}.safetensors`);
  }

  async #csv(name, text) {
    return this.#save(new Blob([text], { type: "text/csv" }), name);
  }

  async #runCsv() {
    const { run, client } = this.app,
      { figures } = await client.figures(run.name),
      text = runCsv(run.name, figures);
    if (!text) throw new Error(`Run ${run.name} has no figures yet: they come after its first round.`);
    return this.#csv(`iaff_run_${slug(run.name)}_figures.csv`, text);
  }

  // --- the preview -------------------------------------------------------------------------------------------------

  /** A small picture of that export; drawn when it is first looked at, or anew. */
  async #show(kind, anew = false) {
    if ((this.shown === kind && !anew) || this.busy) return;
    this.shown = kind;
    const canvas = await this.#small(kind).catch((error) => void this.#say(error.message, true));
    if (this.shown !== kind || !canvas) return;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Preview");
    this.preview.replaceChildren(canvas);
    this.caption.textContent = CAPTIONS[kind](this.app);
  }

  async #small(kind) {
    const { app, root } = this;
    if (kind === "view") return (await this.#view(1)).canvas;
    if (kind === "strip") {
      if (noStrip(app.origin)) return null;
      await refinedAll(app.trace);
      return strip(app, root, 1, this.#picks());
    }
    if (noRounds(app)) return null;
    this.#hold();
    const { canvas } = await frame(app, root, app.state.round);
    app.refresh();
    return canvas;
  }
}

/** What was made, and whether something about it must be known. */
const noted = (text, exact) => (exact ? text : `${text.replace(/\.$/, "")}. ${INEXACT}`);

const CAPTIONS = {
  view: (app) => fileName(app, ".png"),
  strip: (app) => `iaff_${photoName(app)}_rounds.png`,
  rounds: (app) => `one of ${app.trace.T} frames`,
};

const copies = () => Boolean(window.ClipboardItem && navigator.clipboard?.write);
