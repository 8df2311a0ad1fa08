// The legend, drawn on a figure: the entries of draw/legend.js for all panes together.
import { RAMP_CSS, classColour, css, hatch } from "../draw/colour.js";
import { errorEntries, errorsOf, glowWords, legend, mapEntries } from "../draw/legend.js";
import { classMark } from "../draw/marks.js";
import { shownMaps } from "../draw/scene.js";
import { widthOf } from "./export_sheet.js";
import { pinsOf, PIN_COLOURS } from "../state/pins.js";
import { DIFFERENCE } from "../state/panes.js";
import { ABOUT } from "../panel/stages.js";

const SIZE = 13; // px of the words
const BETWEEN = 8; // px, mark to words
const RAMP_WIDTH = 120;
const UNKNOWN = 255;
const MARKS = { area, grade, line, sign, pin };
const WIDTHS = { area: 14, grade: 46, line: 22, sign: 14, pin: 14 };

/** Entries for Sheet.flow: what the colours, patterns and lines of all scenes of a picture mean. */
export function legendOf({ scenes, state }, sheet) {
  const found = new Map(),
    changes = {
      difference: scenes[0].difference(),
      between: scenes.find(({ spec }) => spec.stage === DIFFERENCE)?.difference(),
    };
  for (const scene of scenes)
    if (scene.trace) for (const entry of entriesOf(scene, state, changes)) found.set(keyOf(entry), entry);
  return [...found.values(), ...pinEntries(state)].map((entry) => drawn(entry, sheet));
}

/** Entries of one key mean the same: of scales with the same low end, the last scene's stands. */
const keyOf = ({ swatch, words }) => JSON.stringify(swatch?.kind === "ramp" ? swatch : [swatch, words]);

/** What the page's legend says of the scene's layer and of each that lies above it. */
function entriesOf(scene, state, changes) {
  const { trace, spec } = scene,
    layers = [spec.stage, ...scene.overlays().map(({ name }) => name)].filter((stage) => stage in ABOUT),
    named = layers.filter((stage) => stage !== "photo" || state.truth === "filled"); // else it is a hint for the page
  const maps = shownMaps([scene]),
    errors = errorsOf(scene),
    of = (stage) => legend({ trace, state: { ...state, stage, round: spec.round }, ...changes, maps });
  return [...named.flatMap(of), ...mapEntries(maps), ...(errors ? errorEntries(errors) : [])]
    .filter(({ shown }) => shown !== false)
    .map((entry) => (entry.swatch?.glow && scene.query.max ? glowEntry(entry, scene, state) : entry));
}

/** Glows of one scale are one entry. */
const glowEntry = ({ swatch }, scene, { glow }) => ({
  swatch: glow === "own" ? { ...swatch, pane: scene.index } : swatch,
  words: glowWords(scene),
});

/** Several pins have colours of their own. */
function pinEntries(state) {
  const pins = pinsOf(state);
  if (pins.length < 2) return [];
  return pins.map(({ x, y }, i) => ({ swatch: { kind: "pin", colour: PIN_COLOURS[i] }, words: `pixel ${x}, ${y}` }));
}

/** One entry, measured, for a sheet. */
function drawn({ swatch, words }, sheet) {
  const font = sheet.font(SIZE),
    colour = swatch ? sheet.ink.ink : sheet.ink.soft;
  const say = (c, text, x, y) => {
    Object.assign(c, { font, fillStyle: colour, textAlign: "left", textBaseline: "middle" });
    c.fillText(text, x, y + 0.5);
  };
  if (!swatch) return { width: widthOf(words, font), draw: (c, x, y) => say(c, words, x, y) };
  if (swatch.kind === "ramp") {
    const left = widthOf(swatch.low, font) + BETWEEN,
      right = left + RAMP_WIDTH + BETWEEN;
    return {
      width: right + widthOf(words, font),
      draw(c, x, y) {
        say(c, swatch.low, x, y);
        ramp(c, x + left, y);
        say(c, words, x + right, y);
      },
    };
  }
  const wide = WIDTHS[swatch.kind];
  return {
    width: wide + BETWEEN + widthOf(words, font),
    draw(c, x, y) {
      c.save();
      c.translate(x, y);
      MARKS[swatch.kind](c, swatch, sheet.ink);
      c.restore();
      say(c, words, x + wide + BETWEEN, y);
    },
  };
}

function area(c, { id, marked }, { sans }) {
  c.beginPath();
  c.roundRect(0, -7, 14, 14, 4);
  c.fillStyle = id === UNKNOWN ? "#6d7480" : css(classColour(id));
  c.fill();
  if (id === UNKNOWN) {
    c.fillStyle = hatch(c);
    c.fill();
  }
  c.strokeStyle = "rgb(128 134 145 / .6)";
  c.lineWidth = 1;
  c.stroke();
  const mark = marked && classMark(id);
  if (mark) letter(c, mark, sans);
}

function grade(c, { id }) {
  const colour = css(classColour(id)),
    shade = c.createLinearGradient(0, 0, 46, 0);
  c.beginPath();
  c.roundRect(0, -6, 46, 12, 4);
  c.fillStyle = "#a3a8b0";
  c.fill();
  shade.addColorStop(0, colour.replace(")", " / 0)"));
  shade.addColorStop(1, colour);
  c.fillStyle = shade;
  c.fill();
}

function line(c, { form }, { ink }) {
  c.strokeStyle = ink;
  c.lineWidth = 2;
  c.beginPath();
  if (form === "closed") c.roundRect(2, -6, 16, 12, 4);
  else {
    c.setLineDash({ dashed: [5, 4], dotted: [2, 3] }[form] ?? []);
    c.moveTo(0, 0);
    c.lineTo(22, 0);
  }
  c.stroke();
}

function sign(c, { colour, sign: text, ink }, { sans, line: border }) {
  c.beginPath();
  c.roundRect(0, -7, 14, 14, 3);
  c.fillStyle = colour;
  c.fill();
  if (colour === "transparent") {
    c.strokeStyle = border;
    c.lineWidth = 1;
    c.stroke();
  }
  letter(c, { sign: text, ink }, sans);
}

function letter(c, { sign, ink }, sans) {
  Object.assign(c, { fillStyle: ink, font: `700 11px ${sans}`, textAlign: "center", textBaseline: "middle" });
  c.fillText(sign, 7, 0.5);
}

function pin(c, { colour }) {
  c.beginPath();
  c.arc(7, 0, 5, 0, 7);
  for (const [ink, width] of [
    ["rgb(0 0 0 / .75)", 4.5],
    [colour, 2.2],
  ]) {
    c.strokeStyle = ink;
    c.lineWidth = width;
    c.stroke();
  }
}

function ramp(c, x, y) {
  const shade = c.createLinearGradient(x, 0, x + RAMP_WIDTH, 0),
    stops = RAMP_CSS.match(/rgb\([^)]*\)/g);
  stops.forEach((stop, i) => shade.addColorStop(i / (stops.length - 1), stop));
  c.fillStyle = shade;
  c.beginPath();
  c.roundRect(x, y - 5, RAMP_WIDTH, 10, 5);
  c.fill();
}
