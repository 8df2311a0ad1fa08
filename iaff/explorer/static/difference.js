// What changed between two label maps: gained, lost and flipped object pixels, told apart by colour and by sign.
import { offscreen } from "./paint.js";

// Okabe and Ito's blue, vermilion and yellow
export const CHANGES = [
  { name: "gained", sign: "+", css: "#56b4e9", rgb: [86, 180, 233] },
  { name: "lost", sign: "−", css: "#d55e00", rgb: [213, 94, 0] },
  { name: "another class", sign: "×", css: "#f0e442", rgb: [240, 228, 66] },
];
const GAP = 4; // cells between two signs

const object = (label) => label !== 0 && label !== 255;

/** 0 nothing, else 1 + index into CHANGES; labels are class ids, 255 unknown. */
function change(before, now) {
  if (before === now) return 0;
  if (object(now)) return object(before) ? 3 : 1;
  return object(before) ? 2 : 0;
}

/** {map, shares, signs}: a canvas (w, h), the share of all pixels per change, and where signs go: [[column, row, index]]. */
export function differ(before, now, w, h) {
  const canvas = offscreen(w, h),
    context = canvas.getContext("2d"),
    data = context.createImageData(w, h),
    counts = [0, 0, 0],
    signs = [],
    step = GAP * Math.max(1, Math.round(w / 88));
  for (let p = 0; p < now.length; p++) {
    const kind = change(before[p], now[p]);
    if (!kind) continue;
    counts[kind - 1]++;
    data.data.set([...CHANGES[kind - 1].rgb, 215], 4 * p);
    const x = p % w,
      y = (p - x) / w;
    if (x % step === step >> 1 && y % step === step >> 1) signs.push([x, y, kind - 1]);
  }
  context.putImageData(data, 0, 0);
  return { map: canvas, shares: counts.map((count) => count / now.length), signs };
}
