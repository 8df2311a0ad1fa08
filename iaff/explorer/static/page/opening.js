// The opening: what a newcomer sees in the panel's place. What this is in one sentence, the loop with this photo at every
// station, and the way to the lessons; on the picture, what to do first. Whoever has closed it is not shown it again.
import { drawPane } from "../draw/draw_pane.js";
import { aloneScene } from "../draw/scene.js";
import { embedded } from "../client/embedded.js";
import { ABOUT } from "../panel/stages.js";
import { VIEW, fromQuery, perRound } from "../state/state.js";
import { ADAPTED, CHOICE } from "../state/store.js";
import { el, icon, ICONS } from "../ui/dom.js";
import { remember, remembered } from "../ui/memory.js";
import { inWords } from "../ui/pointing.js";
import { term } from "../ui/term.js";

export const CLOSED = "iaff-opening-closed"; // what the browser remembers
const FIRST = { stage: "affinity", round: VIEW.round.high }; // the last round: the picture answers what the cursor asks
const WALKED = ["stage", "round"]; // who goes from station to station is still reading
const ANSWERING = ["affinity", "refined"]; // stages that answer what the cursor asks
const TILE = 160; // CSS px, as wide as a thumbnail is drawn, and a little wider than it is shown
const SCALE = 1.5; // canvas px of one of them

// In a newcomer's words, in the method's order.
const SAYS = {
  photo: "All it is told is what the photo shows: no outline, no labelled pixel.",
  cam: "Where the classifier found its evidence: the most telling parts, rarely the whole object.",
  seeds: "Strong evidence becomes a seed, hardly any a seed of background; the rest stays unknown.",
  unary: "A network learns from the seeds, later from the last round's map, and labels each pixel by itself.",
  confident: "Only patches that it is sure of keep their label.",
  affinity:
    "From those a second network learns who listens to whom. Move over the picture: the glow shows which pixels decide the one under the cursor.",
  refined: "Each pixel takes the mean over the pixels it listens to. This map teaches the next round.",
};
const STATIONS = Object.keys(SAYS);
const ARROWS = { cam: "→", seeds: "→", unary: "↓", confident: "←", affinity: "↓", refined: "→", again: "↑" }; // towards

/** Whether an address says what to show; what begins with "__" is Gradio's. */
const speaks = (query) => [...new URLSearchParams(query).keys()].some((key) => !key.startsWith("__"));

export class Opening {
  /**
   * @param {object} parts
   * @param {HTMLElement} parts.root the page's node, which says whether the opening is shown
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("../picture/pointer.js").Pointer} parts.pointer hears when somebody asks
   * @param {import("../picture/picture.js").Picture} parts.picture
   * @param {(stage: string) => void} parts.goStage
   * @param {() => void} parts.openLessons
   * @param {Promise<unknown>} parts.firstPicture which thumbnails must not delay
   */
  constructor({ root, store, current, pointer, picture, goStage, openLessons, firstPicture }) {
    this.root = root;
    this.store = store;
    this.current = current;
    this.picture = picture;
    this.firstPicture = firstPicture;
    this.pointed = null; // the station whose sentence is read
    this.opener = null; // what had the focus
    this.stations = Object.fromEntries(STATIONS.map((stage) => [stage, this.#station(stage, goStage)]));
    this.title = el("h2", { tabindex: "-1" }, "From a tag to a mask");
    this.rounds = el("span.first-look-rounds");
    this.said = el("p.first-look-said");
    this.node = el(
      "section.first-look",
      { "aria-label": "What this is" },
      el(
        "div.first-look-words",
        {},
        el("p.first-look-name", {}, "Iterative affinity learning"),
        this.title,
        el(
          "p.first-look-sentence",
          {},
          "Told only what a photo shows, never where, this method finds the pixels: what it is sure of spreads to those that belong with it, and the result teaches the next round.",
        ),
        el(
          "button.quiet.first-look-close",
          { type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: () => this.close() },
          icon(ICONS.close),
        ),
      ),
      el(
        "div.first-look-more",
        {},
        el(
          "div.first-look-loop",
          { role: "group", "aria-label": "The method, station by station" },
          Object.values(this.stations).map(({ node }) => node),
          Object.entries(ARROWS).map(([to, sign]) =>
            el("span.first-look-arrow", { "aria-hidden": "true", style: `grid-area: to-${to}` }, sign),
          ),
          el("span.first-look-round", {}, icon(ICONS.loop, 18), this.rounds),
        ),
        el(
          "div.first-look-foot",
          {},
          this.said,
          el(
            "button.first-look-lessons",
            { type: "button", onclick: openLessons },
            el("b", {}, "Take a lesson"),
            ": guess first, then see",
          ),
        ),
      ),
    );
    this.invitation = el("p.first-look-invitation", { hidden: true }, inWords("Move over the picture"));
    picture.main.node.append(this.invitation);
    this.shown = !embedded && !speaks(location.search) && !remembered(CLOSED, false);
    if (this.shown) store.set(FIRST, ADAPTED);
    store.subscribe((changed, why) => this.#heard(changed, why));
    current.changed.subscribe(() => this.update());
    pointer.pointed.subscribe(() => pointer.cursor && this.invitation.remove());
    this.update();
  }

  /** {node, canvas, tag}: a button that goes to its stage. */
  #station(stage, goStage) {
    const canvas = el("canvas", { "aria-hidden": "true" }),
      tag = stage === "photo" ? el("span.first-look-tag") : null,
      point = (pointed) => () => {
        this.pointed = pointed;
        this.#say();
      };
    const node = el(
      "button.first-look-station",
      {
        type: "button",
        title: ABOUT[stage].name,
        style: `grid-area: ${stage}`,
        onclick: () => goStage(stage),
        onpointerenter: point(stage),
        onpointerleave: point(null),
        onfocus: point(stage),
        onblur: point(null),
      },
      el("span.first-look-tile", {}, canvas, tag),
      stage === "photo" ? "photo + tag" : ABOUT[stage].short,
    );
    return { node, canvas, tag, drawn: "" };
  }

  /** An act that says: I know what this is. */
  #heard(changed, why) {
    if (why === CHOICE && [...changed].some((key) => VIEW[key].place && !WALKED.includes(key))) this.close();
    else if (["hide", "present"].some((key) => changed.has(key))) this.update();
  }

  /** Brings it back, with all that a page needs to show it. */
  open() {
    this.opener = document.activeElement;
    this.shown = true;
    this.store.set({ hide: null, present: null });
    this.update();
    this.title.focus({ preventScroll: true });
    this.title.scrollIntoView({ block: "nearest" });
  }

  /** For good; false where it is not shown. */
  close() {
    if (!this.shown) return false;
    const { opener, node } = this,
      focused = node.contains(document.activeElement);
    this.shown = false;
    remember(CLOSED, true);
    this.invitation.remove();
    this.update();
    if (focused) (opener?.isConnected ? opener : this.picture.over).focus({ preventScroll: true });
    return true;
  }

  toggle() {
    this.close() || this.open();
  }

  /** The view is another, or a layer that was awaited is there. */
  update() {
    const { root, node, current, invitation } = this,
      { hide, present, stage } = this.store.state,
      { origin } = current,
      visible = this.shown && Boolean(origin) && !present && !hide?.includes("panel");
    root.toggleAttribute("data-opening", visible);
    node.hidden = !visible;
    invitation.hidden = !visible || !ANSWERING.includes(stage);
    if (!visible) return;
    for (const [name, { node: button }] of Object.entries(this.stations)) {
      button.hidden = !origin.has(name, this.#round);
      name === stage ? button.setAttribute("aria-current", "step") : button.removeAttribute("aria-current");
    }
    this.stations.photo.tag.textContent = origin.meta.tags.join(", ") || "none";
    this.rounds.textContent = `${origin.T} ${origin.T === 1 ? "round" : "rounds"}`;
    this.#say();
    this.firstPicture.then(() => this.#drawLater());
  }

  get #round() {
    return Math.min(this.store.state.round, Math.max(1, this.current.origin.T));
  }

  /** What happens at the station that is pointed at, else at the one that is shown. */
  #say() {
    const stage = this.pointed ?? this.store.state.stage;
    if (this.said.dataset.stage === stage) return; // a term in it may be read
    this.said.dataset.stage = stage;
    const words = SAYS[stage] ? [el("b", {}, term(ABOUT[stage].name)), " ", inWords(SAYS[stage])] : [];
    this.said.replaceChildren(...words);
  }

  /** One thumbnail whenever the browser has nothing else to do. */
  #drawLater() {
    if (this.waiting) return;
    const idle = window.requestIdleCallback ?? ((draw) => setTimeout(draw, 50)),
      draw = () => {
        this.waiting = false;
        if (this.#drawNext()) this.#drawLater();
      };
    this.waiting = true;
    idle(draw, { timeout: 1000 });
  }

  /** Whether one was drawn. */
  #drawNext() {
    const { origin, name } = this.current;
    if (!this.shown || !origin) return false;
    for (const [stage, station] of Object.entries(this.stations)) {
      const round = perRound(stage) ? this.#round : 1,
        there = stage !== "refined" || Boolean(origin.refined(round)),
        key = `${name} ${round} ${there}`;
      if (station.node.hidden || station.drawn === key) continue;
      this.#draw(stage, round, station.canvas);
      station.drawn = key;
      return true;
    }
    return false;
  }

  /** As the stage's own view, bare; affinity answers for the photo's peak. */
  #draw(stage, round, canvas) {
    const { origin: trace, peak } = this.current,
      state = { ...fromQuery(""), stage, round },
      height = Math.round((TILE * trace.H) / trace.W),
      none = { region: -1, leak: null, range: null, blink: null, edits: null, guess: null },
      at = stage === "affinity" ? peak : null,
      scene = aloneScene(
        { ...none, state, origin: trace, at, stroke: 1, scenes: [] },
        { trace, spec: { stage, round } },
      );
    Object.assign(canvas, { width: Math.round(TILE * SCALE), height: Math.round(height * SCALE) });
    const view = { scale: canvas.width / trace.W, left: 0, top: 0 };
    drawPane(canvas.getContext("2d"), scene, { width: TILE, height, scale: SCALE, view });
  }
}
