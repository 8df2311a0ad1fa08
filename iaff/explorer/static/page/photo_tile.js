// A photo of the list: its small picture, its name, the figure that it is ordered by, now and over the rounds.
import { el } from "../ui/dom.js";
import { percent } from "../ui/format.js";

/** A figure in percent; what changed in points. */
export function figure(value, changed) {
  if (value === null) return "–";
  if (!changed) return percent(value);
  return `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)} points`;
}

/**
 * A button that is the photo of a row, see iaff/explorer/server/browse.py.
 *
 * @param {any} row
 * @param {any} about what the server says of the whole list; `name`: of the figure
 * @param {() => void} choose
 */
export function photoTile(row, about, choose) {
  const { name, against, scale, rounds, round, opens, missing } = about,
    { id, title, value, series, tags, trace } = row,
    can = Boolean(trace) || (opens && !missing),
    said = figure(value, against),
    share = value === null || !(scale > 0) ? 0 : Math.abs(value) / scale;
  const tile = el(
    "button.tile",
    {
      type: "button",
      tabindex: "-1",
      "aria-disabled": can ? null : "true",
      title: [title, id !== title && id, tags?.join(", "), `${name}: ${said}`].filter(Boolean).join("\n"),
      onclick: () => can && choose(),
    },
    el("span.blank", { "aria-hidden": "true" }),
    el("span.id", {}, title),
    el("span.value", {}, el("span.sr", {}, `${name} `), said, sparkline(series, rounds, round)),
    el("span.rail", { "aria-hidden": "true" }, el("i", { style: `transform:scaleX(${Math.min(1, share)})` })),
  );
  return Object.assign(tile, { row });
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
