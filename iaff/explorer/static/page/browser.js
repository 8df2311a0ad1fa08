// All photos of a run's data set, in a dialog: sorted by what went wrong, found by class or name, opened on a click; as
// a list, and as a map of two figures.
import { PhotoChoices } from "./photo_choices.js";
import { PhotoPlot } from "./photo_plot.js";
import { figure, photoTile } from "./photo_tile.js";
import { dialog, el } from "../ui/dom.js";

const BATCH = 60, // rows that are asked for at once
  AT_ONCE = 6, // pictures that are asked for at once
  PAUSE_MS = 180; // after the last letter that is typed
const NO_WEIGHTS = "This run has no weights, so its photos can be listed, but not opened.";
const SOME = "any"; // an order, whichever the server puts first

// What is asked for, by the key of the state that says so.
const ASKED = {
  all: "sort",
  allrev: "reversed",
  allvs: "against",
  allplot: "plot",
  allof: "split",
  allcls: "cls",
  allround: "round",
  find: "search",
};
const START = {
  sort: null,
  reversed: false,
  against: null,
  plot: null,
  split: null,
  cls: null,
  round: null,
  search: "",
};

/** Keys of the state that are about this dialog. */
export const BROWSED = Object.keys(ASKED);

/** The state that says what is asked for. */
const stateOf = (asked) => ({
  ...Object.fromEntries(BROWSED.map((key) => [key, asked[ASKED[key]]])),
  all: asked.sort ?? SOME,
  allrev: asked.reversed ? "1" : null,
  find: asked.search || null,
});

/** The dialog, in the page's `root`; `open()` shows it for the run that is open. */
export class Browser {
  /** photos: of the run, which have traces; pick(id, thumb): another one is to be opened. */
  constructor({ root, store, current, client, photos, pick }) {
    this.store = store;
    this.current = current;
    this.client = client;
    this.photos = photos;
    this.pick = pick;
    this.asked = { ...START };
    this.thumbs = new Map(); // of each run and id, promises
    this.line = []; // pictures that wait to be asked for
    this.under = 0; // those that are on their way
    this.#build();
    root.append(this.node);
  }

  #build() {
    this.count = el("span.count", { "aria-live": "polite" });
    this.search = el("input", {
      type: "search",
      placeholder: "Find by name",
      "aria-label": "Find by name",
      spellcheck: "false",
      oninput: () => this.#soon(),
    });
    this.choices = new PhotoChoices((wish) => this.#ask(wish), START);
    this.note = el("p.note", { role: "status", hidden: true });
    this.grid = el("div.tiles", { role: "group", "aria-label": "Photos" });
    this.more = el("div.more");
    this.list = el("div.list", {}, this.grid, this.more);
    this.plot = new PhotoPlot({
      picture: (id) => this.#thumb(this.#row(id)),
      point: (id) => this.#pointed(id),
      choose: (id) => this.#choose(this.#row(id)),
    });
    this.node = dialog(
      "browser",
      "All photos",
      [this.count, el("span.spring"), this.search],
      this.choices.node,
      this.note,
      el("div.found", {}, this.list, this.plot.node),
    );
    this.node.addEventListener("close", () => this.#closed());
    this.node.addEventListener("keydown", (event) => this.#key(event));
    new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#next(), {
      root: this.list,
      rootMargin: "400px",
    }).observe(this.more);
    this.seen = new IntersectionObserver((entries) => this.#see(entries), { root: this.list, rootMargin: "200px" });
  }

  /** Shows the dialog, with the order, class and search that it had for this run. */
  open() {
    if (this.run !== this.current.run) this.asked = { ...START };
    this.store.set(stateOf(this.asked));
  }

  /** As the state says: open or not, and which photos in which order. */
  follow() {
    const { node } = this,
      { run } = this.current,
      { state } = this.store;
    if (state.all === null || !run) return node.close();
    const fresh = !node.open || this.run !== run,
      wish = {
        ...Object.fromEntries(BROWSED.map((key) => [ASKED[key], state[key]])),
        sort: state.all === SOME ? this.asked.sort : state.all,
        reversed: state.allrev !== null,
        search: state.find ?? "",
      };
    this.run = run;
    if (!node.open) node.showModal();
    if (!fresh && Object.keys(wish).every((key) => wish[key] === this.asked[key])) return;
    if (this.search.value.trim() !== wish.search) this.search.value = wish.search;
    this.#ask(wish).then(() => fresh && this.#first()?.focus());
  }

  #closed() {
    if (this.node.contains(document.activeElement)) /** @type {HTMLElement} */ (document.activeElement).blur(); // else it would hear the next key
    this.store.set(Object.fromEntries(BROWSED.map((key) => [key, null])));
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask({ search: this.search.value.trim() }), PAUSE_MS);
  }

  /** From the first row on, with other wishes; a choice that the server does not know falls back to its own. */
  async #ask(wish) {
    Object.assign(this.asked, wish);
    const answer = await this.#page(0);
    if (!answer) return;
    const { sort, against, plot, split, round, sorts, classes, total } = answer;
    Object.assign(this.asked, { sort, against, plot, split, round });
    if (this.asked.cls && !classes.some(([name]) => name === this.asked.cls)) return this.#ask({ cls: null });
    if (this.node.open) this.store.set(stateOf(this.asked));
    this.about = { ...answer, name: sorts.find(({ key }) => key === sort).label };
    this.choices.show(answer, this.asked);
    this.count.textContent = `${total.toLocaleString("en-GB")} ${total === 1 ? "photo" : "photos"}`;
    this.#say(answer.missing ?? (answer.opens || answer.rows.every(({ trace }) => trace) ? "" : NO_WEIGHTS));
    this.#map(answer);
    const held = this.grid.contains(document.activeElement);
    this.seen.disconnect();
    this.line = [];
    this.grid.replaceChildren();
    this.list.scrollTop = 0;
    if (total) this.#add(answer.rows);
    else this.grid.append(el("p.empty", {}, "No photo matches. Choose all classes, or clear the search."));
    if (held) (this.#first() ?? this.search).focus();
  }

  /** The same photos as points, if a second figure is chosen. */
  #map({ points, plot, sorts, against, comparisons }) {
    const name = (key) => sorts.find((one) => one.key === key).label,
      compared = against && comparisons.find(([key]) => key === against)[1],
      axis = (words, changed) => ({ name: words, text: (value) => figure(value, changed) });
    const axes = plot
      ? [axis(compared ? `${this.about.name} against ${compared}` : this.about.name, against), axis(name(plot), null)]
      : [];
    this.plot.show(points, axes, this.current.name);
  }

  /** The tile of the photo under the cursor in the map. */
  #pointed(id) {
    for (const tile of this.grid.children) tile.classList.toggle("pointed", tile.row?.id === id);
  }

  /** A photo of the map, also one that the list has not come to yet. */
  #row(id) {
    const tile = [...this.grid.children].find(({ row }) => row?.id === id);
    return tile?.row ?? { id, trace: this.photos.index.find(({ name }) => name === id)?.name ?? null };
  }

  async #next() {
    const { about, grid } = this;
    if (!about || this.loading || grid.children.length >= about.total) return;
    const answer = await this.#page(grid.children.length);
    if (answer) this.#add(answer.rows);
  }

  /** Rows from `offset` on; null where something else was asked meanwhile, or nothing came back. */
  async #page(offset) {
    const question = (this.loading = {}),
      { run, asked } = this;
    this.list.setAttribute("aria-busy", "true");
    const request = { run: run.name, ...asked, offset, count: BATCH };
    const answer = await this.client.browse(request).catch(({ message }) => ({ wrong: message }));
    if (this.loading !== question) return null;
    this.loading = null;
    this.list.removeAttribute("aria-busy");
    if (!answer.wrong) return answer;
    this.#say(answer.wrong);
    return null;
  }

  #say(text) {
    this.note.hidden = !text;
    this.note.textContent = text;
  }

  // --- tiles -----------------------------------------------------------------------------------------------------

  #add(rows) {
    const start = this.grid.children.length;
    this.grid.append(...rows.map((row) => this.#tile(row)));
    for (const tile of [...this.grid.children].slice(start)) this.seen.observe(tile);
    if (!start) this.#first()?.setAttribute("tabindex", "0");
    requestAnimationFrame(() => this.#fill());
  }

  /** A large window may hold more than one batch. */
  #fill() {
    const { list } = this;
    if (list.clientHeight && list.scrollHeight <= list.clientHeight + 400) this.#next();
  }

  #tile(row) {
    const tile = photoTile(row, this.about, () => this.#choose(row)),
      mark = (id) => () => this.plot.highlight(id);
    for (const event of ["pointerenter", "focus"]) tile.addEventListener(event, mark(row.id));
    for (const event of ["pointerleave", "blur"]) tile.addEventListener(event, mark(null));
    return tile;
  }

  async #choose(row) {
    const { round } = this.about;
    this.node.close();
    this.store.set({ round });
    if (row.trace) this.store.set({ img: row.trace });
    else this.pick(row.id, await this.#thumb(row));
  }

  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.seen.unobserve(target);
      this.line.push(target);
    }
    this.#feed();
  }

  #feed() {
    while (this.line.length && this.under < AT_ONCE) {
      const tile = this.line.shift();
      if (!tile.isConnected) continue;
      this.under++;
      this.#thumb(tile.row).then((thumb) => {
        this.under--;
        if (thumb) tile.firstChild.replaceWith(el("img", { src: thumb, alt: "" }));
        this.#feed();
      });
    }
  }

  /** Promise of a photo's small picture; null where there is none. */
  #thumb({ id, trace }) {
    const { run, photos, about } = this,
      key = `${run.name}/${id}`;
    if (trace) return Promise.resolve(photos.index.find(({ name }) => name === trace)?.thumb ?? null);
    if (about.missing) return Promise.resolve(null);
    if (!this.thumbs.has(key)) {
      const failed = () => {
        this.thumbs.delete(key); // asked again when it is seen again
        return null;
      };
      this.thumbs.set(key, this.client.thumb(run.name, id).catch(failed));
    }
    return this.thumbs.get(key);
  }

  // --- keys ------------------------------------------------------------------------------------------------------

  #first() {
    return this.grid.querySelector(".tile");
  }

  /** Arrows walk over the tiles, up from the first row leads to the search; Esc closes. The page hears nothing. */
  #key(event) {
    if (!this.node.open) return; // closed just now, and the focus is still here
    event.stopPropagation();
    const { key, target } = event;
    if (key === "/" && target !== this.search) {
      this.search.focus();
      return event.preventDefault();
    }
    if (target === this.search) {
      if (key !== "ArrowDown" && key !== "Enter") return;
      event.preventDefault();
      return this.#first()?.focus();
    }
    const tiles = [...this.grid.querySelectorAll(".tile")],
      i = tiles.indexOf(target);
    if (i < 0) return;
    const columns = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const jumps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -i, End: tiles.length },
      by = jumps[key];
    if (by === undefined) return;
    event.preventDefault();
    if (i + by < 0) return void (key === "ArrowUp" && this.search.focus());
    this.#move(target, tiles[Math.min(tiles.length - 1, i + by)]);
  }

  #move(from, to) {
    from.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  }
}
