// The page's legend, drawn on a figure: the same entries, read from the nodes that legend.js makes.
import { RAMP_CSS, hatch } from "../draw/colour.js";
import { widthOf } from "./export_sheet.js";
import { legend } from "../panel/legend.js";
import { pinsOf, PIN_COLOURS } from "../state/pins.js";
import { ABOUT } from "../panel/stages.js";
import { number } from "../ui/format.js";

const SIZE = 13; // px of the words
const BETWEEN = 8; // px, mark to words
const RAMP_WIDTH = 120;
const MARKS = { swatch, grade, line, sign };

/** Entries for Sheet.flow: what the colours, patterns and lines of all panes mean. */
export function legendOf(app, sheet) {
  const found = new Map();
  for (const pane of app.picture.panes)
    if (pane.trace) for (const entry of ofPane(app, pane)) found.set(`${entry.kind} ${entry.key} ${entry.text}`, entry);
  return [...found.values(), ...pins(app)].map((entry) => drawn(entry, sheet));
}

/** What legend.js says where the page shows what that pane shows. */
function ofPane(app, pane) {
  const layers = [pane.spec.stage, ...(pane.overlays?.() ?? []).map(({ name }) => name)];
  return layers.filter((stage) => stage in ABOUT).flatMap((stage) => ofLayer(app, pane, stage));
}

function ofLayer(app, pane, stage) {
  const state = { ...app.state, stage, round: pane.spec.round },
    { items } = legend(Object.assign(Object.create(app), { trace: pane.trace, state }), null),
    plain = stage === "photo" && state.truth !== "filled"; // its words are a hint for the page's users
  return items.flatMap((node) => read(node, pane)).filter(({ kind }) => !(plain && kind === "words"));
}

function read(node, pane) {
  if (node.getAttribute("aria-pressed") === "false") return []; // a class that is not shown
  if (node.className === "ramp") {
    const low = node.firstChild.textContent;
    return [{ kind: "ramp", key: low, low, text: `max ${number(pane.query.max)}` }];
  }
  const mark = node.firstElementChild,
    [kind, ...more] = mark?.className.split(" ") ?? [];
  if (!(kind in MARKS)) return [{ kind: "words", key: "", text: node.textContent }];
  const colour = mark.style.getPropertyValue("--c") || mark.style.background,
    text = node.textContent.slice(mark.textContent.length);
  return [{ kind, key: `${more} ${colour}`, form: more[0], colour, sign: mark.textContent, text }];
}

/** Several pins have colours of their own. */
function pins({ state, trace }) {
  const list = trace ? pinsOf(state) : [];
  if (list.length < 2) return [];
  return list.map(({ x, y }, i) => ({ kind: "pin", colour: PIN_COLOURS[i], text: `pixel ${x}, ${y}` }));
}

/** One entry, measured, for a sheet. */
function drawn(entry, sheet) {
  const font = sheet.font(SIZE),
    { kind, text } = entry,
    colour = kind === "words" ? sheet.ink.soft : sheet.ink.ink;
  const say = (c, words, x, y) => {
    Object.assign(c, { font, fillStyle: colour, textAlign: "left", textBaseline: "middle" });
    c.fillText(words, x, y + 0.5);
  };
  if (kind === "words") return { width: widthOf(text, font), draw: (c, x, y) => say(c, text, x, y) };
  if (kind === "ramp") {
    const left = widthOf(entry.low, font) + BETWEEN,
      right = left + RAMP_WIDTH + BETWEEN;
    return {
      width: right + widthOf(text, font),
      draw(c, x, y) {
        say(c, entry.low, x, y);
        ramp(c, x + left, y);
        say(c, text, x + right, y);
      },
    };
  }
  const mark = kind === "pin" ? pin : MARKS[kind],
    wide = kind === "grade" ? 46 : kind === "line" ? 22 : 14;
  return {
    width: wide + BETWEEN + widthOf(text, font),
    draw(c, x, y) {
      c.save();
      c.translate(x, y);
      mark(c, entry, sheet.ink);
      c.restore();
      say(c, text, x + wide + BETWEEN, y);
    },
  };
}

function swatch(c, { form, colour }) {
  c.beginPath();
  c.roundRect(0, -7, 14, 14, 4);
  c.fillStyle = form === "unknown" ? "#6d7480" : colour;
  c.fill();
  if (form === "unknown") {
    c.fillStyle = hatch(c);
    c.fill();
  }
  c.strokeStyle = "rgb(128 134 145 / .6)";
  c.lineWidth = 1;
  c.stroke();
}

function grade(c, { colour }) {
  const shade = c.createLinearGradient(0, 0, 46, 0);
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

function sign(c, { colour, sign: text }, { sans }) {
  c.beginPath();
  c.roundRect(0, -7, 14, 14, 3);
  c.fillStyle = colour;
  c.fill();
  Object.assign(c, { fillStyle: "#000", font: `700 11px ${sans}`, textAlign: "center", textBaseline: "middle" });
  c.fillText(text, 7, 0.5);
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
