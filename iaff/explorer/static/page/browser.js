// All photos of a run's data set, in a dialog: sorted by what went wrong, found by class or id, opened on a click.
import { dialog, el } from "../ui/dom.js";
import { percent } from "../ui/format.js";

const BATCH = 60, // rows that are asked for at once
  AT_ONCE = 6, // pictures that are asked for at once
  PAUSE_MS = 180; // after the last letter that is typed
const NO_WEIGHTS = "This run has no weights, so its photos can be listed, but not opened.";
const SOME = "any", // an order, whichever the server puts first
  START = { sort: null, cls: null, round: null, search: "" };

/** Keys of the state that are about this dialog. */
export const BROWSED = ["all", "allcls", "allround", "find"];

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
      placeholder: "Find by id",
      "aria-label": "Find by id",
      spellcheck: "false",
      oninput: () => this.#soon(),
    });
    this.sort = choice("Order", (sort) => this.#ask({ sort }));
    this.cls = choice("Class", (cls) => this.#ask({ cls: cls || null }));
    this.round = choice("Round", (round) => this.#ask({ round: +round }));
    this.meaning = el("span.meaning");
    this.note = el("p.note", { role: "status", hidden: true });
    this.grid = el("div.tiles", { role: "group", "aria-label": "Photos" });
    this.more = el("div.more");
    this.list = el("div.list", {}, this.grid, this.more);
    this.node = dialog(
      "browser",
      "All photos",
      [this.count, el("span.spring"), this.search],
      el("div.choices", {}, this.sort.node, this.cls.node, this.round.node, this.meaning),
      this.note,
      this.list,
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
    const { sort, cls, round, search } = this.asked;
    this.store.set({ all: sort ?? SOME, allcls: cls, allround: round, find: search || null });
  }

  /** As the state says: open or not, and which photos in which order. */
  follow() {
    const { node } = this,
      { run } = this.current,
      { all, allcls, allround, find } = this.store.state;
    if (all === null || !run) return node.close();
    const fresh = !node.open || this.run !== run,
      wish = { sort: all === SOME ? this.asked.sort : all, cls: allcls, round: allround, search: find ?? "" };
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
    const { sort, round, rounds, sorts, classes, total } = answer;
    const { cls, search } = Object.assign(this.asked, { sort, round });
    if (cls && !classes.some(([name]) => name === cls)) return this.#ask({ cls: null });
    if (this.node.open) this.store.set({ all: sort ?? SOME, allcls: cls, allround: round, find: search || null });
    this.about = { ...answer, sort: sorts.find(({ key }) => key === sort) };
    this.sort.fill(
      sorts.map(({ key, label }) => [key, label]),
      sort,
    );
    const names = classes.map(([name, count]) => [name, `${name} (${count.toLocaleString("en-GB")})`]);
    this.cls.fill([["", "all classes"], ...names], this.asked.cls ?? "");
    this.cls.node.hidden = !classes.length;
    this.round.fill(
      rounds.map((t) => [t, `round ${t}`]),
      round,
    );
    this.round.node.hidden = rounds.length < 2;
    this.meaning.textContent = this.about.sort.figure;
    this.count.textContent = `${total.toLocaleString("en-GB")} ${total === 1 ? "photo" : "photos"}`;
    this.#say(answer.missing ?? (answer.opens || answer.rows.every(({ trace }) => trace) ? "" : NO_WEIGHTS));
    const held = this.grid.contains(document.activeElement);
    this.seen.disconnect();
    this.line = [];
    this.grid.replaceChildren();
    this.list.scrollTop = 0;
    if (total) this.#add(answer.rows);
    else this.grid.append(el("p.empty", {}, "No photo matches. Choose all classes, or clear the search."));
    if (held) (this.#first() ?? this.search).focus();
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
    const { sort, scale, rounds, round, opens, missing } = this.about,
      { id, value, series, tags, trace } = row,
      can = Boolean(trace) || (opens && !missing),
      share = value === null || !(scale > 0) ? 0 : Math.max(0, (sort.falls ? -value : value) / scale);
    const tile = el(
      "button.tile",
      {
        type: "button",
        tabindex: "-1",
        "aria-disabled": can ? null : "true",
        title: [id, tags?.join(", "), `${sort.figure}: ${figure(value, sort)}`].filter(Boolean).join("\n"),
        onclick: () => can && this.#choose(row),
      },
      el("span.blank", { "aria-hidden": "true" }),
      el("span.id", {}, id),
      el("span.value", {}, el("span.sr", {}, `${sort.figure} `), figure(value, sort), sparkline(series, rounds, round)),
      el("span.rail", { "aria-hidden": "true" }, el("i", { style: `transform:scaleX(${Math.min(1, share)})` })),
    );
    tile.row = row;
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

/** A figure in percent; a fall in points. */
function figure(value, { falls }) {
  if (value === null) return "–";
  if (!falls) return percent(value);
  return `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)} points`;
}

/** A labelled drop-down: {node, fill(options, value)}. */
function choice(label, choose) {
  const select = el("select", { onchange: () => choose(select.value) });
  return {
    node: el("label", {}, el("span", {}, label), select),
    fill(options, value) {
      select.replaceChildren(...options.map(([key, text]) => el("option", { value: key }, text)));
      select.value = value;
    },
  };
}

const WIDTH = 40,
  HEIGHT = 14,
  EDGE = 2.5,
  SPAN = 0.04; // of the figure, at least: a steady line shall look steady

/** The figure over the rounds, with a dot at the round that is shown; nothing for a single round. */
function sparkline(series, rounds, round) {
  const known = series.filter((v) => v !== null);
  if (known.length < 2) return null;
  const middle = (Math.min(...known) + Math.max(...known)) / 2,
    span = Math.max(SPAN, Math.max(...known) - Math.min(...known));
  const x = (i) => EDGE + (i * (WIDTH - 2 * EDGE)) / (series.length - 1),
    y = (v) => HEIGHT / 2 - ((v - middle) / span) * (HEIGHT - 2 * EDGE);
  const points = series.flatMap((v, i) => (v === null ? [] : [`${x(i).toFixed(1)},${y(v).toFixed(1)}`]));
  const at = rounds.indexOf(round),
    dot = series[at] === null ? "" : `<circle cx="${x(at)}" cy="${y(series[at])}" r="2" fill="currentColor"/>`;
  const holder = el("span.sparkline", { "aria-hidden": "true" });
  holder.innerHTML = `<svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" fill="none"
    stroke="currentColor" stroke-linejoin="round"><polyline points="${points.join(" ")}"/>${dot}</svg>`;
  return holder;
}
