// One pane of the page: a scene (draw/scene.js) with its two canvases, its title and its note.
import { perRound } from "../state/state.js";
import { DIFFERENCE, ERROR, nameOf, specOf } from "../state/panes.js";
import { ABOUT } from "../panel/stages.js";
import { ABOUT_MAPS } from "../draw/cell_maps.js";
import { PaneDrawing } from "../draw/draw_pane.js";
import { roomForNumbers } from "../draw/cell_numbers.js";
import { Scene } from "../draw/scene.js";
import { el, tell } from "../ui/dom.js";

/** What a pane is called, where there are several; with the photo's title where they show different ones. */
export function paneTitle(scene) {
  const {
    index,
    trace,
    spec: { stage, round, by, run },
    shared: { state, scenes },
  } = scene;
  const own = {
    [DIFFERENCE]: () => (scene.pair()?.names ?? ["pane 1", "pane 2"]).join(" → "),
    [ERROR]: () => `errors of ${ABOUT[scene.labelStage()].short}`,
  };
  const between = stage === DIFFERENCE,
    what = own[stage]?.() ?? (ABOUT[stage] ?? ABOUT_MAPS[stage]).short,
    when = perRound(stage === ERROR ? scene.labelStage() : stage) ? `round ${round}` : "",
    named = !between && trace && scenes.some(({ spec: { photo } }) => photo),
    parts = [named && trace.title, what, when, (by || state.by) && byName(by, trace, state), run && `run ${run}`];
  return `${index + 1}  ${parts.filter(Boolean).join(" · ")}`;
}

/** What refines the map: a trace that is of no run has an affinity that is not ours. */
function byName(by, trace, state) {
  return by || !trace || trace.meta.run ? nameOf(by ?? "ial", state) : "its own affinity";
}

export class Pane extends Scene {
  /**
   * @param {import("../draw/scene.js").Shared} shared what all panes share, at any time as it is then
   * @param {number} index 0 is the main one
   */
  constructor(shared, index) {
    super(shared, index, { spec: specOf(shared.state, index) });
    this.dpr = 1; // canvas px of a CSS px
    this.base = el("canvas.base", { "aria-hidden": "true" });
    const role = index ? { role: "img" } : { role: "application", "aria-roledescription": "picture", tabindex: "0" };
    this.over = el("canvas.over", { ...role, "aria-label": `Pane ${index + 1}` });
    this.caption = el("p.pane-title", { hidden: true });
    this.note = el("p.pane-note", { hidden: true });
    this.badges = el("div.badges", { hidden: true, "aria-live": "polite" }, el("span"), el("span"));
    const parts = [this.base, this.over, this.caption, this.badges, this.note];
    this.node = el("div.frame", { "data-pane": index + 1 }, parts);
    this.drawing = new PaneDrawing(this.base, this.over);
  }

  show(trace, spec, why) {
    const before = this.trace;
    super.show(trace, spec, why);
    this.#say(why);
    this.node.classList.toggle("empty", !trace); // a new pane has none yet either
    if (trace !== before) this.look();
  }

  #say(text) {
    this.note.hidden = !text;
    tell(this.note, text);
  }

  /** Two rounds in one place: which is where, or which is seen. */
  #sayRounds() {
    const two = this.twoRounds();
    this.badges.hidden = !two;
    [...this.badges.children].forEach((badge, i) => {
      if (!two) return;
      badge.textContent = `round ${two.rounds[i]}`;
      badge.classList.toggle("unseen", two.seen !== null && two.seen !== two.rounds[i]);
    });
  }

  /** Its name, where there are several. */
  title(count) {
    this.caption.hidden = count < 2;
    if (!this.caption.hidden) this.caption.textContent = paneTitle(this);
  }

  /** Size in CSS px. */
  fit(width, height, dpr) {
    Object.assign(this, { width, height, dpr });
    this.node.style.width = `${width}px`;
    this.node.style.height = `${height}px`;
    this.drawing.fit(width, height, dpr);
    this.look();
  }

  /** Where the photo lies, canvas px: after a change of size, zoom or trace. */
  look() {
    const { trace, base } = this;
    if (trace && base.width) this.view = this.place(base.width, base.height);
  }

  /** Pixel {x, y} of the main pane's photo under a position in CSS px of this pane. */
  pixel(left, top) {
    return this.under(left * this.dpr, top * this.dpr, this.view);
  }

  /** {x, y}: how many pixels of the main pane's photo one CSS px is. */
  photoPx() {
    const px = this.dpr / this.view.scale,
      [right, down] = this.ratio();
    return { x: px / right, y: px / down };
  }

  /** How far a place of the window is from this pane's middle, CSS px. */
  fromCentre({ x, y }) {
    const { left, top, width, height } = this.over.getBoundingClientRect();
    return { x: x - left - width / 2, y: y - top - height / 2 };
  }

  /** How far down in the pane a pixel lies: 0 at its upper edge, 1 at the lower. */
  depth(at) {
    const { view, base } = this;
    return view ? (this.local(at).y * view.scale + view.top) / base.height : 0;
  }

  /** Whether the cells hold their numbers. */
  numbered() {
    const { trace, view, dpr } = this;
    return Boolean(view) && roomForNumbers(view.scale * trace.stride, dpr) && this.numbers() !== null;
  }

  draw() {
    if (!this.trace || !this.base.width) return;
    this.look();
    this.drawing.draw(this, this.view);
    this.#say(this.notice());
    this.#sayRounds();
  }

  hover() {
    if (this.base.width && (this.view || !this.trace)) this.drawing.hover(this, this.view);
  }
}
