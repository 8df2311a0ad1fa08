// Parameters of the other propagators: one table (propagator_parameters.json, which Python reads too), and their text in
// the view, "walk-radius.6-beta.2_crf-colour.20", in which defaults are left out.
import TABLE from "./propagator_parameters.json" with { type: "json" };

/** By propagator and parameter: {name, about, values, start}; `walked` is true where the browser alone needs it. */
export const PARAMETERS = TABLE;

/** All parameters of a propagator, {radius: 6, beta: 1, ...}. */
export function parametersOf(params, by) {
  const values = Object.fromEntries(Object.entries(PARAMETERS[by] ?? {}).map(([key, { start }]) => [key, start]));
  for (const item of params?.split("_") ?? []) {
    const [name, ...given] = item.split("-");
    if (name !== by) continue;
    for (const [key, value] of given.map(pair)) if (PARAMETERS[by]?.[key]?.values.includes(value)) values[key] = value;
  }
  return values;
}

function pair(text) {
  const dot = text.indexOf(".");
  return [text.slice(0, dot), Number(text.slice(dot + 1))];
}

/** The text, or null where all is as by default, with some parameters of one propagator changed. */
export function withParameters(params, by, change) {
  const items = Object.keys(PARAMETERS).map((one) => {
    const values = { ...parametersOf(params, one), ...(one === by && change) };
    return [one, ...changed(one, values).map(([key, value]) => `${key}.${value}`)];
  });
  const chosen = items.filter((item) => item.length > 1);
  return chosen.map((item) => item.join("-")).join("_") || null;
}

const changed = (by, values) => Object.entries(values).filter(([key, value]) => value !== PARAMETERS[by][key].start);

/** The text without what the table does not have, in its order. */
export const normalParameters = (params) => params && withParameters(params, null, {});

/** Those of a propagator that are not as by default, for a title: " (radius 6, β 2)". */
export function parameterWords(params, by) {
  const words = changed(by, parametersOf(params, by)).map(([key, value]) => `${PARAMETERS[by][key].name} ${value}`);
  return words.length ? ` (${words.join(", ")})` : "";
}
