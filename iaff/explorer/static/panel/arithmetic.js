// The arithmetic of one cell, written out: one direction of the scan, term by term, and the mean of all four. Its gates can
// be set by hand. A term lights up in the picture, and the other way round.
import { DIRECTIONS, WAYS } from "../state/state.js";
import { reckons, RECKONED } from "../state/arithmetic.js";
import { MOST_GATES, WHOLE, withGate } from "../state/hand_gates.js";
import { OWN_COLOUR, TERM_COLOURS } from "../draw/terms.js";
import { el, refill, tell } from "../ui/dom.js";

const SIGNS = { right: "→", left: "←", down: "↓", up: "↑" };
// Of each direction, the ways in which its three gates lead into the cell, in their order.
const INTO = { right: "↘→↗", left: "↙←↖", down: "↘↓↙", up: "↗↑↖" };
const ORDINALS = ["first", "second", "third"];
const SUBSCRIPTS = ["₁", "₂", "₃"];
const STRONGEST = "";
const SCANS_ONLY =
  "This affinity is no scan: its cells listen to each other directly, with the weights that the row shows, and there is no " +
  "sweep to write out.";
const NO_CELL = "Click a cell, or move over the photo.";
const GIVE_WAY = "Drag a gate to set it by hand: together they are at most 1, so the others give way.";
const KEEP = "Click to keep this cell, and to set its gates by hand.";
const FULL = `${MOST_GATES} cells have gates that were set by hand, as many as a link holds. Take some back (z) or all (r).`;

const text3 = (v) => (v > 0 && v < 0.0005 ? "<.001" : v.toFixed(3));

export class ArithmeticView {
  /**
   * pointer, picture: what is asked, and the picture that answers; whatIf: takes gates that are set by hand; closer(): shows
   * cells so large that they hold numbers.
   */
  constructor({ store, current, pointer, picture, whatIf, closer }) {
    this.store = store;
    this.current = current;
    this.pointer = pointer;
    this.picture = picture;
    this.whatIf = whatIf;
    this.under = null; // the term that the cursor points at in the picture
    this.fold = el(
      "button.fold",
      { type: "button", onclick: () => store.set({ arithmetic: store.state.arithmetic ? null : "1" }) },
      "The arithmetic of this cell",
    );
    this.note = el("p.note");
    this.about = el("p.about");
    this.cells = el("span", {}, " The cells show ", el("i", {}, "h"), ".");
    this.closer = el("button.closer", { type: "button", onclick: closer }, "Closer, to see numbers in the cells");
    this.formula = el("p.formula", { "aria-label": "h = (1 − w₁ − w₂ − w₃) x + w₁ h₁ + w₂ h₂ + w₃ h₃" });
    this.terms = ["own", 0, 1, 2].map((which) => this.#term(which));
    this.sum = el("b.product");
    this.means = DIRECTIONS.map((dir) => this.#direction(dir));
    this.mean = el("b.product");
    this.ofMean = el("span");
    this.hint = el("p.note");
    this.#write();
    this.together = el(
      "div.together",
      {},
      el(
        "div.means",
        { role: "group", "aria-label": "The four directions" },
        this.means.map(({ node }) => node),
      ),
      el("div.total", {}, this.ofMean, this.mean),
    );
    this.sheet = el(
      "div.sheet",
      {},
      this.about,
      this.closer,
      this.formula,
      el(
        "div.terms",
        { role: "group", "aria-label": "Terms of the sum" },
        this.terms.map(({ node }) => node),
        el("div.total", {}, el("span", {}, "h ="), this.sum),
      ),
      this.together,
      this.hint,
    );
    this.node = el("section.arithmetic", { "aria-label": "Arithmetic" }, this.fold, this.note, this.sheet);
    pointer.pointed.subscribe(() => this.#underCursor());
  }

  /** The formula: each term points at its own. */
  #write() {
    const term = (which, ...parts) => {
      const node = el("span.summand", { "data-summand": which }, parts);
      this.#points(node, which);
      return node;
    };
    const heard = SUBSCRIPTS.map((i, k) => [" + ", term(k, el("i", {}, "w"), i, " ", el("i", {}, "h"), i)]);
    const own = term("own", "(1 − Σ", el("i", {}, "w"), ") ", el("i", {}, "x"));
    this.formula.append(el("i", {}, "h"), " = ", own, ...heard.flat());
  }

  /** One line of the sum: its sign, its weight (a gate can be dragged), the value, and their product. */
  #term(which) {
    const sign = el("span.sign", { style: `background:${which === "own" ? OWN_COLOUR : TERM_COLOURS[which]}` }),
      weight = el("span"),
      value = el("span"),
      product = el("span.product"),
      bar = which === "own" ? el("span.rail", {}, el("i")) : this.#slider(which);
    const node = el("div.term-row", { "data-summand": which }, sign, bar, weight, el("span", {}, "×"), value, product);
    this.#points(node, which);
    return { node, sign, bar, weight, value, product };
  }

  #slider(k) {
    let going = false; // as long as it is dragged, or has the focus, all is one change
    const anew = () => {
      going = false;
    };
    return el("input", {
      type: "range",
      min: 0,
      max: WHOLE,
      step: 10,
      "aria-label": `The ${ORDINALS[k]} gate, in thousandths`,
      oninput: ({ target }) => {
        going = this.#set(k, +target.value, going);
      },
      onpointerdown: anew,
      onblur: anew,
    });
  }

  /** Sets a gate of the cell that is asked about; whether it could be. */
  #set(k, value, goesOn) {
    const shown = this.shown,
      three = shown.heard.map(({ weight }) => Math.round(weight * WHOLE)),
      set = this.whatIf.setGates(shown.d, shown.cell, withGate(three, k, value), goesOn);
    if (!set) this.hint.textContent = FULL;
    return set;
  }

  #direction(dir) {
    const value = el("span"),
      title = `the scan ${WAYS[dir]} (d)`,
      node = el("button", { type: "button", title, onclick: () => this.store.set({ dir }) }, SIGNS[dir], value);
    return { node, value };
  }

  /** A node lights up its term while it is pointed at. */
  #points(node, which) {
    const at = (term) => () => this.pointer.pointAtTerm(term);
    node.addEventListener("pointerenter", at(which));
    node.addEventListener("pointerleave", at(null));
    node.addEventListener("focusin", at(which));
    node.addEventListener("focusout", at(null));
  }

  /** The cursor in the picture points at a term too, while another cell is pinned. */
  #underCursor() {
    const { pointer, shown } = this,
      { cursor } = pointer;
    if (!shown || !this.current.trace) return;
    const p = cursor && pointer.pinned() ? this.current.trace.cell(cursor.x, cursor.y) : -1,
      k = shown.heard.findIndex(({ cell }) => cell === p),
      term = p < 0 ? null : p === shown.cell ? "own" : k < 0 ? null : k;
    if (term === this.under) return; // what is pointed at in the panel stays lit
    this.under = term;
    pointer.pointAtTerm(term);
  }

  /** Stage, round, photo or direction changed. */
  update() {
    const { state } = this.store,
      open = reckons(state),
      scans = Boolean(this.picture.main.affinity()?.partial);
    this.node.hidden = !RECKONED.includes(state.stage);
    this.fold.setAttribute("aria-expanded", String(open));
    this.note.hidden = !open;
    this.sheet.hidden = true;
    this.shown = null;
    if (!open) return;
    this.note.textContent = scans ? NO_CELL : SCANS_ONLY;
    this.#fillAbout();
  }

  /** What x is: of a class that can be chosen, or a label of the pixel's own. */
  #fillAbout() {
    const { store } = this,
      { state } = store,
      { classes } = this.current.trace.meta,
      x = el("i", {}, "x");
    if (state.mode === "column") {
      refill(this.about, [x, " is 1 at the pinned cell and 0 elsewhere: so much of its label comes here.", this.cells]);
      return;
    }
    this.strongest = el("option", { value: STRONGEST });
    const options = [this.strongest, ...classes.map((name) => el("option", { value: name }, name))],
      choice = el(
        "select",
        { "aria-label": "Class", onchange: () => store.set({ cls: choice.value || null }) },
        options,
      );
    choice.value = classes.includes(state.cls) ? state.cls : STRONGEST;
    this.ofPass = el("span");
    refill(this.about, [x, " is ", el("i", {}, "αᵘ"), " of ", choice, this.ofPass, ".", this.cells]);
  }

  /** What follows the cursor. */
  hover() {
    if (this.node.hidden || !reckons(this.store.state)) return;
    const shown = this.picture.main.arithmetic();
    this.shown = shown;
    this.sheet.hidden = !shown;
    this.note.hidden = Boolean(shown);
    if (!shown) return;
    this.terms.forEach(({ sign }, i) => (sign.textContent = i ? INTO[DIRECTIONS[shown.d]][i - 1] : "x"));
    this.means.forEach(({ node }, d) => node.setAttribute("aria-pressed", String(d === shown.d)));
    [shown.own, ...shown.heard].forEach((term, i) => this.#fillTerm(this.terms[i], term));
    this.sum.textContent = text3(shown.sum);
    this.means.forEach(({ value }, d) => (value.textContent = text3(shown.sums[d])));
    this.mean.textContent = text3(shown.mean);
    this.together.hidden = Boolean(shown.walked); // one direction alone is under way
    this.#fillWords(shown);
    for (const node of this.sheet.querySelectorAll("[data-summand]"))
      node.classList.toggle("lit", node.dataset.summand === String(this.pointer.term));
  }

  #fillTerm({ node, bar, weight, value, product }, term) {
    const beyond = term.cell < 0;
    node.classList.toggle("beyond", beyond);
    node.title = beyond ? "beyond the photo" : `${term.weight.toFixed(6)} × ${term.value.toFixed(6)}`;
    weight.textContent = text3(term.weight);
    value.textContent = beyond ? "–" : text3(term.value);
    product.textContent = text3(term.product);
    if (bar.tagName !== "INPUT") return void (bar.firstChild.style.transform = `scaleX(${term.weight})`);
    bar.disabled = beyond || !this.whatIf.setsGates;
    if (document.activeElement !== bar || +bar.value !== Math.round(term.weight * WHOLE))
      bar.value = term.weight * WHOLE;
    bar.style.setProperty("--fill", term.weight);
    bar.setAttribute("aria-valuetext", text3(term.weight));
  }

  #fillWords({ k, passes }) {
    const name = k === null ? "" : this.current.trace.meta.classes[k];
    if (k !== null) {
      tell(this.strongest, `the strongest class, ${name}`);
      tell(this.ofPass, passes > 1 ? `, after pass ${passes - 1} of ${passes}` : "");
    }
    this.ofMean.textContent = k === null ? "their mean, what lands here" : `their mean, αᵖ of ${name}`;
    this.cells.hidden = !this.picture.main.numbered();
    this.closer.hidden = !this.cells.hidden;
    this.hint.textContent = !this.whatIf.setsGates ? "" : this.pointer.pinned() ? GIVE_WAY : KEEP;
  }
}
