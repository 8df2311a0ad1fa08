// The run's figures per round, as small charts. Plotly is fetched only after the first picture is there.
import { store } from "./state.js";
import { perRound } from "./stages.js";
import { el } from "./dom.js";

// Okabe and Ito's blue, vermilion and green, told apart with every common colour vision; lighter on dark ground.
const COLOURS = { light: ["#0072b2", "#d55e00", "#009e73"], dark: ["#56b4e9", "#ff8a4c", "#35c79a"] };
const at = (object, path) => path.split(".").reduce((o, key) => o?.[key], object);
const series = (rounds, path, times = 1) =>
  rounds.map((r) => (Number.isFinite(at(r, path)) ? times * at(r, path) : null));
const any = (values) => values.some((v) => v !== null);

const line = (x, y, name, color, extra = {}) => ({
  x,
  y,
  name,
  mode: "lines+markers",
  type: "scatter",
  line: { color, width: 2.5, ...extra.line },
  marker: { size: 8, color, symbol: extra.symbol ?? "circle" },
  hovertemplate: `%{y:.3~g}${extra.unit ?? ""}<extra>${name}, round %{x}</extra>`,
});
// A level of before the first round, named on the line itself.
const level = (rounds, y, name, color) => ({
  x: [rounds[0] - 0.3, rounds.at(-1) + 0.3],
  y: [y, y],
  text: [name, ""],
  textposition: "top right",
  textfont: { size: 11, color },
  mode: "lines+text",
  type: "scatter",
  hoverinfo: "skip",
  showlegend: false,
  line: { color, width: 1.5, dash: "dot" },
});

/** One chart per question: {title, note, unit, traces}; what has no figures falls out. */
export function plots({ rounds = [], cam, seeds }, ink, theme) {
  const [UNARY, REFINED, THIRD] = COLOURS[theme];
  const t = rounds.map((r) => r.round);
  const both = (path, times, unit) =>
    [
      ["unary", UNARY, "circle"],
      ["refined", REFINED, "diamond"],
    ].flatMap(([which, colour, symbol]) => {
      const y = series(rounds, path.replace("*", which), times);
      return any(y) ? [line(t, y, which, colour, { symbol, unit })] : [];
    });
  const one = (path, name, colour, times, unit, extra) => {
    const y = series(rounds, path, times);
    return any(y) ? [line(t, y, name, colour, { unit, ...extra })] : [];
  };
  const reference = (value, name, colour = ink) =>
    Number.isFinite(value) && t.length ? [level(t, 100 * value, name, colour)] : [];
  const ends = ["unary", "refined"].map((w) => series(rounds, `energy.paper.${w}`));
  const all = [
    {
      title: "Quality of the labels",
      note: "mIoU with the tags known, before and after the affinity",
      unit: "%",
      traces: [...both("*.miou_tags", 100, " %"), ...reference(cam?.fixed?.miou_tags, "CAM")],
    },
    {
      title: "Confident regions",
      note: "how much is kept, and how much of it is right",
      unit: "%",
      traces: [
        ...one("confident.precision", "precision", UNARY, 100, " %"),
        ...one("confident.coverage", "coverage", THIRD, 100, " %", { symbol: "square" }),
        ...reference(seeds?.precision, "seeds' precision", UNARY),
        ...reference(seeds?.coverage, "seeds' coverage", THIRD),
      ],
    },
    {
      title: "Does it settle?",
      note: "pixels whose label changed, and patches with a corrected label",
      unit: "%",
      traces: [
        ...one("changed", "changed", REFINED, 100, " %"),
        ...one("confident.relabelled", "relabelled", THIRD, 100, " %", { symbol: "square" }),
      ],
    },
    {
      title: "Energy J ref",
      note: "on one fixed image Laplacian; lower is smoother",
      unit: "",
      traces: both("energy.ref.*"),
    },
    // The paper's Laplacian changes with the round, so its rounds are not joined: only before -> after within a round.
    {
      title: "Energy J of the paper",
      note: "each round has its own Laplacian: compare only within a round",
      unit: "",
      traces:
        any(ends[0]) && any(ends[1])
          ? t.map((x, i) => ({
              x: [x - 0.12, x + 0.12],
              y: [ends[0][i], ends[1][i]],
              type: "scatter",
              mode: "lines+markers",
              showlegend: false,
              line: { color: ink, width: 1.5 },
              customdata: [x, x],
              marker: { size: 8, color: [UNARY, REFINED], symbol: ["circle", "diamond"] },
              hovertemplate: "%{y:.3~g}<extra>round %{customdata}</extra>",
            }))
          : [],
    },
    {
      title: "Reach",
      note: "grid cells that hold 90 % of a pixel's decision, median",
      unit: "",
      traces: one("reach", "reach", UNARY),
    },
    {
      title: "Object share",
      note: "of all pixels; a collapse would show here",
      unit: "%",
      traces: both("foreground.*", 100, " %"),
    },
  ];
  return all.filter(({ traces }) => traces.some(({ mode }) => mode === "lines+markers"));
}

class Charts {
  constructor(root, props, base, server) {
    Object.assign(this, { root, props, base, server, plotted: [] });
    this.source = el("p.source");
    this.grids = [el("div.charts"), el("div.charts.small")]; // the two that matter most, then the rest
    root.replaceChildren(el("h2", {}, "The whole run, round by round"), this.source, ...this.grids);
    store.subscribe((changed) => {
      if (changed.has("run")) this.load();
      else if (changed.has("round")) this.mark();
    });
    new MutationObserver(() => theme() !== this.theme && this.draw()).observe(document.body, {
      attributes: true,
      attributeFilter: ["class"],
    });
    this.ready = this.load();
  }

  get run() {
    return (this.props.runs.find(({ name }) => name === store.state.run) ?? this.props.runs[0])?.name;
  }

  async load() {
    const answer = (await this.server.figures({ run: this.run })) ?? {
      ok: false,
      error: "The explorer does not answer.",
    };
    if (!answer.ok) return void (this.source.textContent = answer.error);
    this.figures = answer.figures;
    const { split, images, rounds = [] } = this.figures;
    const on = split
      ? `measured on the ${split} split${images ? `, ${images.toLocaleString("en-GB")} photos` : ""}`
      : "";
    const planned =
      answer.rounds > rounds.length
        ? `${rounds.length} of ${answer.rounds} rounds so far`
        : `${rounds.length} rounds`;
    this.source.textContent = [
      `Run ${this.run}`,
      planned,
      on,
      rounds.length ? "click a point to go to its round" : "figures appear when the first round ends",
    ]
      .filter(Boolean)
      .join(" · ");
    await this.draw();
  }

  async draw() {
    if (!this.figures) return;
    await plotly(this.base + this.props.plotly);
    const style = getComputedStyle(this.root),
      ink = (name) => style.getPropertyValue(name).trim();
    this.theme = theme();
    this.plotted = plots(this.figures, ink("--soft"), this.theme).map((plot) => ({
      ...plot,
      node: el("div.plot"),
    }));
    const cards = this.plotted.map(({ title, note, node, traces }) =>
      el(
        "figure",
        { "aria-label": `${title}: ${note}` },
        el("figcaption", {}, title, el("small", {}, note), legend(traces, this.theme)),
        node,
      ),
    );
    this.grids[0].replaceChildren(...cards.slice(0, 2));
    this.grids[1].replaceChildren(...cards.slice(2));
    const ticks = this.figures.rounds.map((r) => r.round);
    for (const { node, traces, unit } of this.plotted) {
      await window.Plotly.newPlot(
        node,
        traces,
        {
          margin: { l: 44, r: 10, t: 8, b: 26 },
          paper_bgcolor: "rgba(0,0,0,0)",
          plot_bgcolor: "rgba(0,0,0,0)",
          hovermode: "closest",
          font: { family: style.getPropertyValue("--sans"), size: 12, color: ink("--soft") },
          xaxis: {
            tickvals: ticks,
            ticktext: ticks.map((t, i) => (i ? `${t}` : `round ${t}`)),
            range: [ticks[0] - 0.35, ticks.at(-1) + 0.35],
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
          showlegend: false,
          shapes: this.shapes(),
        },
        { displayModeBar: false, responsive: true },
      );
      node.on("plotly_click", ({ points: [{ x }] }) => go(Math.round(x)));
    }
    this.root.dataset.ready = "1";
  }

  shapes() {
    const x = store.state.round,
      line = getComputedStyle(this.root).getPropertyValue("--strong").trim();
    return [
      {
        type: "rect",
        xref: "x",
        yref: "paper",
        x0: x - 0.25,
        x1: x + 0.25,
        y0: 0,
        y1: 1,
        line: { width: 0 },
        fillcolor: line,
        opacity: 0.28,
        layer: "below",
      },
    ];
  }

  mark() {
    for (const { node } of this.plotted) window.Plotly.relayout(node, { shapes: this.shapes() });
  }
}

const theme = () => (document.body.classList.contains("dark") ? "dark" : "light");
const MARKS = { circle: "●", diamond: "◆", square: "■" };

/** The names of the lines, in the card's head: shape and colour of each mark. Plotly's own wraps in small cards. */
function legend(traces, theme) {
  const named = traces.filter(({ mode, name }) => mode === "lines+markers" && name);
  const keys = named.map(({ name, marker }) => [name, marker.color, marker.symbol]);
  if (!keys.length)
    [
      ["unary", 0, "circle"],
      ["refined", 1, "diamond"],
    ].forEach(([n, c, m]) => keys.push([n, COLOURS[theme][c], m]));
  if (keys.length < 2) return null;
  return el(
    "span.series",
    {},
    keys.map(([name, colour, symbol]) =>
      el("span", {}, el("i", { style: `color:${colour}`, "aria-hidden": "true" }, MARKS[symbol]), name),
    ),
  );
}

function go(round) {
  store.set(perRound(store.state.stage) ? { round } : { round, stage: "refined" });
}

let loading;
function plotly(src) {
  loading ??= new Promise((resolve, reject) =>
    document.head.append(el("script", { src, onload: resolve, onerror: reject })),
  );
  return loading;
}

/** Wait for the first picture, then for a quiet moment: charts must never delay it. */
export function mount(element, props, base, server) {
  const root = element.querySelector(".iaff-charts");
  const start = () =>
    (window.requestIdleCallback ?? setTimeout)(
      () => (root.__charts = new Charts(root, props, base, server)),
      { timeout: 1500 },
    );
  window.__iaff?.shown ? start() : window.addEventListener("iaff:ready", start, { once: true });
}
