// Figures as CSV: one line a round; round 0 is what comes before the rounds. Values are as they were measured.

// What the numbers count, by the end of their path; what is not listed has no unit that is known.
const UNITS = [
  [/(^|\.)(miou|objects)(_tags|_proposed)?$|(^|\.)iou(_tags|_proposed)?\./, "share"],
  [/precision(_tags)?$|coverage(_train)?$|relabelled(_train)?$|^changed$|^agreement$|^leak$|^foreground\./, "share"],
  [/^reach$/, "cells"],
  [/^energy\./, "1"],
  [/threshold$/, "activation"],
  [/^seeds\.(foreground|background)$/, "activation"],
  [/^photos$/, "photos"],
];

const unit = (path) => UNITS.find(([form]) => /** @type {RegExp} */ (form).test(path))?.[1];

/** {path: number} of a nested object's numbers; "unary.miou". */
function flat(object, before = "", found = {}) {
  for (const [key, value] of Object.entries(object ?? {})) {
    if (typeof value === "number" && Number.isFinite(value)) found[before + key] = value;
    else if (value && typeof value === "object" && !Array.isArray(value)) flat(value, `${before}${key}.`, found);
  }
  return found;
}

/** CSV text of one source: `early`: figures of before the rounds; `rounds`: those of each round. */
function table(scope, name, early, rounds) {
  const lines = [[0, flat(early)], ...rounds.map(({ round: _, ...figures }, i) => [i + 1, flat(figures)])].filter(
      ([, values]) => Object.keys(values).length,
    ),
    paths = [...new Set(lines.flatMap(([, values]) => Object.keys(values)))],
    heads = paths.map((path) => (unit(path) ? `${path} [${unit(path)}]` : path));
  const rows = lines.map(([round, values]) => [scope, name, round, ...paths.map((path) => values[path] ?? "")]);
  return [["scope", "name", "round", ...heads], ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** A value as a field of CSV. */
export const field = (value) => (/[",\r\n]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : `${value}`);

/** This photo's figures, or "" where its trace has none. */
export function photoCsv({ meta }) {
  const { figures, rounds, name } = meta,
    text = table(
      "photo",
      name,
      figures,
      rounds.map((round) => round.figures ?? {}),
    );
  return text.split("\r\n").length > 2 ? text : "";
}

/** The run's figures (figures.json), or "" where there are none. */
export function runCsv(name, { cam, seeds, rounds = [] }) {
  const text = table("run", name, { cam, seeds }, rounds);
  return text.split("\r\n").length > 2 ? text : "";
}
