// A figure on paper: blocks below each other, drawn at any resolution. Lengths are in CSS px.

const PAD = 20; // around a figure, where nothing else is said
const measure = new OffscreenCanvas(1, 1).getContext("2d");

/** Colours and fonts of the page, light or dark, for figures. */
export function inks(root) {
  const style = getComputedStyle(root),
    of = (name) => style.getPropertyValue(name).trim();
  return {
    ground: of("--surface"),
    ink: of("--ink"),
    soft: of("--soft"),
    line: of("--strong"),
    sans: style.fontFamily,
  };
}

export class Sheet {
  /** width: of the content; `ink` as inks() has it; `pad`: around everything. */
  constructor(width, ink, pad = PAD) {
    this.pad = pad;
    this.width = width;
    this.ink = ink;
    this.blocks = [];
    this.height = 0;
  }

  font(size, weight = 400) {
    return `${weight} ${size}px ${this.ink.sans}`;
  }

  /** A block of that height; `draw(context, y)` draws it, with its left edge at 0. */
  add(height, draw) {
    this.blocks.push({ y: this.height, draw });
    this.height += height;
  }

  gap(height) {
    this.height += height;
  }

  /** A paragraph, wrapped. */
  text(words, { size = 13, weight = 400, colour = this.ink.ink } = {}) {
    const font = this.font(size, weight),
      step = Math.round(size * 1.4);
    for (const line of wrapped(words, font, this.width))
      this.add(step, (c, y) => {
        Object.assign(c, { font, fillStyle: colour, textAlign: "left", textBaseline: "middle" });
        c.fillText(line, 0, y + step / 2);
      });
  }

  /** Entries {width, draw(context, x, y)} of one height beside each other, in as many lines as they need. */
  flow(entries, height = 20, between = 18) {
    let x = 0;
    if (!entries.length) return;
    let line = [];
    const end = () => {
      const shown = line;
      this.add(height, (c, y) => shown.forEach(({ entry, at }) => entry.draw(c, at, y + height / 2)));
      line = [];
      x = 0;
    };
    for (const entry of entries) {
      if (line.length && x + entry.width > this.width) end();
      line.push({ entry, at: x });
      x += entry.width + between;
    }
    end();
  }

  /** Of the whole figure, CSS px. */
  get size() {
    return { width: this.width + 2 * this.pad, height: this.height + 2 * this.pad };
  }

  /** All blocks into a context, of a canvas or as svg_context.js has it. */
  draw(c) {
    c.translate(this.pad, this.pad);
    for (const { y, draw } of this.blocks) {
      c.save();
      draw(c, y);
      c.restore();
    }
  }

  /** The figure, `scale` canvas px to a CSS px. */
  canvas(scale) {
    const canvas = document.createElement("canvas"),
      c = canvas.getContext("2d", { alpha: false });
    canvas.width = Math.round(this.size.width * scale);
    canvas.height = Math.round(this.size.height * scale);
    c.fillStyle = this.ink.ground;
    c.fillRect(0, 0, canvas.width, canvas.height);
    c.scale(scale, scale);
    this.draw(c);
    return canvas;
  }
}

/** The width of some words, CSS px. */
export function widthOf(words, font) {
  measure.font = font;
  return measure.measureText(words).width;
}

/** Lines of at most that width; a word that is longer stands alone. */
export function wrapped(words, font, width) {
  const lines = [];
  let line = "";
  for (const word of words.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && widthOf(longer, font) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Promise of a canvas as the Blob of a PNG. */
export const png = (canvas) =>
  new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The browser could not draw a picture of that size."))),
      "image/png",
    ),
  );
