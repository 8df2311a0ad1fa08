// What there is to choose above the list of all photos: order, comparison, class, round, split, and the map's figure.
import { el } from "../ui/dom.js";

export class PhotoChoices {
  /** ask(wish): something else is asked for; start: what is asked for at first. */
  constructor(ask, start) {
    this.reversed = false;
    this.sort = choice("Order", (sort) => ask({ sort, against: null }));
    this.turn = el("button.turn", { type: "button", onclick: () => ask({ reversed: !this.reversed }) });
    this.against = choice("against", (against) => ask({ against: against || null }));
    this.cls = choice("Class", (cls) => ask({ cls: cls || null }));
    this.round = choice("Round", (round) => ask({ round: +round }));
    this.split = choice("Photos", (split) => ask({ ...start, split: split || null }));
    this.plotted = choice("Map with", (plot) => ask({ plot: plot || null }));
    this.meaning = el("span.meaning");
    this.node = el(
      "div.choices",
      {},
      el("span.order", {}, this.sort.node, this.turn),
      this.against.node,
      this.cls.node,
      this.round.node,
      this.split.node,
      this.plotted.node,
      this.meaning,
    );
  }

  /** What there is to choose from, as the server says; what of it is asked for. */
  show({ sort, sorts, against, comparisons, plot, split, splits, classes, round, rounds }, { reversed, cls }) {
    const names = sorts.map(({ key, label }) => [key, label]);
    this.reversed = reversed;
    this.sort.fill(names, sort);
    this.turn.textContent = reversed ? "↑" : "↓";
    this.turn.title = `${reversed ? "The best first" : "What went wrong first"}: turn the order`;
    this.turn.setAttribute("aria-label", "Turn the order");
    this.turn.setAttribute("aria-pressed", String(reversed));
    this.against.fill([["", "nothing"], ...comparisons], against ?? "");
    this.against.node.hidden = !comparisons.length;
    const counted = classes.map(([name, count]) => [name, `${name} (${count.toLocaleString("en-GB")})`]);
    this.cls.fill([["", "all classes"], ...counted], cls ?? "");
    this.cls.node.hidden = !classes.length;
    this.round.fill(
      rounds.map((t) => [t, `round ${t}`]),
      round,
    );
    this.round.node.hidden = rounds.length < 2;
    this.split.fill([["", "of the training"], ...splits.map((name) => [name, `of ${name}`])], split ?? "");
    this.split.node.hidden = !splits.length;
    this.plotted.fill([["", "–"], ...names.filter(([key]) => key !== sort || against)], plot ?? "");
    this.plotted.node.hidden = names.length < 2;
    this.meaning.textContent = sorts.find(({ key }) => key === sort).meaning;
  }
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
