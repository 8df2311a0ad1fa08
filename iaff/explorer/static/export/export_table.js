// The table of the tab "Compare" as a file: a column for each pane that shows a label map.
import { field } from "./export_csv.js";
import { comparedFigures, written } from "../panel/compared_figures.js";
import { paneTitle } from "../picture/pane.js";

/** The table of some scenes, see comparedFigures, with what each is; null where there is nothing to say. */
export function comparedTable(scenes) {
  const { scenes: shown, rows } = comparedFigures(scenes);
  return rows.length ? { heads: shown.map(paneTitle), rows } : null;
}

/** Values as they were measured; "mIoU [share]". */
export function tableCsv({ heads, rows }) {
  const lines = [["figure", ...heads], ...rows.map(({ name, unit, values }) => [`${name} [${unit}]`, ...values])];
  return lines.map((line) => `${line.map((value) => field(value ?? "")).join(",")}\r\n`).join("");
}

const SIGNS = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "→": "$\\to$",
  α: "$\\alpha$",
  "·": "$\\cdot$",
};

/** Any text as LaTeX prints it. */
export const latex = (text) => text.replace(/[\\~^→α·{}$&#%_]/g, (sign) => SIGNS[sign] ?? `\\${sign}`);

/** The table for a paper: a plain tabular, which needs no package. Shares in percent. */
export function tableLatex({ heads, rows }) {
  const line = (cells) => `${cells.map(latex).join(" & ")} \\\\`;
  return [
    `\\begin{tabular}{l${"r".repeat(heads.length)}}`,
    "\\hline",
    line(["", ...heads]),
    "\\hline",
    ...rows.map(({ name, unit, values }) => line([name, ...values.map((value) => written(value, unit))])),
    "\\hline",
    "\\end{tabular}",
    "",
  ].join("\n");
}
