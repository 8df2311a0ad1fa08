// The window of a handout: what is printed, in an order and a size for A4.
import { plain } from "./answers.js";
import { el } from "../ui/dom.js";
import { mathFont } from "../ui/math_font.js";

const STYLE = `
@font-face { font-family: "STIX Two Math"; src: url("@@font@@"); }
@page { size: A4; margin: 16mm 15mm; }
* { box-sizing: border-box; }
body { max-width: 180mm; margin: 0 auto; padding: 8mm 0; background: #fff; color: #12161d;
  font: 10.5pt/1.42 ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
math { font-family: "STIX Two Math", math; font-size: 1.12em; }
h1 { margin: 0; font-size: 19pt; line-height: 1.2; }
h2 { margin: 0 0 1.5mm; font-size: 12.5pt; line-height: 1.25; }
p { margin: 0 0 1.8mm; }
kbd { padding: 0 1mm; border: 0.3mm solid #b8c1cc; border-radius: 1mm; font: inherit; }
header { padding-bottom: 4mm; border-bottom: 0.3mm solid #b8c1cc; }
.who { display: flex; gap: 8mm; margin: 5mm 0 0; }
.who span { flex: 1; border-bottom: 0.2mm solid #545e6c; padding-bottom: 1mm; color: #545e6c; }
section.step { display: grid; grid-template-columns: 62mm 1fr; gap: 0 6mm; padding: 3mm 0; break-inside: avoid; }
section.step > h2 { grid-column: 1 / -1; }
figure { margin: 0; }
img { display: block; width: 100%; }
.none { color: #545e6c; }
.question { margin-top: 2mm; padding: 2.5mm 3mm; border: 0.3mm solid #b8c1cc; border-radius: 2mm; }
.prompt { font-weight: 650; }
ul.boxes { list-style: none; margin: 0; padding: 0; }
ul.boxes li { display: flex; gap: 2.5mm; margin: 1.2mm 0; }
ul.boxes li::before { content: ""; flex: none; width: 3.4mm; height: 3.4mm; margin-top: 0.7mm; border: 0.3mm solid #12161d; }
ul.boxes li.right { font-weight: 650; }
ul.boxes li.right::before { content: "✓"; line-height: 2.6mm; text-align: center; }
.line { height: 8mm; border-bottom: 0.2mm solid #545e6c; }
.solutions { break-before: page; }
.solutions section.step { grid-template-columns: 52mm 1fr; }
.do { position: sticky; top: 0; display: flex; gap: 4mm; align-items: center; padding: 3mm 0; background: #fff; }
.do button { font: inherit; padding: 1.6mm 4mm; border: 0.3mm solid #12161d; border-radius: 2mm; background: #12161d; color: #fff; cursor: pointer; }
.do button:disabled { opacity: 0.4; }
@media print { body { padding: 0; max-width: none; } .do { display: none; } }`;

/**
 * Opens it, with all texts; the pictures come one by one. Null where the browser opens no window.
 * say(words): how far it is; put(i, picture, answer): canvases of a step and of its answer, or null; end(): all are there.
 */
export function handoutPage(lesson) {
  const opened = window.open("", "_blank");
  if (!opened) return null;
  const { document: page } = opened,
    said = el("span", { role: "status" }),
    print = el("button", { type: "button", disabled: true, onclick: () => opened.print() }, "Print"),
    figures = lesson.steps.map(({ title }) => el("figure", { "aria-label": plain(title) })),
    answers = lesson.steps.map(({ title }) => el("figure", { "aria-label": `Answer: ${plain(title)}` }));
  const asked = lesson.steps.map((step, i) => ({ ...step, i })).filter(({ question }) => question);
  page.title = `${lesson.title} · handout`;
  page.documentElement.lang = "en";
  page.head.append(el("style", {}, STYLE.replace("@@font@@", mathFont())));
  page.body.append(
    el("div.do", { role: "region", "aria-label": "Print" }, print, said),
    el(
      "main",
      {},
      el("header", {}, el("h1", {}, lesson.title), html("p", lesson.summary), who()),
      lesson.steps.map((step, i) => stepOf(step, i, figures[i])),
      asked.length && solutions(asked, answers),
    ),
  );
  return {
    get closed() {
      return opened.closed;
    },
    say: (words) => (said.textContent = words),
    put(i, picture, answer) {
      fill(figures[i], picture);
      if (lesson.steps[i].question) fill(answers[i], answer);
    },
    end() {
      said.textContent = "";
      print.disabled = false;
    },
  };
}

/** A node with a lesson's HTML. */
function html(what, text) {
  const node = el(what);
  node.innerHTML = text;
  return node;
}

const who = () => el("p.who", {}, el("span", {}, "Name"), el("span", {}, "Date"));

function stepOf({ title, html: text, question }, i, figure) {
  const told = html("div", text);
  if (question) told.append(toAnswer(question));
  return el("section.step", {}, html("h2", `${i + 1}&ensp;${title}`), figure, told);
}

/** A question with room for its answer. */
function toAnswer({ kind, prompt, options }) {
  const lines = [el("div.line"), el("div.line")];
  if (kind === "where")
    return el("div.question", {}, html("p.prompt", prompt), "Draw it into the picture. Why there?", lines);
  return el("div.question", {}, html("p.prompt", prompt), boxes(options, false), "Why?", lines);
}

function boxes(options, solved) {
  return el(
    "ul.boxes",
    {},
    options.map(({ html: text, right }) => el(solved && right ? "li.right" : "li", {}, html("span", text))),
  );
}

function solutions(asked, figures) {
  const solved = ({ title, question, i }) => {
    const told = html("div", question.html),
      { kind, prompt, options } = question;
    told.prepend(html("p.prompt", prompt), ...(kind === "choice" ? [boxes(options, true)] : []));
    return el("section.step", {}, html("h2", `${i + 1}&ensp;${title}`), figures[i], told);
  };
  return el("div.solutions", {}, el("h1", {}, "Solutions"), asked.map(solved));
}

function fill(figure, canvas) {
  if (!canvas) return figure.append(el("p.none", {}, "The run or the photo of this picture is not open here."));
  const src = canvas.toDataURL("image/jpeg", 0.9);
  figure.append(el("img", { src, alt: figure.getAttribute("aria-label") }));
}
