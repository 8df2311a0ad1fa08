// The tab "Compare": panes side by side, a second round under the first, and the figures of all.
import { STAGES, perRound } from "../state/state.js";
import { ABOUT } from "./stages.js";
import { ParametersView } from "./parameters_view.js";
import { percent } from "../ui/format.js";
import { COMPARED } from "../draw/layers.js";
import { BY, COUNTS, DIFFERENCE, paneChange, paneValues } from "../state/panes.js";
import { agreement, miou, objectShare } from "../engine/score.js";
import { el, refill, segmented } from "../ui/dom.js";

const cleared = { p2: null, p3: null, p4: null };
const quick = (text, title, onclick) => el("button.plain", { type: "button", title, onclick }, text);

export class CompareView {
  /** runs: those that are open; picture: whose panes are compared. */
  constructor({ store, current, runs, picture }) {
    this.store = store;
    this.current = current;
    this.runs = runs;
    this.picture = picture;
    this.count = segmented(
      "Panes",
      COUNTS.map((n) => [n, String(n), `${n} ${n === 1 ? "pane" : "linked panes"}`]),
      (panes) => store.set({ panes }),
    );
    this.presets = el("div.presets", {}, [
      quick("rounds", "The first rounds and the last, beside each other", () => this.#rounds()),
      quick("stages", "Seeds, unary map, confident regions, refined map", () => this.#stages()),
      quick("propagators", "The unary map as it is, and refined by IAL, a random walk and PAMR", () =>
        this.#propagators(),
      ),
      runs.length > 1 && quick("runs", "This run, another one, and what differs", () => this.#runs()),
    ]);
    this.panes = el("div.pane-rows");
    this.parameters = new ParametersView({ store });
    this.under = el("div");
    this.table = el("table.figures-table");
    this.node = el(
      "div.tab-body",
      {},
      el("div.choice-row", {}, el("h3", {}, "Panes"), this.count.node),
      this.presets,
      this.panes,
      this.parameters.node,
      this.under,
      this.table,
    );
  }

  update() {
    const { state } = this.store;
    this.count.show(state.panes);
    const rows = JSON.stringify([
      state.panes,
      state.by,
      state.p2,
      state.p3,
      state.p4,
      this.current.trace.T,
      this.current.trace.meta.name,
    ]);
    if (this.rows !== rows)
      refill(
        this.panes,
        Array.from({ length: state.panes }, (_, i) => this.#row(i)),
      );
    this.rows = rows; // an open choice stays open while answers arrive
    this.parameters.update();
    refill(this.under, this.#underneath());
    this.#figures();
  }

  #set(change) {
    this.store.set({ ...cleared, diff: null, wipe: null, ...change });
  }

  /** As many panes as there are rounds, at most four: the last round always among them. */
  #rounds() {
    const { trace } = this.current,
      { state } = this.store,
      stage = perRound(state.stage) ? state.stage : "refined",
      rounds = [[1], [1, 2], [1, 3]][trace.T - 1] ?? [1, 2, Math.ceil((trace.T + 2) / 2), trace.T];
    this.#set({ panes: rounds.length, stage, round: rounds[0], by: null, ...entries(rounds.map((t) => `.${t}..`)) });
  }

  #stages() {
    this.#set({ panes: 4, stage: "seeds", by: null, ...entries(["", "unary...", "confident...", "refined..."]) });
  }

  #propagators() {
    const stage = this.store.state.stage === "affinity" ? "affinity" : "refined";
    this.#set({ panes: 4, stage, by: "none", ...entries(["", "..ial.", "..walk.", "..pamr."]) });
  }

  #runs() {
    const { run } = this.current,
      { stage: shown } = this.store.state,
      other = this.runs.find(({ name }) => name !== run.name).name,
      stage = COMPARED.includes(shown) ? shown : "refined";
    this.#set({
      panes: 4,
      stage,
      by: null,
      ...entries(["", `...${other}`, `${DIFFERENCE}...`, `affinity...${other}`]),
    });
  }

  #row(i) {
    const { state } = this.store,
      { trace } = this.current;
    if (i === 0)
      return el(
        "div.pane-row",
        {},
        el("b", {}, "1"),
        el("span.pane-main", {}, "as chosen above,"),
        this.#by(i, state.by ?? "ial"),
      );
    const now = paneValues(state, i),
      put = (change) => this.store.set(paneChange(state, i, change));
    const stages = STAGES.filter((stage) => trace.has(stage, state.round)).map((stage) => [stage, ABOUT[stage].short]);
    const rounds = Array.from({ length: trace.T }, (_, t) => [String(t + 1), `round ${t + 1}`]);
    return el(
      "div.pane-row",
      {},
      el("b", {}, String(i + 1)),
      choose("Layer", [["", "layer as 1"], ...stages, [DIFFERENCE, "difference 1 → 2"]], now.stage, (stage) =>
        put({ stage }),
      ),
      choose("Round", [["", "round as 1"], ...rounds], now.round, (round) => put({ round })),
      this.#by(i, now.by, (by) => put({ by })),
      this.runs.length > 1 &&
        choose(
          "Run",
          [["", "run as 1"], ...this.runs.map(({ name }) => [name, `run ${name}`])],
          now.run,
          (run) => put({ run }),
          "pane-run",
        ),
    );
  }

  #by(i, value, put = (by) => this.store.set({ by: by === "ial" ? null : by })) {
    const options = Object.entries(BY).map(([by, { name }]) => [by, `by ${name}`]);
    return choose("Propagator", i ? [["", "as 1"], ...options] : options, value, put);
  }

  /** The round under the shown one: differences, a wipe, or a blink. */
  #underneath() {
    const { store } = this,
      { state } = store,
      { trace } = this.current;
    if (!COMPARED.includes(state.stage) || trace.T < 2) return [];
    const others = Array.from({ length: trace.T }, (_, i) => i + 1).filter((t) => t !== state.round);
    const against = segmented(
      "Compare with round",
      [[null, "–", "nothing"], ...others.map((t) => [t, `${t}`, `round ${t}`])],
      (diff) => store.set({ diff, wipe: diff && state.wipe }),
    );
    const how = segmented(
      "How",
      [
        [false, "difference", "what was gained, lost, or became another class"],
        [true, "wipe", "a line to drag between the two (w)"],
      ],
      (wipe) => store.set({ wipe: wipe ? 50 : null }),
    );
    against.show(others.includes(state.diff) ? state.diff : null);
    how.show(state.wipe !== null);
    return [
      el("div.choice-row", {}, el("h3", {}, "With round"), against.node),
      this.picture.main.comparable() && el("div.choice-row", {}, el("h3", {}, "As"), how.node),
      this.picture.main.comparable() &&
        el("p.note", {}, "Hold ", el("kbd", {}, "x"), " to see the other round in its place."),
    ].filter(Boolean);
  }

  /** What can be said of every pane that shows a label map. */
  #figures() {
    const { panes } = this.picture,
      maps = panes.map((pane) => ({ pane, labels: pane.labels() })).filter(({ labels }) => labels);
    const first = panes[0].labels();
    /** @type {[string, (map: any) => any][]} */
    const figures = [
      [
        "mIoU",
        ({ pane: { trace }, labels }) => labels.length === trace.truth?.length && percent(scored(labels, trace.truth)),
      ],
      ["object share", ({ labels }) => percent(share(labels))],
      [
        "same label as 1",
        ({ labels }) =>
          first && labels !== first && labels.length === first.length && percent(agreement(first, labels)),
      ],
    ];
    const rows = figures.map(([name, of]) => ({ name, values: maps.map((map) => of(map) || "") }));
    const head = el(
      "tr",
      {},
      el("td"),
      maps.map(({ pane }) => el("th", { scope: "col" }, String(pane.index + 1))),
    );
    this.table.replaceChildren(
      ...(maps.length ? [head] : []),
      ...rows
        .filter(({ values }) => values.some(Boolean))
        .map(({ name, values }) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, name),
            values.map((v) => el("td", {}, v)),
          ),
        ),
    );
  }
}

const known = new WeakMap();
const once = (labels, key, make) => {
  const of = known.get(labels) ?? known.set(labels, {}).get(labels);
  return (of[key] ??= make());
};
const scored = (labels, truth) => once(labels, "miou", () => miou(labels, truth));
const share = (labels) => once(labels, "share", () => objectShare(labels));

/** p2 to p4 from a list whose first is the main pane. */
function entries(list) {
  return Object.fromEntries(list.slice(1).map((text, i) => [`p${i + 2}`, text || null]));
}

function choose(label, options, value, put, kind = "") {
  const node = el(
    "select",
    { class: kind || null, "aria-label": label, onchange: () => put(node.value) },
    options.map(([v, text]) => el("option", { value: v }, text)),
  );
  node.value = value;
  return node;
}
