// From a trace's layers to pixels: each function fills an offscreen canvas or a path. No page, no events here.
import { RAMP, classColour } from "./colour.js";

const DIM = 0.5; // how strongly background darkens the photo
const SHOW = 0.82;

export function offscreen(w, h) {
  return new OffscreenCanvas(w, h);
}

/** The photo in grey: colours above it then mean only what the legend says. */
export function grey(image) {
  const canvas = offscreen(image.width, image.height),
    context = canvas.getContext("2d");
  context.filter = "grayscale(1) contrast(.92) brightness(1.02)";
  context.drawImage(image, 0, 0);
  return canvas;
}

function fill(w, h, colourOf) {
  const canvas = offscreen(w, h),
    context = canvas.getContext("2d"),
    data = context.createImageData(w, h);
  colourOf(data.data);
  context.putImageData(data, 0, 0);
  return canvas;
}

/** Class probabilities as a mix of the shown classes' colours; background darkens. alpha (K, H, W), shown (K). */
export function softMap(alpha, ids, W, H, shown) {
  const n = W * H,
    colours = ids.map(classColour);
  return fill(W, H, (out) => {
    for (let p = 0; p < n; p++) {
      let r = 0,
        g = 0,
        b = 0,
        a = 0;
      for (let k = 0; k < ids.length; k++) {
        if (!shown[k]) continue;
        const v = alpha[k * n + p] * (k ? SHOW : DIM),
          c = colours[k];
        r += v * c[0];
        g += v * c[1];
        b += v * c[2];
        a += v;
      }
      if (a === 0) continue;
      out[4 * p] = r / a;
      out[4 * p + 1] = g / a;
      out[4 * p + 2] = b / a;
      out[4 * p + 3] = 255 * a;
    }
  });
}

/** Activation per tag: colour of the strongest tag, as opaque as it is active. cam (K-1, H, W). */
export function camMap(cam, ids, W, H) {
  const n = W * H,
    colours = ids.slice(1).map(classColour);
  return fill(W, H, (out) => {
    for (let p = 0; p < n; p++) {
      let best = 0;
      for (let k = 1; k < colours.length; k++) if (cam[k * n + p] > cam[best * n + p]) best = k;
      const c = colours[best] ?? [0, 0, 0],
        v = colours.length ? Math.min(1, cam[best * n + p]) : 0;
      out.set(c, 4 * p);
      out[4 * p + 3] = 255 * v ** 0.85;
    }
  });
}

/** A label map of class ids, `shown` (256) of them; `unknown` becomes a mask for the hatch: {labels, unknown}. */
export function labelMap(map, w, h, shown) {
  const unknown = fill(w, h, (out) => map.forEach((id, p) => (out[4 * p + 3] = id === 255 ? 255 : 0)));
  const labels = fill(w, h, (out) =>
    map.forEach((id, p) => {
      if (id === 255 || !shown[id]) return;
      out.set(classColour(id), 4 * p);
      out[4 * p + 3] = 255 * (id ? SHOW : DIM + 0.12);
    }),
  );
  return { labels, unknown };
}

/** Superpixels filled with the colour of their best class, if it is shown, as opaque as its score. */
export function scoreMap(superpixels, scores, ids, W, H, shown) {
  const K = ids.length,
    S = scores.length / K,
    colours = new Uint8Array(S * 4);
  for (let s = 0; s < S; s++) {
    let best = 0;
    for (let k = 1; k < K; k++) if (scores[s * K + k] > scores[s * K + best]) best = k;
    const v = scores[s * K + best];
    if (shown[best]) colours.set([...classColour(ids[best]), 255 * v ** 2 * (best ? SHOW : DIM + 0.12)], 4 * s);
  }
  return fill(W, H, (out) => {
    for (let p = 0; p < superpixels.length; p++)
      for (let c = 0, s = 4 * superpixels[p]; c < 4; c++) out[4 * p + c] = colours[s + c];
  });
}

/** Unit edges between different values: Int16 quadruples are too many to keep, so (position, vertical?) and the two sides. */
export function borders(map, W, H) {
  const xs = [],
    ys = [],
    vertical = [],
    a = [],
    b = [];
  const add = (x, y, v, p, q) => {
    xs.push(x);
    ys.push(y);
    vertical.push(v);
    a.push(map[p]);
    b.push(map[q]);
  };
  for (let y = 0, p = 0; y < H; y++)
    for (let x = 0; x < W; x++, p++) {
      if (x + 1 < W && map[p] !== map[p + 1]) add(x + 1, y, 1, p, p + 1);
      if (y + 1 < H && map[p] !== map[p + W]) add(x, y + 1, 0, p, p + W);
    }
  const short = (v) => Uint16Array.from(v);
  return { xs: short(xs), ys: short(ys), vertical: Uint8Array.from(vertical), a: short(a), b: short(b) };
}

/** Trace edges on a context whose unit is one pixel of the map; `only` keeps the edges of one value. */
export function edgePath(path, { xs, ys, vertical, a, b }, only = -1) {
  for (let i = 0; i < xs.length; i++) {
    if (only >= 0 && a[i] !== only && b[i] !== only) continue;
    path.moveTo(xs[i], ys[i]);
    path.lineTo(xs[i] + (vertical[i] ? 0 : 1), ys[i] + (vertical[i] ? 1 : 0));
  }
  return path;
}

/** The same edges end to end, as long lines: the dashes of a line begin anew wherever a path is taken up again. */
export function outlines(path, { xs, ys, vertical, a, b }, only = -1) {
  const ends = (i) => [
    [xs[i], ys[i]],
    [xs[i] + (vertical[i] ? 0 : 1), ys[i] + (vertical[i] ? 1 : 0)],
  ];
  const left = new Set(),
    at = new Map(), // edges by their ends
    name = (/** @type {number[]} */ [x, y]) => y * 65536 + x;
  for (let i = 0; i < xs.length; i++) {
    if (only >= 0 && a[i] !== only && b[i] !== only) continue;
    left.add(i);
    for (const end of ends(i).map(name)) at.has(end) ? at.get(end).push(i) : at.set(end, [i]);
  }
  for (const first of left) {
    let here = ends(first)[0];
    path.moveTo(here[0], here[1]);
    for (let i = first; i !== undefined; i = at.get(name(here)).find((other) => left.has(other))) {
      left.delete(i);
      const [from, to] = ends(i);
      here = name(from) === name(here) ? to : from;
      path.lineTo(here[0], here[1]);
    }
  }
  return path;
}

/** Zero contour of the field f (w, h) by marching squares, in units of cells with centres at +0.5. */
export function contour(path, f, w, h) {
  const cut = (u, v) => u / (u - v);
  for (let r = 0; r + 1 < h; r++)
    for (let c = 0; c + 1 < w; c++) {
      const p = r * w + c,
        tl = f[p],
        tr = f[p + 1],
        bl = f[p + w],
        br = f[p + w + 1];
      const code = +(tl > 0) | (+(tr > 0) << 1) | (+(br > 0) << 2) | (+(bl > 0) << 3);
      if (code === 0 || code === 15) continue;
      const x = c + 0.5,
        y = r + 0.5;
      const top = [x + cut(tl, tr), y],
        bottom = [x + cut(bl, br), y + 1];
      const left = [x, y + cut(tl, bl)],
        right = [x + 1, y + cut(tr, br)];
      const line = (from, to) => {
        path.moveTo(...from);
        path.lineTo(...to);
      };
      if (code === 5) {
        line(left, top);
        line(bottom, right);
      } else if (code === 10) {
        line(left, bottom);
        line(top, right);
      } else {
        const ends = [];
        if (tl > 0 !== tr > 0) ends.push(top);
        if (tr > 0 !== br > 0) ends.push(right);
        if (bl > 0 !== br > 0) ends.push(bottom);
        if (tl > 0 !== bl > 0) ends.push(left);
        line(ends[0], ends[1]);
      }
    }
  return path;
}

/** Where channel k wins, as a contour on the grid, one path for all shown foreground classes. */
export function winners(alpha, K, w, h, shown) {
  const path = new Path2D(),
    n = w * h,
    field = new Float32Array(n);
  for (let k = 1; k < K; k++) {
    if (!shown[k]) continue;
    for (let p = 0; p < n; p++) {
      let other = -1;
      for (let j = 0; j < K; j++) if (j !== k && alpha[j * n + p] > other) other = alpha[j * n + p];
      field[p] = alpha[k * n + p] - other || 1e-9;
    }
    contour(path, field, w, h);
  }
  return path;
}

const DECADES = 4;

/** Affinity weights -> packed colours of `pixels` (Uint32Array over an ImageData). Nothing is allocated. */
export function heat(values, max, log, pixels) {
  const scale = 1 / (max || 1),
    slope = 255 / DECADES;
  for (let p = 0; p < values.length; p++) {
    const v = values[p] * scale;
    const i = log ? (v > 1e-9 ? 255 + slope * Math.log10(v) : 0) : 255 * v;
    pixels[p] = i > 0 ? RAMP[i > 255 ? 255 : i | 0] : 0;
  }
}
heat.decades = DECADES;

/** Outline of the cells whose value is at least `level`, added to the context's current path. */
export function cellOutline(context, values, level, w, h) {
  for (let r = 0, p = 0; r < h; r++)
    for (let c = 0; c < w; c++, p++) {
      const inside = values[p] >= level;
      if (c + 1 < w && inside !== values[p + 1] >= level) {
        context.moveTo(c + 1, r);
        context.lineTo(c + 1, r + 1);
      }
      if (r + 1 < h && inside !== values[p + w] >= level) {
        context.moveTo(c, r + 1);
        context.lineTo(c + 1, r + 1);
      }
    }
}
