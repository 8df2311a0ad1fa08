// The stage stepper: three stages that happen once, five that every round repeats, and the round itself.
import { STAGES, FIRST_OF_ROUND, perRound } from "../state/state.js";
import { ADAPTED } from "../state/store.js";
import { ABOUT } from "../panel/stages.js";
import { el, icon, ICONS } from "../ui/dom.js";

const PLAY_MS = 1100;

export class Stepper {
  constructor({ store, current, actions }) {
    this.store = store;
    this.current = current;
    this.buttons = STAGES.map((stage, i) =>
      el(
        "button.stage",
        {
          type: "button",
          "data-stage": stage,
          title: `${ABOUT[stage].name} (${i + 1})`,
          onclick: () => actions.goStage(stage),
        },
        el("span.no", { "aria-hidden": "true" }, String(i + 1)),
        ABOUT[stage].short,
      ),
    );
    const arrow = (label, by, shape) =>
      el(
        "button.round-step",
        {
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => actions.goRound(by),
        },
        icon(ICONS[shape]),
      );
    this.play = el("button.play", { type: "button", onclick: () => this.toggle() });
    this.loop = el(
      "button.round-step.again",
      {
        type: "button",
        "aria-label": "Play in a loop",
        title: "Play in a loop (k)",
        onclick: () => store.set({ loop: store.state.loop ? null : "1" }),
      },
      icon(ICONS.loop, 15),
    );
    this.less = arrow("Last round ([)", -1, "back");
    this.more = arrow("Next round (])", 1, "next");
    this.slider = el("input", {
      type: "range",
      min: 1,
      step: 1,
      "aria-label": "Round",
      oninput: () => store.set({ round: +this.slider.value }),
    });
    this.count = el("output.count");
    this.rounds = el(
      "div.rounds",
      { role: "group", "aria-label": "Round" },
      this.count,
      el("div.track", {}, this.less, this.slider, this.more),
      this.play,
      this.loop,
    );
    this.strip = el(
      "div.stages",
      {},
      el("div.once", {}, this.buttons.slice(0, FIRST_OF_ROUND)),
      el(
        "div.loop",
        {},
        el("span.loop-mark", { title: "repeated every round" }, icon(ICONS.loop, 15)),
        this.buttons.slice(FIRST_OF_ROUND),
      ),
    );
    new ResizeObserver(() => this.#centre()).observe(this.strip);
    this.node = el("nav.stepper", { "aria-label": "Stages of the method" }, this.strip, this.rounds);
  }

  #enable(button, stage) {
    const { trace } = this.current,
      { state } = this.store,
      has = !trace || trace.has(stage, state.round),
      { name, missing } = ABOUT[stage];
    button.setAttribute("aria-disabled", String(!has));
    button.title = has ? `${name} (${STAGES.indexOf(stage) + 1})` : `This trace holds no ${missing}`;
  }

  /** Where there is no room for all stages, the one that is on stands in the middle, as far as may be. */
  #centre() {
    const { strip } = this,
      here = this.buttons.find((button) => button.dataset.stage === this.store.state.stage),
      box = here.getBoundingClientRect(),
      { left, width } = strip.getBoundingClientRect();
    strip.scrollBy({ left: box.left + box.width / 2 - left - width / 2, behavior: "instant" });
  }

  toggle() {
    this.timer ? this.stop() : this.start();
  }

  start() {
    const { store, current } = this,
      { state } = store;
    if (!current.trace || !perRound(state.stage) || current.trace.T < 2) return;
    const go = (round) => store.set({ round }, ADAPTED); // the rounds that pass are no places to go back to
    if (state.round === current.trace.T) go(1);
    this.timer = setInterval(() => {
      if (!current.trace) return this.stop();
      if (state.round < current.trace.T) go(state.round + 1);
      else if (state.loop) go(1);
      if (state.round >= current.trace.T && !state.loop) this.stop();
    }, PLAY_MS);
    this.update();
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.update();
  }

  update() {
    const { trace } = this.current,
      { state } = this.store,
      on = perRound(state.stage),
      T = trace?.T ?? 1;
    if (this.timer && !on) return this.stop();
    this.buttons.forEach((button) => {
      const here = button.dataset.stage === state.stage;
      here ? button.setAttribute("aria-current", "step") : button.removeAttribute("aria-current");
      this.#enable(button, button.dataset.stage);
    });
    this.rounds.hidden = !trace; // how many there are is not known yet
    this.slider.max = T;
    this.slider.value = state.round;
    this.slider.style.setProperty("--fill", T > 1 ? (state.round - 1) / (T - 1) : 1);
    const of = ` of ${T}`;
    // It is read out when it changes.
    if (this.count.textContent !== `round ${state.round}${of}`)
      this.count.replaceChildren("round ", el("b", {}, String(state.round)), of);
    this.rounds.classList.toggle("off", !on);
    this.rounds.setAttribute("aria-disabled", String(!on));
    this.rounds.title = on ? "" : "This stage does not depend on the round";
    this.slider.disabled = !on || T < 2;
    this.less.disabled = !on || state.round <= 1;
    this.more.disabled = !on || state.round >= T;
    this.play.disabled = this.loop.disabled = !on || T < 2;
    this.loop.setAttribute("aria-pressed", String(Boolean(state.loop)));
    this.play.replaceChildren(icon(this.timer ? ICONS.pause : ICONS.play));
    this.play.setAttribute("aria-label", this.timer ? "Stop (space)" : "Play the rounds (space)");
    this.play.title = this.play.getAttribute("aria-label");
    if (this.centred !== state.stage) this.#centre();
    this.centred = state.stage;
  }
}
