// The font of formulae, STIX Two Math, so that they look alike on every system. It comes when the first formula is shown.

/** Where it lies; not in a self-contained page, whose scripts have no address. */
export const mathFont = () => new URL("./math_font/stix-two-math.woff2", import.meta.url).href;

/** Lets this page's formulae have it, see lessons.css. */
export function offerMathFont() {
  document.fonts.add(new FontFace("STIX Two Math", `url("${mathFont()}")`, { display: "swap" }));
}
