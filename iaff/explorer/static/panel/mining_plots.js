// Two plots of the tab "Mining": precision against coverage, and whether the region scores are calibrated.
import { el } from "../ui/dom.js";
import { calibration, regionFigures, tradeOff, tradeOffRun } from "../engine/mining.js";
import { Plot, svg, ticks } from "../ui/plot.js";
import { number, percent } from "../ui/format.js";
import { term } from "../ui/term.js";

const WIDTH = 150,
  HEIGHT = 124;
const SEEN = 0.1; // below this coverage precision is that of a few superpixels
const share = (v) => `${Math.round(100 * v)}`;

/** Where an axis of shares begins: the tenth below all of them. */
const lowest = (values) => Math.min(0.9, Math.floor(10 * Math.min(...values, 1) + 1e-9) / 10);

export class MiningPlots {
  constructor() {
    this.clear();
    this.trade = new Plot("Precision against coverage", WIDTH, HEIGHT);
    this.scores = new Plot("Calibration of the region scores", WIDTH, HEIGHT);
    this.error = el("span");
    this.note = el("p.plot-note");
    this.node = el(
      "div.plots",
      {},
      el("figure", {}, el("h3", {}, "Precision, coverage"), this.trade.node),
      el("figure", {}, el("h3", {}, term("Calibration"), this.error), this.scores.node),
      this.note,
    );
    this.scores.scale(
      { name: "score, %", low: 0, high: 1, ticks: [0, 0.5, 1], text: share },
      { name: "right, %", low: 0, high: 1, ticks: [0, 0.5, 1], text: share },
    );
  }

  /** The run's mining.json is on its way. */
  clear() {
    this.run = null;
    this.why = "";
  }

  /** It is there (`run`), or it is not, and `why` says so. */
  answered(run, why) {
    Object.assign(this, { run, why });
  }

  /** `at`: thresholds as they are tried, see mining.js. */
  show(trace, state, at) {
    const entry = this.run?.rounds?.find?.(({ round }) => round === state.round),
      histogram = entry?.right?.length && entry.right.length === entry.wrong?.length ? entry : null;
    this.#trade(trace, state, at, histogram);
    this.#calibration(histogram, at);
    this.note.textContent = this.#say(trace, histogram);
  }

  #say(trace, histogram) {
    const photo = trace.truth ? "Solid: pixels of this photo. " : "No truth for this photo: its coverage alone. ";
    if (this.run === null) return photo + this.why;
    const split = this.run.split ? `on ${this.run.split}` : "";
    if (!histogram) return `${photo}The run counted no region scores.`;
    return `${photo}Dashed, and bars: superpixels of the run ${split}, one τ for all.`;
  }

  #trade(trace, { round }, at, histogram) {
    const own = trace.meta.thresholds ?? {},
      two = at.tauBg !== at.tau || own.tau_background !== undefined,
      seen = (curve) => curve.filter((point) => point.coverage >= SEEN),
      photo = seen(tradeOff(trace, round, two ? at.tauBg : null) ?? []),
      run = seen(histogram ? tradeOffRun(histogram) : []),
      { coverage, precision } = regionFigures(trace, round, at),
      { trade } = this;
    const axis = (key) => {
      const low = lowest([...photo, ...run].map((point) => point[key]));
      return { name: `${key}, %`, low, high: 1, ticks: ticks(low, 1, 2), text: share };
    };
    trade.scale(axis("coverage"), axis("precision"));
    const path = (points) => trade.line(points.map((point) => [point.coverage, point.precision]));
    const { across, up } = trade,
      x = Math.max(across.low, coverage);
    const here =
      precision === null || !coverage
        ? svg("path.at", {
            d: trade.line([
              [x, up.low],
              [x, 1],
            ]),
          })
        : svg("circle.at", { cx: trade.x(x), cy: trade.y(Math.max(up.low, precision)), r: 4 });
    trade.body.replaceChildren(svg("path.curve.run", { d: path(run) }), svg("path.curve", { d: path(photo) }), here);
    const what = precision === null ? "" : `, precision ${percent(precision)}`;
    trade.node.setAttribute("aria-label", `Precision against coverage: coverage ${percent(coverage)}${what}`);
  }

  #calibration(histogram, { tau, tauBg }) {
    const { scores } = this,
      { bins, error } = histogram ? calibration(histogram) : { bins: [], error: null },
      most = Math.max(1, ...bins.map(({ count }) => count));
    const bar = ({ low, high, right, count }) =>
      svg(
        "rect.bar",
        {
          x: scores.x(low) + 0.4,
          width: scores.x(high) - scores.x(low) - 0.8,
          y: scores.y(right),
          height: scores.y(0) - scores.y(right),
          opacity: 0.15 + (0.85 * Math.log1p(count)) / Math.log1p(most), // pale where few were counted
        },
        svg("title", {}, `score ${low.toFixed(2)} to ${high.toFixed(2)}: ${percent(right)} right of ${number(count)}`),
      );
    const level = (v, kind) =>
      svg(`path.level${kind}`, {
        d: scores.line([
          [v, 0],
          [v, 1],
        ]),
      });
    scores.body.replaceChildren(
      ...bins.filter(({ count }) => count).map(bar),
      svg("path.diagonal", {
        d: scores.line([
          [0, 0],
          [1, 1],
        ]),
      }),
      level(tau, ""),
      ...(tauBg === tau ? [] : [level(tauBg, ".background")]),
    );
    const text = error === null ? "" : percent(error);
    this.error.textContent = text && `ECE ${text}`;
    this.error.title = "expected calibration error, each bin taken at its middle";
    scores.node.setAttribute("aria-label", `Calibration of the region scores${text && `: error ${text}`}`);
  }
}
