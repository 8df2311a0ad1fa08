// The dialog "Export": a preview, and everything that can be taken along from the view as it is.
import { embedded } from "../client/embedded.js";
import { photoCsv, runCsv } from "./export_csv.js";
import { save, selfContained, sizeOf } from "./export_file.js";
import { settled, viewPicture } from "./export_picture.js";
import { frame, gif, noRounds } from "./export_rounds.js";
import { CHOICES, noStrip, refinedAll, strip, stripWords } from "./export_strip.js";
import { inks, png } from "./export_sheet.js";
import { comparedTable, tableCsv, tableLatex } from "./export_table.js";
import { labelMap, npy, palettePng } from "./label_files.js";
import { snapshot } from "./snapshot.js";
import { svgOf } from "./svg_context.js";
import { fileName, slug } from "./export_words.js";
import { dialog, el } from "../ui/dom.js";
import { ABOUT } from "../panel/stages.js";

const LABELS = "Class ids of the first pane, one a pixel; 255 is unknown.";
const tableWords = ({ rows }) => `${rows.map(({ name }) => name).join(", ")}: a column for each pane.`;
const INEXACT = "The random walk did not come to its end: what is drawn of it is not exact.";

export class Exports {
  /**
   * @param {object} parts
   * @param {Element} parts.root the page's node: the dialog is put there, figures have its colours and fonts
   * @param {import("../picture/picture.js").Picture} parts.picture says what is shown, see Picture.still
   * @param {() => any} parts.opened the photo that is open, see snapshot(); null where there is none
   * @param {import("../client/client.js").Client} parts.client the door to Python
   * @param {() => void} parts.onopen
   * @param {() => void} parts.onclose
   */
  constructor({ root, picture, opened, client, onopen, onclose }) {
    this.root = root;
    this.picture = picture;
    this.opened = opened;
    this.client = client;
    this.onopen = onopen;
    this.shown = null;
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
    this.node.addEventListener("close", onclose);
    root.append(this.node);
  }

  get isOpen() {
    return this.node.open;
  }

  open() {
    if (!this.opened()) return;
    this.onopen();
    this.shown = null;
    this.#say("");
    this.#fill();
    this.node.showModal();
    this.#show("view");
  }

  /** What the page shows now. */
  snapshot() {
    return snapshot(this.picture.still(), this.opened());
  }

  /** The page's colours, light or dark as it is now. */
  get #ink() {
    return inks(this.root);
  }

  // --- the rows ----------------------------------------------------------------------------------------------------

  #fill() {
    const shot = this.snapshot(),
      { origin, run, name } = shot,
      stripless = noStrip(origin),
      still = noRounds(shot),
      figures = photoCsv(origin),
      labels = Boolean(shot.scenes[0].labels()),
      table = comparedTable(shot.scenes);
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
        this.#button("SVG", () => this.#stripSvg(), "Words and legend stay editable", stripless),
      ]),
      this.#row("rounds", "Rounds as GIF", still || `${ABOUT[shot.state.stage].name}: one second a round.`, [
        this.#button("GIF", () => this.#gif(), "", still),
      ]),
      this.#row(null, "Label map", labels ? LABELS : "Choose a stage that is a label map: seeds, or one of a round.", [
        this.#button("PNG", () => this.#labels(".png", palettePng), "With the palette of PASCAL VOC", !labels),
        this.#button("npy", () => this.#labels(".npy", npy), "A NumPy array", !labels),
      ]),
      this.#row(null, "Table of the panes", table ? tableWords(table) : "No pane shows a label map.", [
        this.#button("CSV", () => this.#table(".csv", tableCsv), "", !table),
        this.#button("LaTeX", () => this.#table(".tex", tableLatex), "A plain tabular, without packages", !table),
      ]),
      this.#row(null, "Figures as CSV", figures ? "One line a round." : "This trace holds no figures of its photo.", [
        this.#button("this photo", () => this.#csv(`iaff_${name}_figures.csv`, figures), "", !figures),
        shot.isOfOpenRun &&
          (!embedded || embedded.run?.figures) &&
          this.#button("the whole run", () => this.#runCsv(run), `All rounds of run ${run}`),
      ]),
      this.#row(null, "One HTML file", "This photo in this view: it opens without a server or a network.", [
        this.#button("HTML", () => this.#page()),
      ]),
      this.#row(null, "The trace", "All layers and numbers; drop it onto the explorer, or read it with iaff.", [
        this.#button(`safetensors, ${sizeOf({ size: origin.bytes.length })}`, () => this.#trace()),
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

  /** @param {any} disabled whether, or why, there is nothing to take */
  #button(text, work, title = "", disabled = false) {
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

  /** Promise of {canvas, exact, shot}. */
  async #view(scale) {
    const shot = this.snapshot(),
      exact = await settled(shot.scenes);
    return { canvas: viewPicture(shot, this.#ink, scale), exact, shot };
  }

  async #picture(scale) {
    const ending = scale === 1 ? ".png" : `_${scale}x.png`,
      { canvas, exact, shot } = await this.#view(scale);
    return this.#save(await png(canvas), fileName(shot, ending), exact);
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
    const shot = this.snapshot();
    await refinedAll(shot.scenes[0].trace);
    const canvas = strip(shot, this.#ink, 2, this.#picks()).canvas(2);
    return this.#save(await png(canvas), `iaff_${shot.name}_rounds.png`);
  }

  async #stripSvg() {
    const shot = this.snapshot();
    await refinedAll(shot.scenes[0].trace);
    const sheet = strip(shot, { ...this.#ink, sans: "sans-serif" }, 2, this.#picks()),
      file = await svgOf(sheet);
    return this.#save(new Blob([file], { type: "image/svg+xml" }), `iaff_${shot.name}_rounds.svg`);
  }

  /** `make(map)` is the map of the main pane as a file, or a promise of it. */
  async #labels(ending, make) {
    const shot = this.snapshot(),
      map = labelMap(shot.scenes[0]);
    if (!map) throw new Error("The map is not there yet: try again once it is shown.");
    return this.#save(await make(map), fileName({ ...shot, state: { ...shot.state, panes: 1 } }, `_labels${ending}`));
  }

  async #table(ending, write) {
    const shot = this.snapshot(),
      table = comparedTable(shot.scenes);
    return this.#save(new Blob([write(table)], { type: "text/plain" }), `iaff_${shot.name}_panes${ending}`);
  }

  async #gif() {
    const shot = this.snapshot(),
      { blob, exact } = await gif(shot, this.#ink);
    return this.#save(blob, `iaff_${shot.name}_rounds_${shot.state.stage}.gif`, exact);
  }

  async #page() {
    const shot = this.snapshot();
    return this.#save(await selfContained(shot, this.client), fileName(shot, ".html"));
  }

  async #trace() {
    const { origin, name } = this.snapshot();
    return this.#save(new Blob([origin.bytes]), `iaff_${name}.safetensors`);
  }

  async #csv(name, text) {
    return this.#save(new Blob([text], { type: "text/csv" }), name);
  }

  async #runCsv(run) {
    const { figures } = await this.client.figures(run),
      text = runCsv(run, figures);
    if (!text) throw new Error(`Run ${run} has no figures yet: they come after its first round.`);
    return this.#csv(`iaff_run_${slug(run)}_figures.csv`, text);
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
    this.caption.textContent = CAPTIONS[kind](this.snapshot());
  }

  async #small(kind) {
    if (kind === "view") return (await this.#view(1)).canvas;
    const shot = this.snapshot();
    if (kind === "strip") {
      if (noStrip(shot.origin)) return null;
      await refinedAll(shot.scenes[0].trace);
      return strip(shot, this.#ink, 1, this.#picks()).canvas(1);
    }
    if (noRounds(shot)) return null;
    return (await frame(shot, this.#ink, shot.state.round)).canvas;
  }
}

/** What was made, and whether something about it must be known. */
const noted = (text, exact) => (exact ? text : `${text.replace(/\.$/, "")}. ${INEXACT}`);

const CAPTIONS = {
  view: (shot) => fileName(shot, ".png"),
  strip: ({ name }) => `iaff_${name}_rounds.png`,
  rounds: ({ scenes }) => `one of ${scenes[0].trace.T} frames`,
};

const copies = () => Boolean(window.ClipboardItem && navigator.clipboard?.write);
