// What several propagators make of the run's unary maps over a split, as `iaff evaluate --propagators` measured it.
import { el } from "../ui/dom.js";

const COLUMNS = { miou: "no tags", miou_proposed: "proposed tags", miou_tags: "with tags" };

/** A figure for each table of propagators.json. */
export const propagatorTables = (tables) => tables.map(propagatorTable);

function propagatorTable({ split, images, round, propagators }) {
  const rows = Object.entries(propagators),
    shown = Object.keys(COLUMNS).filter((key) => rows.some(([, score]) => Number.isFinite(score[key]))),
    best = Object.fromEntries(shown.map((key) => [key, Math.max(...rows.map(([, score]) => score[key] ?? 0))]));
  const head = [...shown.map((key) => COLUMNS[key]), "ms a photo"].map((name) => el("th", { scope: "col" }, name)),
    cell = (score, key) => el(score[key] === best[key] ? "td.best" : "td", {}, share(score[key])),
    time = ({ seconds }) => el("td", {}, Number.isFinite(seconds) ? (1000 * seconds).toFixed(0) : "–");
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      "Propagators",
      el(
        "small",
        {},
        `on the unary maps of round ${round}; mIoU in %, ${split} split, ${images.toLocaleString("en-GB")} photos`,
      ),
    ),
    el(
      "table",
      {},
      el("tr", {}, el("td"), head),
      rows.map(([name, score]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, score.title ?? name),
          shown.map((key) => cell(score, key)),
          time(score),
        ),
      ),
    ),
  );
}

const share = (value) => (Number.isFinite(value) ? (100 * value).toFixed(1) : "–");
