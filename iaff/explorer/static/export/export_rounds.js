// The current layer through all rounds: one frame for each, put together as a GIF by the server.
import { Sheet, inks, png } from "./export_sheet.js";
import { legendOf } from "./export_legend.js";
import { credit } from "./export_words.js";
import { apart, drawPane, settled } from "./export_picture.js";
import { fromBase64, toBase64 } from "../trace/base64.js";
import { ABOUT } from "../panel/stages.js";
import { perRound } from "../state/state.js";

const FRAME_MS = 1000;
const STEP = 26; // px, of a round's mark

/** Why the view has no rounds to run through, or "". */
export function noRounds({ state, trace }) {
  if (!perRound(state.stage)) return "Choose a stage that every round repeats.";
  return trace.T < 2 ? "This trace has a single round." : "";
}

/** Promise of one round as a frame: {canvas, exact}. */
export async function frame(app, root, round) {
  const pane = app.picture.main;
  const aim = () => {
    pane.spec = { ...pane.spec, round };
    if (pane.leaks) pane.leaks = app.leaksOf(pane);
  };
  const exact = await settled(app, [pane], aim);
  const canvas = apart(app, () => {
    const sheet = new Sheet(pane.width, inks(root)),
      canvas = new OffscreenCanvas(pane.width, pane.height);
    pane.fit(pane.width, pane.height, 1);
    drawPane(canvas.getContext("2d"), pane, 1, false);
    sheet.add(pane.height, (c, y) => c.drawImage(canvas, 0, y));
    sheet.gap(8);
    sheet.text(`${app.title.textContent} · ${ABOUT[app.state.stage].name}`, { weight: 600 });
    progress(sheet, round, app.trace.T);
    sheet.flow(legendOf(Object.assign(Object.create(app), { picture: alone(pane) }), sheet));
    if (credit(app.origin)) sheet.text(credit(app.origin), { size: 12, colour: sheet.ink.soft });
    return sheet.canvas(1);
  });
  return { canvas, exact };
}

/** A picture with one pane, for the legend. */
const alone = (pane) => ({ panes: [pane], difference: () => pane.difference() });

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

/** Promise of the GIF, {blob, exact}. The page shows its own round again afterwards. */
export async function gif(app, root) {
  const frames = [];
  let exact = true;
  try {
    for (let t = 1; t <= app.trace.T; t++) {
      const one = await frame(app, root, t),
        blob = await png(one.canvas);
      exact &&= one.exact;
      frames.push(toBase64(new Uint8Array(await blob.arrayBuffer())));
    }
  } finally {
    app.refresh();
  }
  const made = await app.client.gif(frames, FRAME_MS);
  return { blob: new Blob([fromBase64(made)], { type: "image/gif" }), exact };
}
