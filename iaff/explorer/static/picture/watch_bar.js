// Under the picture: how far the scan has come, to be played and scrubbed.
import { allLines, linesOf, placeOf } from "../state/line.js";
import { DIRECTIONS } from "../state/state.js";
import { el, icon, ICONS } from "../ui/dom.js";

const ARROWS = { right: "→", left: "←", down: "↓", up: "↑" };

export class WatchBar {
  /** watch: what it plays, see watch.js. */
  constructor({ store, current, picture, watch }) {
    this.store = store;
    this.current = current;
    this.picture = picture;
    this.watch = watch;
    this.play = el("button.play", { type: "button", onclick: () => watch.toggle() });
    this.slider = el("input", {
      type: "range",
      min: 1,
      step: 1,
      "aria-label": "How far the scan has come",
      oninput: () => {
        watch.pause();
        watch.go(+this.slider.value);
      },
    });
    this.ways = el("div.ways", { "aria-hidden": "true" });
    this.caption = el("p.caption");
    this.node = el(
      "div.watch",
      { role: "group", "aria-label": "Watch a label travel", hidden: true },
      this.play,
      el("div.lines", {}, this.slider, this.ways),
      this.caption,
    );
    watch.turned.subscribe(() => this.update());
  }

  update() {
    const { trace } = this.current,
      { state } = this.store,
      { main } = this.picture,
      scans = Boolean(trace && main.asks() && main.affinity().partial);
    this.node.hidden = !scans || (state.line === null && (state.stage !== "affinity" || hidden(state)));
    if (this.node.hidden) return;
    const { playing } = this.watch,
      most = allLines(state, trace) + 1,
      place = placeOf(state, trace),
      says = this.watch.says();
    this.#mark(state, trace);
    this.slider.max = most;
    this.slider.value = place;
    this.slider.style.setProperty("--fill", (place - 1) / (most - 1));
    this.slider.setAttribute("aria-valuetext", says);
    this.slider.disabled = this.play.disabled = !this.watch.possible();
    this.caption.textContent = says;
    if (this.play.dataset.playing === String(playing)) return;
    this.play.dataset.playing = playing;
    this.play.replaceChildren(icon(playing ? ICONS.pause : ICONS.play));
    this.play.title = playing ? "Pause (a)" : "Watch it travel, line by line (a)";
    this.play.setAttribute("aria-label", this.play.title);
  }

  /** Under the slider, which part of it is which direction's. */
  #mark({ dir }, trace) {
    const key = `${dir} ${trace.w} ${trace.h}`;
    if (this.marked === key) return;
    this.marked = key;
    const shown = dir === null ? DIRECTIONS : [dir];
    this.ways.replaceChildren(
      ...shown.map((one) => el("span", { style: `flex-grow:${linesOf(one, trace)}` }, ARROWS[one])),
    );
  }
}

const hidden = ({ hide, present }) => Boolean(present || hide?.split("_").includes("tools"));
