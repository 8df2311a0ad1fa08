// What the charts show: figures per round of one or more sources, as Plotly's traces. Nothing here touches the page.

// Okabe and Ito's blue, vermilion and green, told apart with every common colour vision; lighter on dark ground.
const COLOURS = { light: ["#0072b2", "#d55e00", "#009e73"], dark: ["#56b4e9", "#ff8a4c", "#35c79a"] };
const SHAPES = ["circle", "diamond", "square"];
// How each kind of source is drawn.
const STYLES = {
  run: { dash: "solid", width: 2.5, size: 8, opacity: 1, open: "" },
  photo: { dash: "dash", width: 2, size: 6, opacity: 0.6, open: "" },
  other: { dash: "dot", width: 2, size: 8, opacity: 1, open: "-open" },
};
const NUMBER = "%{y:.3~g}";
/** What lies at a path, "unary.miou" or its keys one by one. */
const at = (object, path) => (Array.isArray(path) ? path : path.split(".")).reduce((o, key) => o?.[key], object);
const times = (unit) => (unit === "%" ? 100 : 1);
const plain = (name) => name.replaceAll("<", "&lt;").replaceAll("%{", "% {"); // no tag or pattern of Plotly's
const of = ({ count, name }) => (count > 1 ? ` · ${plain(name)}` : ""); // whose value, where there are several
// Where the steps of the i-th of several sources stand beside a round: they do not lie upon each other.
const place = (i, count) => ({ count, shift: (i - (count - 1) / 2) * 0.24, half: count > 1 ? 0.08 : 0.12 });

// Title, note, unit and the lines: [name, path of its figure, colour and shape]; shares are shown in percent.
const BOTH = (path) => [
  ["unary", path.replace("*", "unary"), 0],
  ["refined", path.replace("*", "refined"), 1],
];
const CHARTS = [
  {
    title: "Quality of the labels",
    note: "mIoU with the tags known, before and after the affinity",
    unit: "%",
    lines: BOTH("*.miou_tags"),
    levels: [["CAM", "cam.fixed.miou_tags", null]],
  },
  {
    title: "Confident regions",
    note: "how much is kept, and how much of it is right",
    unit: "%",
    lines: [
      ["precision", "confident.precision", 0],
      ["coverage", "confident.coverage", 2],
    ],
    levels: [
      ["seeds' precision", "seeds.precision", 0],
      ["seeds' coverage", "seeds.coverage", 2],
    ],
  },
  {
    title: "Leak",
    note: "share of a pixel's decision that other true classes make",
    unit: "%",
    lines: [["leak", "leak", 1]],
  },
  {
    title: "Does it settle?",
    note: "pixels whose label changed, and patches with a corrected label",
    unit: "%",
    lines: [
      ["changed", "changed", 1],
      ["relabelled", "confident.relabelled", 2],
    ],
  },
  {
    title: "Energy J ref",
    note: "on one fixed image Laplacian; lower is smoother",
    unit: "",
    lines: BOTH("energy.ref.*"),
  },
  // The paper's Laplacian changes with the round, so its rounds are not joined: only before -> after within a round.
  {
    title: "Energy J of the paper",
    note: "each round has its own Laplacian: compare only within a round",
    unit: "",
    lines: BOTH("energy.paper.*"),
    within: true,
  },
  {
    title: "Reach",
    note: "grid cells that hold 90 % of a pixel's decision, median",
    unit: "",
    lines: [["reach", "reach", 0]],
  },
  {
    title: "Object share",
    note: "of all pixels; a collapse would show here",
    unit: "%",
    lines: BOTH("foreground.*"),
  },
];

/** The chart of one class in place of the first, which is of the mean of all. */
const ofClass = (name) => ({
  title: `IoU of ${name}`,
  note: "with the tags known, before and after the affinity",
  unit: "%",
  lines: [
    ["unary", ["unary", "iou_tags", name], 0],
    ["refined", ["refined", "iou_tags", name], 1],
  ],
  levels: [["CAM", ["cam", "fixed", "iou_tags", name], null]],
});

/** The classes of which a run has figures. */
export const classesOf = ({ rounds = [] }) => Object.keys(rounds.at(-1)?.refined?.iou_tags ?? {});

/** A photo's figures in the form of a run's; `meta` is its trace's. */
export function photoFigures(meta) {
  const own = meta.figures ?? {},
    named = (map) => ({ ...map, miou_tags: map?.miou });
  return {
    cam: { fixed: named(own.cam) },
    seeds: own.seeds,
    rounds: meta.rounds.map(({ figures = /** @type {any} */ ({}) }, i) => ({
      ...figures,
      round: i + 1,
      unary: named(figures.unary),
      refined: named(figures.refined),
    })),
  };
}

/** All rounds of some sources, in order. */
export const roundsOf = (sources) =>
  [...new Set(sources.flatMap(({ figures }) => figures.rounds.map(({ round }) => round)))].sort((a, b) => a - b);

/**
 * One chart per question: {title, note, unit, keys, traces}; what has no figures falls out.
 *
 * sources: [{kind: "run" | "photo" | "other", name, figures}] with figures as in figures.json; levels of before the
 * first round are the first one's. keys: {name, colour, shape} of the lines. ink: colour of what belongs to no line.
 * cls: a class to show in place of the mean of all, or null.
 */
export function plots(sources, ink, theme, cls = null) {
  const colours = COLOURS[theme],
    charts = cls === null ? CHARTS : [ofClass(cls), ...CHARTS.slice(1)];
  return charts
    .map((chart) => {
      const drawn = sources.map((source, i) => ({ ...source, ...STYLES[source.kind], ...place(i, sources.length) })),
        each = drawn.map((source) => linesOf(chart, source, colours)),
        traces = each.flatMap((lines) =>
          chart.within ? steps(lines, ink) : lines.map((one) => line(one, chart.unit)),
        );
      if (traces.length) traces.push(...levelsOf(chart, sources, colours, ink));
      return { ...chart, traces, keys: chart.lines.length > 1 ? keysOf(each.flat()) : [] };
    })
    .filter(({ traces }) => traces.length);
}

/** A chart's lines that a source has values for; null where a round lacks one. */
function linesOf({ lines, unit }, source, colours) {
  const { rounds } = source.figures;
  return lines
    .map(([name, path, c]) => ({
      name,
      source,
      colour: colours[c],
      shape: SHAPES[c],
      x: rounds.map(({ round }) => round),
      y: rounds.map((r) => (Number.isFinite(at(r, path)) ? times(unit) * at(r, path) : null)),
    }))
    .filter(({ y }) => y.some((v) => v !== null));
}

function keysOf(lines) {
  const keys = new Map(lines.map(({ name, colour, shape }) => [name, { name, colour, shape }]));
  return [...keys.values()];
}

function levelsOf({ levels = [], unit }, sources, colours, ink) {
  const ticks = roundsOf(sources);
  return levels
    .map(([name, path, c]) => [times(unit) * at(sources[0].figures, path), name, colours[c] ?? ink])
    .filter(([y]) => Number.isFinite(y))
    .map(([y, name, colour], i) => level(ticks, y, name, colour, i % 2 === 0));
}

const line = ({ x, y, name, colour, shape, source }, unit) => ({
  x,
  y,
  name,
  opacity: source.opacity,
  mode: "lines+markers",
  type: "scatter",
  line: { color: colour, width: source.width, dash: source.dash },
  marker: { size: source.size, color: colour, symbol: shape + source.open },
  hovertemplate: `${NUMBER}${unit && ` ${unit}`}<extra>${name}, round %{x}${of(source)}</extra>`,
});

/** One step per round, from the unary map's value to the refined map's. */
function steps([before, after], ink) {
  if (!after) return [];
  const { shift, half, dash, size, opacity, open } = before.source;
  return before.x.map((round, i) => ({
    x: [round + shift - half, round + shift + half],
    y: [before.y[i], after.y[i]],
    customdata: [before.name, after.name],
    type: "scatter",
    mode: "lines+markers",
    opacity,
    line: { color: ink, width: 1.5, dash },
    marker: { size, color: [before.colour, after.colour], symbol: [before.shape + open, after.shape + open] },
    hovertemplate: `${NUMBER}<extra>%{customdata}, round ${round}${of(before.source)}</extra>`,
  }));
}

/** A level of before the first round, named on the line itself: at its right end, every other one at its left. */
const level = (ticks, y, name, color, right) => ({
  x: [ticks[0] - 0.3, ticks.at(-1) + 0.3],
  y: [y, y],
  text: right ? ["", name] : [name, ""],
  textposition: right ? "top left" : "top right",
  textfont: { color },
  mode: "lines+text",
  type: "scatter",
  hoverinfo: "skip",
  line: { color, width: 1.5, dash: "dot" },
});
