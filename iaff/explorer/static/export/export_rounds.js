// The current layer through all rounds, as a GIF: one frame for each.
import { gifOf } from "./gif.js";
import { Sheet } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { credit } from "./export_words.js";
import { drawLabelled, settled } from "./export_picture.js";
import { aloneScene } from "../draw/scene.js";
import { ABOUT } from "../panel/stages.js";
import { perRound } from "../state/state.js";

const FRAME_MS = 1000;
const STEP = 26; // px, of a round's mark

/** Why a snapshot has no rounds to run through, or "". */
export function noRounds({ state, scenes }) {
  if (!perRound(state.stage)) return "Choose a stage that every round repeats.";
  return scenes[0].trace.T < 2 ? "This trace has a single round." : "";
}

/** Promise of the main pane at one round as a frame: {canvas, exact}; `ink`: see inks(). */
export async function frame(shot, ink, round) {
  const { title, state, origin, layout } = shot,
    { trace, spec, why } = shot.scenes[0],
    { width, height } = layout,
    scene = aloneScene(shot, { trace, spec: { ...spec, round }, why }),
    exact = await settled([scene]);
  const sheet = new Sheet(width, ink),
    canvas = new OffscreenCanvas(width, height);
  drawLabelled(canvas.getContext("2d"), scene, { width, height, scale: 1 }, false);
  sheet.add(height, (c, y) => c.drawImage(canvas, 0, y));
  sheet.gap(8);
  sheet.text(`${title} · ${ABOUT[state.stage].name}`, { weight: 600 });
  progress(sheet, round, trace.T);
  sheet.flow(legendOf(scene.shared, sheet));
  if (credit(origin)) sheet.text(credit(origin), { size: 12, colour: sheet.ink.soft });
  return { canvas: sheet.canvas(1), exact };
}

function progress(sheet, round, T) {
  sheet.add(24, (c, y) => {
    Object.assign(c, { font: sheet.font(13), fillStyle: sheet.ink.ink, textBaseline: "middle" });
    c.fillText(`round ${round} of ${T}`, 0, y + 12);
    for (let t = 1; t <= T; t++) {
      c.fillStyle = t <= round ? sheet.ink.ink : sheet.ink.line;
      c.fillRect(110 + (t - 1) * STEP, y + 10, STEP - 4, 4);
    }
  });
}

/** Promise of the frames of all rounds, {frames (ImageData, all of one size), exact}. */
export async function framesOf(shot, ink) {
  const made = [];
  for (let t = 1; t <= shot.scenes[0].trace.T; t++) made.push(await frame(shot, ink, t));
  const height = Math.max(...made.map(({ canvas }) => canvas.height)); // the legend of one may have more lines
  return { frames: made.map(({ canvas }) => pixelsOf(canvas, height, ink)), exact: made.every(({ exact }) => exact) };
}

/** The pixels of a canvas with empty paper below it up to that height. */
function pixelsOf(canvas, height, { ground }) {
  const sheet = new OffscreenCanvas(canvas.width, height),
    c = sheet.getContext("2d", { alpha: false });
  c.fillStyle = ground;
  c.fillRect(0, 0, sheet.width, height);
  c.drawImage(canvas, 0, 0);
  return c.getImageData(0, 0, sheet.width, height);
}

/** Promise of the GIF, {blob, exact}. */
export async function gif(shot, ink) {
  const { frames, exact } = await framesOf(shot, ink);
  return { blob: new Blob([gifOf(frames, FRAME_MS)], { type: "image/gif" }), exact };
}
