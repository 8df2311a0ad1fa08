// The run's figures per round, as small charts, beside those of the photo and of a run that is compared. Plotly is
// fetched only after the first picture is there.
import { perRound } from "../state/state.js";
import { specOf } from "../state/panes.js";
import { classesOf, photoFigures, plots, roundsOf } from "./chart_data.js";
import { propagatorTables } from "./propagator_tables.js";
import { el, segmented } from "../ui/dom.js";
import { inWords } from "../ui/pointing.js";

const MARKS = { circle: "●", diamond: "◆", square: "■" };
const MARGIN = { l: 44, r: 10, t: 8, b: 26 }; // px around the axes, as charts.css has it
const AROUND = 0.35; // rounds that the axis goes on before the first and after the last
const SIGHT = "300px"; // so far outside the window charts are kept up to date
const CONFIG = { displayModeBar: false, responsive: true };

export class Charts {
  /** root: what the charts fill; current: the photo that is shown; plotly: the path of its script. */
  constructor({ root, store, current, client, plotly }) {
    this.root = root;
    this.store = store;
    this.current = current;
    this.client = client;
    this.script = plotly;
    this.cards = new Map();
    this.asked = new Map();
    this.runs = [];
    this.source = el("p.source");
    this.choice = segmented(
      "Whose figures",
      [
        ["run", "run", "the run's figures alone"],
        ["photo", "this photo", "this photo's figures alone"],
        ["both", "both", "both in each chart"],
      ],
      (shown) => store.set({ figs: shown === "both" ? null : shown }),
    );
    this.cls = el("select", { "aria-label": "Class", onchange: () => store.set({ cls: this.cls.value || null }) });
    this.key = el("p.sources");
    this.tables = el("div.tables");
    this.grids = [el("div.charts"), el("div.charts.small")]; // the three that matter most, then the rest
    root.replaceChildren(
      el("h2", {}, "The whole run, round by round"),
      this.source,
      el("div.choice", {}, this.choice.node, this.cls, this.key),
      ...this.grids,
      this.tables,
    );
    this.#listen();
    this.ready = this.load();
  }

  #listen() {
    this.store.subscribe((changed) => {
      if (["run", "panes", "p2", "p3", "p4"].some((key) => changed.has(key))) this.load();
      if (changed.has("round")) this.mark();
      if (changed.has("figs") || changed.has("cls")) this.update();
    });
    this.current.changed.subscribe(() => this.update());
    this.current.grown.subscribe(() => {
      this.asked.clear();
      this.load();
    });
    new MutationObserver(() => theme() !== this.theme && this.update()).observe(document.body, {
      attributes: true,
      attributeFilter: ["class"],
    });
    new IntersectionObserver(
      (entries) => {
        this.near = entries.at(-1).isIntersecting;
        if (this.near && this.stale) this.update();
      },
      { rootMargin: SIGHT },
    ).observe(this.root);
  }

  /** The figures of the run and of the one that a pane compares it with, unless they are here already. */
  async load() {
    const names = [this.current.run?.name, this.#compared()].filter(Boolean),
      load = (this.loading = {});
    const failed = ({ message }) => ({ error: message });
    for (const name of names) if (!this.asked.has(name)) this.asked.set(name, this.client.figures(name).catch(failed));
    const answers = await Promise.all(names.map((name) => this.asked.get(name)));
    names.forEach((name, i) => answers[i].error && this.asked.delete(name)); // asked again the next time
    if (this.loading !== load) return; // another run was chosen meanwhile
    this.runs = names.map((name, i) => ({ name, ...answers[i] }));
    await this.update();
  }

  /** What is drawn, the first source is the main one. */
  #sources() {
    const [own, other] = this.runs.map(({ figures }) => figures ?? { rounds: [] }),
      meta = this.current.trace?.meta;
    const all = [
      { kind: "run", name: `run ${this.runs[0]?.name}`, figures: own },
      { kind: "photo", name: "this photo", figures: meta && photoFigures(meta) },
      { kind: "other", name: `run ${this.runs[1]?.name}`, figures: other },
    ];
    const there = all.filter(({ figures }) => figures?.rounds?.length),
      { figs } = this.store.state,
      chosen = there.filter(({ kind }) => !figs || (kind === "photo") === (figs === "photo"));
    return chosen.length ? chosen : there;
  }

  /** Says at once what the charts are about, and draws them, or waits until they come into sight. */
  async update() {
    if (!this.runs.length) return;
    const sources = this.#sources();
    this.choice.show(this.store.state.figs ?? "both");
    this.source.textContent = about(this.runs[0]);
    this.key.replaceChildren(...sources.map(sample));
    this.#classes();
    this.tables.replaceChildren(...propagatorTables(this.runs[0].propagators ?? []));
    this.stale = !this.near && "ready" in this.root.dataset;
    if (!this.stale) await this.#draw(sources);
  }

  /** The class that the charts show in place of the mean of all: the one that the view's filter names, or null. */
  #class() {
    const { cls } = this.store.state;
    return classesOf(this.runs[0].figures ?? {}).includes(cls) ? cls : null;
  }

  #classes() {
    const names = classesOf(this.runs[0].figures ?? {});
    this.cls.replaceChildren(
      el("option", { value: "" }, "all classes"),
      ...names.map((name) => el("option", { value: name }, name)),
    );
    this.cls.value = this.#class() ?? "";
    this.cls.hidden = !names.length;
  }

  /** One chart at a time, in quiet moments: the picture above stays quick. A later drawing takes the place of this. */
  async #draw(sources) {
    const drawing = (this.drawing = {});
    try {
      await this.#plotly();
    } catch (error) {
      this.source.textContent = error.message;
      return;
    }
    const style = getComputedStyle(this.root),
      ink = (name) => style.getPropertyValue(name).trim();
    this.theme = theme();
    this.ticks = roundsOf(sources);
    const all = plots(sources, ink("--soft"), this.theme, this.#class()),
      axes = layout(this.ticks, ink, (parseFloat(style.fontSize) * 12) / 14); // as --tiny is of --text
    if (this.drawing !== drawing) return;
    this.#arrange(all);
    this.mark();
    for (const { title, traces, unit } of all) {
      await quiet();
      if (this.drawing !== drawing) return;
      const { node } = this.cards.get(title),
        first = !node.data;
      await /** @type {any} */ (window).Plotly.react(node, traces, axes(unit), CONFIG);
      if (first) node.on("plotly_click", ({ points: [{ x }] }) => this.#go(Math.round(x)));
    }
    this.root.dataset.ready = "1";
  }

  /** Promise that Plotly is there; fetched again where it could not be. */
  #plotly() {
    this.plotly ??= this.client.script(this.script);
    this.plotly.catch(() => (this.plotly = null));
    return this.plotly;
  }

  /** Cards in order; those that were there stay, with what Plotly has built in them. */
  #arrange(all) {
    const figures = all.map(({ title, note, keys }) => {
      if (!this.cards.has(title)) this.cards.set(title, card(title, note));
      const one = this.cards.get(title);
      one.keys.replaceChildren(...keys.map(series));
      return one.figure;
    });
    [figures.slice(0, 3), figures.slice(3)].forEach((here, i) => {
      const grid = this.grids[i],
        same = grid.children.length === here.length && here.every((figure, k) => grid.children[k] === figure);
      if (!same) grid.replaceChildren(...here);
    });
  }

  /** The run of the first pane that names another one, or null. */
  #compared() {
    const { state } = this.store;
    for (let i = 1; i < state.panes; i++) {
      const { run } = specOf(state, i);
      if (run && run !== this.current.run?.name) return run;
    }
    return null;
  }

  #go(round) {
    const { store } = this;
    store.set(perRound(store.state.stage) ? { round } : { round, stage: "refined" });
  }

  /** Marks the round that is shown above; by style alone, which costs nothing. */
  mark() {
    if (!this.ticks?.length) return;
    const low = this.ticks[0] - AROUND,
      wide = this.ticks.at(-1) + AROUND - low;
    this.root.style.setProperty("--round", (this.store.state.round - low) / wide);
    this.root.style.setProperty("--wide", 0.5 / wide);
  }
}

/** One line on the run: how far it is, and on what it was measured. */
function about({ name, error, figures = /** @type {any} */ ({}), rounds: planned }) {
  if (error) return error;
  const { split, images, rounds = [] } = figures,
    done = rounds.length;
  if (!done && !planned) return `Run ${name} · traces alone, without figures of a run`;
  const parts = [
    `Run ${name}`,
    planned > done ? `${done} of ${planned} rounds so far` : `${done} rounds`,
    split && `measured on the ${split} split${images ? `, ${images.toLocaleString("en-GB")} photos` : ""}`,
    done ? inWords("click a point to go to its round") : "figures appear when the first round ends",
  ];
  return parts.filter(Boolean).join(" · ");
}

function card(title, note) {
  const node = el("div.plot"),
    keys = el("span.series"),
    caption = el("figcaption", {}, title, el("small", {}, note), keys);
  return { node, keys, figure: el("figure", { "aria-label": `${title}: ${note}` }, caption, node) };
}

/** How a source's lines look. */
const sample = ({ kind, name }) =>
  el("span", {}, el(`i.${kind}`), kind === "photo" ? `${name}, its mIoU over its own classes` : name);

// The names of the lines stand in the card's head. Plotly's own legend wraps in small cards.
const series = ({ name, colour, shape }) =>
  el("span", {}, el("i", { style: `color:${colour}`, "aria-hidden": "true" }, MARKS[shape]), name);

const layout = (ticks, ink, size) => (unit) => ({
  margin: MARGIN,
  paper_bgcolor: "rgba(0,0,0,0)",
  plot_bgcolor: "rgba(0,0,0,0)",
  hovermode: "closest",
  showlegend: false,
  font: { family: ink("--sans"), size, color: ink("--soft") },
  xaxis: {
    tickvals: ticks,
    ticktext: ticks.map((t, i) => (i ? `${t}` : `round ${t}`)),
    range: [ticks[0] - AROUND, ticks.at(-1) + AROUND],
    showgrid: false,
    zeroline: false,
    fixedrange: true,
  },
  yaxis: {
    gridcolor: ink("--line"),
    zeroline: false,
    ticksuffix: unit ? ` ${unit}` : "",
    nticks: 5,
    fixedrange: true,
  },
});

const theme = () => (document.body.classList.contains("dark") ? "dark" : "light");
const quiet = () =>
  new Promise((next) => /** @type {any} */ (window.requestIdleCallback ?? setTimeout)(next, { timeout: 300 }));
