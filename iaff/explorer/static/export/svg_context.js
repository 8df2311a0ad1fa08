// A context that writes SVG: of a canvas's context as much as figures use (export_sheet.js), so that a figure is described
// once and drawn in either form. Words stay words, shapes stay shapes; pictures are put in as PNG.
import { widthOf } from "./export_sheet.js";
import { toBase64 } from "../trace/base64.js";

const ANCHORS = { left: "start", center: "middle", right: "end" };
const FONT = /^(\d+) ([\d.]+)px (.+)$/; // weight, size, family, as Sheet.font writes it
const text = (value) => `${value}`.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const short = (value) => `${Math.round(value * 100) / 100}`;

class SvgContext {
  #parts = []; // texts, and promises of texts
  #kept = [];
  #moved = [0, 0];
  #path = "";
  #names = 0;

  /** @type {any} */
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  font = "400 13px sans-serif";
  textAlign = "left";
  textBaseline = "middle"; // of all words
  dash = [];

  save() {
    const { fillStyle, strokeStyle, lineWidth, font, textAlign, dash } = this;
    this.#kept.push([{ fillStyle, strokeStyle, lineWidth, font, textAlign, dash }, [...this.#moved]]);
  }

  restore() {
    const [look, moved] = this.#kept.pop();
    Object.assign(this, look);
    this.#moved = moved;
  }

  translate(x, y) {
    this.#moved = this.#at(x, y);
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  fillText(words, x, y, widest = Infinity) {
    const [, weight, size, family] = FONT.exec(this.font),
      [left, middle] = this.#at(x, y),
      narrow = widthOf(words, this.font) > widest ? ` textLength="${widest}" lengthAdjust="spacingAndGlyphs"` : "",
      bold = weight === "400" ? "" : ` font-weight="${weight}"`,
      anchor = this.textAlign === "left" ? "" : ` text-anchor="${ANCHORS[this.textAlign]}"`;
    this.#parts.push(
      `<text x="${short(left)}" y="${short(middle)}" dy=".35em" font-size="${size}" font-family="${text(family)}"` +
        `${bold}${anchor}${narrow}${this.#fill()}>${text(words)}</text>`,
    );
  }

  /** @param {OffscreenCanvas} canvas a picture, put into a box of that size */
  drawImage(canvas, x, y, width, height) {
    const [left, top] = this.#at(x, y),
      box = `x="${short(left)}" y="${short(top)}" width="${width}" height="${height}" preserveAspectRatio="none"`;
    this.#parts.push(
      canvas
        .convertToBlob()
        .then((blob) => blob.arrayBuffer())
        .then((bytes) => `<image ${box} href="data:image/png;base64,${toBase64(new Uint8Array(bytes))}"/>`),
    );
  }

  // --- shapes ------------------------------------------------------------------------------------------------------

  beginPath() {
    this.#path = "";
  }

  moveTo(x, y) {
    this.#path += `M${this.#at(x, y).map(short).join(" ")}`;
  }

  lineTo(x, y) {
    this.#path += `L${this.#at(x, y).map(short).join(" ")}`;
  }

  roundRect(x, y, width, height, r) {
    const arc = (across, down) => `a${r} ${r} 0 0 1 ${across} ${down}`;
    this.moveTo(x + r, y);
    this.#path += `h${width - 2 * r}${arc(r, r)}v${height - 2 * r}${arc(-r, r)}h${2 * r - width}${arc(-r, -r)}`;
    this.#path += `v${2 * r - height}${arc(r, -r)}z`;
  }

  /** A whole circle. */
  arc(x, y, r) {
    this.moveTo(x + r, y);
    this.#path += `a${r} ${r} 0 0 1 ${-2 * r} 0a${r} ${r} 0 0 1 ${2 * r} 0z`;
  }

  fillRect(x, y, width, height) {
    const [left, top] = this.#at(x, y);
    this.#parts.push(`<rect x="${short(left)}" y="${short(top)}" width="${width}" height="${height}"${this.#fill()}/>`);
  }

  fill() {
    this.#parts.push(`<path d="${this.#path}"${this.#fill()}/>`);
  }

  stroke() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    this.#parts.push(
      `<path d="${this.#path}" fill="none" stroke-width="${this.lineWidth}"${paint("stroke", this.strokeStyle)}${dash}/>`,
    );
  }

  // --- paints ------------------------------------------------------------------------------------------------------

  createLinearGradient(x0, y0, x1, y1) {
    const stops = [],
      paints = { stops, addColorStop: (offset, colour) => stops.push([offset, colour]) },
      ends = [...this.#at(x0, y0), ...this.#at(x1, y1)].map(short);
    return Object.assign(paints, { write: (id) => gradient(id, ends, stops) });
  }

  /** @param {OffscreenCanvas} tile that is repeated */
  createPattern(tile) {
    const { width, height } = tile,
      canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height }).getContext("2d").drawImage(tile, 0, 0);
    const [x, y] = this.#at(0, 0).map(short),
      place = `x="${x}" y="${y}" width="${width}" height="${height}" patternUnits="userSpaceOnUse"`,
      image = `<image width="${width}" height="${height}" href="${canvas.toDataURL()}"/>`;
    return { write: (id) => `<pattern id="${id}" ${place}>${image}</pattern>` };
  }

  /** The attributes of what is filled; what is more than a colour is written out before it. */
  #fill() {
    const style = /** @type {any} */ (this.fillStyle);
    if (typeof style === "string") return paint("fill", style);
    const id = `paint${++this.#names}`;
    this.#parts.push(style.write(id));
    return ` fill="url(#${id})"`;
  }

  #at(x, y) {
    return [this.#moved[0] + x, this.#moved[1] + y];
  }

  /** Promise of the whole file as text, of that size in px on that ground. */
  async file(width, height, ground) {
    const parts = await Promise.all(this.#parts),
      size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
      paper = `<rect width="${width}" height="${height}"${paint("fill", ground)}/>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${[paper, ...parts].join("\n")}\n</svg>\n`;
  }
}

/** Promise of a sheet as the text of an SVG file. */
export function svgOf(sheet) {
  const { width, height } = sheet.size,
    context = new SvgContext();
  sheet.draw(context);
  return context.file(width, height, sheet.ink.ground);
}

/** A colour as attributes that every program reads: rgb(1 2 3 / .4) is too new for some. */
function paint(what, colour) {
  const { hex, opacity } = plain(colour);
  return ` ${what}="${hex}"${opacity < 1 ? ` ${what}-opacity="${opacity}"` : ""}`;
}

function gradient(id, ends, stops) {
  const [x1, y1, x2, y2] = ends;
  const place = `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" gradientUnits="userSpaceOnUse"`,
    written = stops.map(([offset, colour]) => {
      const { hex, opacity } = plain(colour);
      return `<stop offset="${short(offset)}" stop-color="${hex}" stop-opacity="${opacity}"/>`;
    });
  return `<linearGradient id="${id}" ${place}>${written.join("")}</linearGradient>`;
}

/** Any colour of CSS as {hex, opacity}, as a canvas understands it. */
function plain(colour) {
  const c = new OffscreenCanvas(1, 1).getContext("2d");
  c.fillStyle = colour;
  const found = /** @type {string} */ (c.fillStyle);
  if (found.startsWith("#")) return { hex: found, opacity: 1 };
  const [r, g, b, opacity] = found.match(/[\d.]+/g).map(Number);
  return { hex: `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`, opacity };
}
