// A lesson on paper: a page of its own, with each step's picture, text and question, and the solutions at the end.
import { viewOf } from "./lesson_view.js";
import { handoutPage } from "./handout_page.js";
import { drawPanes, ended, settled } from "../export/export_picture.js";
import { legendOf } from "../export/export_legend.js";
import { Sheet } from "../export/export_sheet.js";
import { snapshot } from "../export/snapshot.js";
import { ADAPTED } from "../state/store.js";

const WIDE = 320; // CSS px of a picture with its legend, so that the legend's words are read on paper
const SCALE = 3;
const INK = { ground: "#fff", ink: "#12161d", soft: "#545e6c", line: "#b8c1cc", sans: "sans-serif" };
const BLOCKED = "The browser opened no window for the handout. Allow this page to open windows, and try once more.";

export class Handout {
  /**
   * @param {object} parts
   * @param {import("../state/store.js").Store} parts.store each step's view is shown for a moment, to be drawn
   * @param {import("../picture/picture.js").Picture} parts.picture
   * @param {import("../trace/photos.js").Photos} parts.photos
   * @param {Record<string, any>[]} parts.runs those that are open
   * @param {() => any} parts.opened the photo that is open, see export/snapshot.js
   */
  constructor({ store, picture, photos, runs, opened }) {
    this.store = store;
    this.picture = picture;
    this.photos = photos;
    this.runs = runs;
    this.opened = opened;
  }

  /** Opens the window, and fills it step by step. Says what kept it from that, or "". */
  async open(lesson) {
    if (this.busy) return "";
    const page = handoutPage(lesson);
    if (!page) return BLOCKED;
    this.busy = true;
    const before = { ...this.store.state };
    try {
      for (const [i, { view, question }] of lesson.steps.entries()) {
        if (page.closed) break;
        page.say(`Drawing step ${i + 1} of ${lesson.steps.length} …`);
        page.put(i, await this.#draw(view), question && (await this.#draw(question.reveal)));
      }
      page.end();
    } finally {
      this.busy = false;
      this.store.set(before, ADAPTED);
    }
    return "";
  }

  /** A view's picture with its legend, as a canvas; null where its run or photo is not here. */
  async #draw(query) {
    const { store, picture, photos } = this,
      view = viewOf(query);
    if (view.run && !this.runs.some(({ name }) => name === view.run)) return null;
    store.set(view, ADAPTED);
    await photos.ready;
    if (store.state.img !== view.img || !this.opened()) return null;
    await ended(() => picture.panes.some(({ why }) => why.endsWith("…"))); // what another run or propagator says
    const still = picture.still(),
      { layout } = still,
      narrow = WIDE / (layout.columns * (layout.width + layout.gap) - layout.gap);
    Object.assign(still, { at: atPin(still.state), guess: null, leak: null, stroke: 1 });
    still.layout = { ...layout, width: Math.round(layout.width * narrow), height: Math.round(layout.height * narrow) };
    await settled(still.scenes);
    return drawn(snapshot(still, this.opened()));
  }
}

/** Not the cursor, which may be anywhere. */
const atPin = ({ x, y }) => (x === null ? null : { x, y });

function drawn(shot) {
  const panes = drawPanes(shot, SCALE),
    sheet = new Sheet(Math.max(WIDE, panes.width), INK, 0);
  sheet.add(panes.height, (c, y) => c.drawImage(panes.canvas, 0, y, panes.width, panes.height));
  sheet.gap(8);
  sheet.flow(legendOf(shot, sheet));
  return sheet.canvas(SCALE);
}
