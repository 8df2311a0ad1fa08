// The tab "Compare": panes side by side, a second round under the first, and the figures of all.
import { perRound } from "../state/state.js";
import { PaneRows } from "./pane_rows.js";
import { ParametersView } from "./parameters_view.js";
import { comparedFigures, written } from "./compared_figures.js";
import { COMPARED } from "../draw/layers.js";
import { pairOfPanes } from "../draw/pair.js";
import { changesTable } from "./changes_table.js";
import { COUNTS, DIFFERENCE, countChange } from "../state/panes.js";
import { el, refill, segmented } from "../ui/dom.js";
import { hasKeys } from "../ui/pointing.js";
import { term } from "../ui/term.js";

const cleared = { p2: null, p3: null, p4: null };
const quick = (text, title, onclick) => el("button.plain", { type: "button", title, onclick }, text);

export class CompareView {
  /**
   * runs: those that are open; picture: whose panes are compared; blink(on): the other round in the place of this one, or
   * not; photos, propagators: see PaneRows.
   */
  constructor({ store, current, runs, picture, blink, photos, propagators }) {
    this.store = store;
    this.current = current;
    this.runs = runs;
    this.picture = picture;
    this.blink = blink;
    this.count = segmented(
      "Panes",
      COUNTS.map((n) => [n, String(n), `${n} ${n === 1 ? "pane" : "linked panes"}`]),
      (panes) => store.set(countChange(store.state, current.origin, panes)),
    );
    this.presets = el("div.presets", {}, [
      quick("rounds", "The first rounds and the last, beside each other", () => this.#rounds()),
      quick("stages", "Seeds, unary map, confident regions, refined map", () => this.#stages()),
      quick("propagators", "The unary map as it is, and refined by IAL, a random walk and PAMR", () =>
        this.#propagators(),
      ),
      runs.length > 1 && quick("runs", "This run, another one, and what differs", () => this.#runs()),
    ]);
    this.panes = new PaneRows({ store, current, runs, picture, photos, propagators });
    this.parameters = new ParametersView({ store });
    this.under = el("div");
    this.table = el("table.figures-table");
    this.changes = el("div.changes-of-two");
    this.node = el(
      "div.tab-body",
      {},
      el("div.choice-row", {}, el("h3", {}, "Panes"), this.count.node),
      this.presets,
      this.panes.node,
      this.under,
      this.table,
      this.changes,
      this.parameters.node,
    );
  }

  update() {
    const { state } = this.store;
    this.count.show(state.panes);
    this.panes.update();
    this.parameters.update();
    refill(this.under, this.#underneath());
    this.#figures();
    this.#changes();
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
        [false, "difference", "what became right or wrong; without truth: what was gained or lost"],
        [true, "wipe", "a line to drag between the two (w)"],
      ],
      (wipe) => store.set({ wipe: wipe ? 50 : null }),
    );
    against.show(others.includes(state.diff) ? state.diff : null);
    how.show(state.wipe !== null);
    return [
      el("div.choice-row", {}, el("h3", {}, "With round"), against.node),
      this.picture.main.comparable() && el("div.choice-row", {}, el("h3", {}, "As"), how.node),
      this.picture.main.comparable() && this.#otherRound(),
    ].filter(Boolean);
  }

  /** How to see the other round in the place of this one: with a key, or as long as a finger is on a button. */
  #otherRound() {
    if (hasKeys()) return el("p.note", {}, "Hold ", el("kbd", {}, "x"), " to see the other round in its place.");
    const button = el("button.plain.hold", { type: "button" }, "Hold: the other round in its place");
    button.addEventListener("pointerdown", () => this.blink(true));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      button.addEventListener(end, () => this.blink(false));
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    return button;
  }

  /** What can be said of every pane that shows a label map. */
  #figures() {
    const { scenes, rows } = comparedFigures(this.picture.panes),
      head = scenes.map(({ index }) => el("th", { scope: "col" }, String(index + 1)));
    this.table.replaceChildren(
      ...(scenes.length ? [el("tr", {}, el("td"), head)] : []),
      ...rows.map(({ name, unit, values, open }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, term(name)),
          values.map((value, i) => el("td", {}, written(value, unit), open[i] && " …")),
        ),
      ),
    );
  }

  /** What changed between the two maps that are compared. */
  #changes() {
    const pair = comparedPair(this.picture.panes);
    const rounds = pair?.names[0].startsWith("round"); // else the panes' table has the figures of both
    this.changes.replaceChildren(...(pair ? changesTable(pair, rounds) : []));
    this.table.hidden = Boolean(rounds) && this.picture.panes.length === 1;
  }
}

/** The two maps whose figures are compared: those of a difference that is shown, else those of the first two panes. */
function comparedPair(panes) {
  const shown = panes.find(({ spec }) => spec.stage === DIFFERENCE) ?? panes[0],
    pair = shown.pair() ?? panes[0].pair() ?? pairOfPanes(panes);
  return pair && pair.before !== pair.after ? pair : null;
}

/** p2 to p4 from a list whose first is the main pane. */
function entries(list) {
  return Object.fromEntries(list.slice(1).map((text, i) => [`p${i + 2}`, text || null]));
}
