// One pane: one trace as one of its layers, with the answer to the question that all panes share.
import { DIRECTIONS, perRound } from "../state/state.js";
import { reach, shares } from "../engine/scan.js";
import { place } from "./viewport.js";
import { BY, DIFFERENCE, specOf } from "../state/panes.js";
import { ABOUT } from "../panel/stages.js";
import { Layers } from "../draw/layers.js";
import { Painter, compared } from "../draw/painter.js";
import { Glow } from "../draw/glow.js";
import { differ } from "../draw/difference.js";
import { el } from "../ui/dom.js";

const REACH_SHARE = 0.9;
const NOTHING_BETWEEN = "Panes 1 and 2 do not both show labels of one size: nothing to compare.";
const ASKING = ["affinity", "refined"]; // stages that answer what the cursor asks
const answer = () => ({ values: null, mass: 0, count: 0, level: 0, max: 0, shares: [] });

export class Pane {
  constructor(app, index) {
    Object.assign(this, { app, index, trace: null, leaks: null, query: answer(), others: answer() });
    this.base = el("canvas.base", { "aria-hidden": "true" });
    const role = index ? { role: "img" } : { role: "application", "aria-roledescription": "picture", tabindex: "0" };
    this.over = el("canvas.over", { ...role, "aria-label": `Pane ${index + 1}` });
    this.caption = el("p.pane-title", { hidden: true });
    this.notice = el("p.pane-note", { hidden: true });
    this.node = el("div.frame", { "data-pane": index + 1 }, this.base, this.over, this.caption, this.notice);
    this.painter = new Painter(this, this.base);
    this.glow = new Glow(this, this.over);
    this.spec = specOf(app.state, index);
  }

  /** What the pane shows from now on; `trace` may be null, then `why` says why. */
  show(trace, spec, why = "") {
    this.spec = spec;
    this.#say(why);
    this.node.classList.toggle("empty", !trace); // a new pane has none yet either
    if (trace === this.trace) return;
    this.trace = trace;
    if (!trace) return;
    this.layers = new Layers(trace, this.app.state);
    this.glow.open(trace);
    for (const one of [this.query, this.others]) {
      if (one.values?.length !== trace.n) one.values = new Float32Array(trace.n);
      if (one.shares.length !== trace.K) one.shares = new Float32Array(trace.K);
    }
    if (this.scratch?.length !== trace.n) this.scratch = new Float32Array(trace.n);
    this.look();
  }

  #say(text) {
    this.notice.hidden = !text;
    this.notice.textContent = text;
  }

  /** Its name, where there are several. */
  title(i, count) {
    this.caption.hidden = count < 2;
    if (this.caption.hidden) return;
    const { stage, round, by, run } = this.spec,
      what = stage === DIFFERENCE ? "pane 1 → pane 2" : ABOUT[stage].short,
      when = stage !== DIFFERENCE && perRound(stage) ? `round ${round}` : "",
      parts = [what, when, (by || this.app.state.by) && BY[by ?? "ial"].name, run && `run ${run}`];
    this.caption.textContent = `${i + 1}  ${parts.filter(Boolean).join(" · ")}`;
  }

  /** Size in CSS px. */
  fit(width, height, dpr) {
    Object.assign(this, { width, height, dpr });
    this.node.style.width = `${width}px`;
    this.node.style.height = `${height}px`;
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    }
    this.painter.resized(dpr);
    this.look();
  }

  /** Where the photo lies, canvas px: after a change of size, zoom or trace. */
  look() {
    const { trace, base } = this,
      { zoom, cx, cy } = this.app.state;
    if (!trace || !base.width) return;
    const [right, down] = this.#ratio(),
      own = { zoom, cx: cx === null ? null : cx * right, cy: cy === null ? null : cy * down };
    this.view = place(own, trace, base.width, base.height);
  }

  /** How much larger this trace's photo is than the main pane's: in another run it may have another size. */
  #ratio() {
    const { origin } = this.app;
    return origin ? [this.trace.W / origin.W, this.trace.H / origin.H] : [1, 1];
  }

  /** A pixel of the main pane's photo in this one's. */
  local({ x, y }) {
    const [right, down] = this.#ratio();
    return {
      x: Math.min(this.trace.W - 1, Math.floor((x + 0.5) * right)),
      y: Math.min(this.trace.H - 1, Math.floor((y + 0.5) * down)),
    };
  }

  /** Pixel {x, y} of the main pane's photo under a position in CSS px of this pane. */
  pixel(left, top) {
    const { view, dpr } = this,
      { W, H } = this.app.origin,
      [right, down] = this.#ratio(),
      inside = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v)));
    return {
      x: inside((left * dpr - view.left) / view.scale / right, W),
      y: inside((top * dpr - view.top) / view.scale / down, H),
    };
  }

  /** Whether a pixel lies in the lowest part of the pane. */
  low(at) {
    const { view, base } = this;
    return Boolean(view) && this.local(at).y * view.scale + view.top > 0.7 * base.height;
  }

  draw() {
    if (!this.trace || !this.base.width) return;
    this.look();
    this.painter.draw();
    if (this.spec.stage === DIFFERENCE) this.#say(this.difference() ? "" : NOTHING_BETWEEN);
    this.hover();
  }

  hover() {
    if (this.base.width && (this.view || !this.trace)) this.glow.draw();
  }

  /** Further layers, from below to above: [{name, opacity}]. */
  overlays() {
    const { over } = this.app.state;
    return (over?.split("_") ?? [])
      .map((text) => text.split("."))
      .map(([name, opacity]) => ({ name, opacity: +opacity }));
  }

  /** What changed against the round, or the pane, that is compared with, or null. */
  difference() {
    const { app, spec, trace } = this;
    if (spec.stage === DIFFERENCE) return this.#betweenPanes();
    return compared(app.state, spec, trace) ? this.layers.difference(spec.stage, app.state.diff, spec.round) : null;
  }

  /** From the first pane's labels to the second's. */
  #betweenPanes() {
    const [first, second] = this.app.picture.panes,
      [a, b] = [first.labels(), second?.labels()];
    if (!a || !b || a.length !== b.length) return null;
    if (this.between?.a !== a || this.between.b !== b) {
      const { W, H, w, h } = this.trace,
        size = a.length === W * H ? [W, H] : [w, h];
      this.between = { a, b, result: differ(a, b, ...size) };
    }
    return this.between.result;
  }

  /** Class ids of what the pane shows, where that is a label map; null elsewhere. */
  labels() {
    const { spec, trace, layers } = this;
    if (!trace) return null;
    if (spec.stage === "seeds") return trace.seeds && layers.seeds();
    if (spec.stage === "affinity" || spec.stage === "refined") return layers.labels("refined", spec.round);
    return trace.T && ["unary", "confident"].includes(spec.stage) ? layers.labels(spec.stage, spec.round) : null;
  }

  /** The affinity that answers, or null. */
  affinity() {
    const affinity = this.trace?.T ? this.trace.affinity(this.spec.round) : null;
    return affinity && !affinity.why ? affinity : null;
  }

  /** Whether this pane answers what the cursor asks. */
  asks() {
    return ASKING.includes(this.spec.stage) && Boolean(this.affinity());
  }

  /** Row or column of G for the pixel, into `into`: weights, mass, reach, share of each class. */
  ask(at, into = this.query) {
    const { trace, app, spec } = this,
      { mode, dir } = app.state,
      affinity = this.affinity(),
      { x, y } = this.local(at),
      p = trace.cell(x, y),
      one = dir === null || !affinity.partial ? undefined : DIRECTIONS.indexOf(dir),
      moving = app.animation.frame;
    if (moving && affinity.partial) affinity.partial(p, moving.direction, moving.lines, mode === "row", into.values);
    else mode === "row" ? affinity.row(p, into.values, one) : affinity.column(p, into.values, one);
    reach(into.values, REACH_SHARE, this.scratch, into);
    const map = mode === "row" ? trace.unary(spec.round) : trace.refined(spec.round);
    map ? shares(into.values, map, trace.K, into.shares) : into.shares.fill(0);
    return into;
  }
}
