// What changed between two label maps: gained, lost and flipped object pixels, told apart by colour and by pattern.
import { offscreen } from "./paint.js";

// Okabe and Ito's sky blue, vermilion and yellow
export const CHANGES = [
  { name: "gained", shape: "plus", sign: "+", css: "#56b4e9", rgb: [86, 180, 233] },
  { name: "lost", shape: "minus", sign: "−", css: "#d55e00", rgb: [213, 94, 0] },
  { name: "another class", shape: "dots", sign: "●", css: "#f0e442", rgb: [240, 228, 66] },
];
const TILE = 10; // CSS px between two signs

const object = (label) => label !== 0 && label !== 255;

/** 0 nothing, else 1 + index into CHANGES; labels are class ids, 255 unknown. */
function change(before, now) {
  if (before === now) return 0;
  if (object(now)) return object(before) ? 3 : 1;
  return object(before) ? 2 : 0;
}

/**
 * What changed in a pair (pair.js), drawn: {title, map, masks, counts, shares}: the changes in colour, a mask for each
 * kind's pattern (null: none), how many and which share of all pixels.
 */
export function differ({ names, before, after, trace }) {
  const { W: w, H: h } = trace,
    kinds = after.map((label, p) => change(before[p], label)),
    counts = [0, 0, 0];
  for (const kind of kinds) if (kind) counts[kind - 1]++;
  return {
    title: `${names.join(" → ")}:`,
    map: picture(w, h, (out, p) => kinds[p] && out.set([...CHANGES[kinds[p] - 1].rgb, 235], 4 * p)),
    masks: counts.map((count, i) => count && picture(w, h, (out, p) => kinds[p] === i + 1 && (out[4 * p + 3] = 255))),
    counts,
    shares: counts.map((count) => count / after.length),
  };
}

function picture(w, h, paint) {
  const canvas = offscreen(w, h),
    context = canvas.getContext("2d"),
    data = context.createImageData(w, h);
  for (let p = 0; p < w * h; p++) paint(data.data, p);
  context.putImageData(data, 0, 0);
  return canvas;
}

/** A pattern of plus signs, minus signs or dots, in black. */
export function signs(context, shape, scale) {
  const size = Math.round(TILE * scale),
    tile = offscreen(size, size),
    c = tile.getContext("2d"),
    middle = size / 2,
    arm = size * 0.28,
    thick = 1.6 * scale;
  if (shape === "dots") {
    c.arc(middle, middle, size * 0.17, 0, 7);
    c.fill();
  } else c.fillRect(middle - arm, middle - thick / 2, 2 * arm, thick);
  if (shape === "plus") c.fillRect(middle - thick / 2, middle - arm, thick, 2 * arm);
  return context.createPattern(tile, "repeat");
}
