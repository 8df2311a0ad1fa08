// Numbers as people read them.

export const percent = (v, digits = 1) => `${(100 * v).toFixed(digits)} %`;
export const number = (v) =>
  Number.isInteger(v) || Math.abs(v) >= 100
    ? Math.round(v).toLocaleString("en-GB")
    : `${+v.toPrecision(Math.abs(v) < 1 ? 2 : 3)}`;

/** "cat, cow and dog" */
export const listed = (names, last = "and") =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;

const RAISED = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];

/** 0.012, or 6.5·10⁻¹⁰ where that would be all zeros. */
export function small(v) {
  if (v === 0 || v >= 0.001) return `${+v.toPrecision(2)}`;
  const power = Math.ceil(-Math.log10(v));
  return `${(v * 10 ** power).toFixed(1)}·10⁻${[...String(power)].map((d) => RAISED[d]).join("")}`;
}
