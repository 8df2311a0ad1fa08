// Predict, then reveal: the question of a step, before and after it was answered.
import { el } from "../ui/dom.js";
import { hasKeys } from "../ui/pointing.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Nodes of the question of the step that is on. */
export function question(lessons) {
  const { answer, step } = lessons,
    { prompt, html, kind } = step.question;
  const asked = el("p.prompt");
  asked.innerHTML = prompt;
  const choice = kind === "choice" ? [choices(lessons)] : [];
  if (!answer) {
    const ways = [...(kind === "where" && hasKeys() ? [byKeys(lessons)] : []), showMe(lessons)];
    return [asked, ...choice, el("div.ways", {}, ways)];
  }
  const why = el("div.lesson-text");
  why.innerHTML = html;
  return [asked, ...choice, ...verdict(step.question, answer, lessons.current.trace?.stride), why];
}

function choices(lessons) {
  const { answer, step } = lessons;
  const options = step.question.options.map(({ html, right }, i) => {
    const mark = answer && (right ? ".right" : answer.chosen === i ? ".wrong" : ".other");
    const option = el(`button.option${mark ?? ""}`, {
      type: "button",
      disabled: Boolean(answer),
      onclick: () => lessons.reveal({ chosen: i }),
    });
    option.innerHTML = html;
    if (answer && (right || answer.chosen === i))
      option.prepend(el("span.sr", {}, right ? "Right: " : "Your answer: "));
    return option;
  });
  return el("div.options", { role: "group", "aria-label": "Answers" }, options);
}

/** How the answer was; nothing where it was skipped, or is not known yet. */
function verdict({ kind, options }, answer, stride) {
  const say = (text, kind) => [el(`p.verdict.${kind}`, { role: "status" }, text)];
  if (kind === "choice") {
    if (answer.chosen === undefined) return [];
    return options[answer.chosen].right ? say("Right.", "right") : say("Not quite.", "wrong");
  }
  if (!answer.guess) return [];
  const waiting = answer.late ? "The whole affinity did not come: no score." : "Measuring …";
  if (answer.score === undefined) return [el("p.verdict", { role: "status" }, waiting)];
  const { distance, score } = answer;
  const off = distance < stride ? "On the outline" : `${Math.round(distance)} px from the outline`;
  const node = el(
    "p.verdict",
    {
      role: "status",
      title: "100 on the outline, 0 where it is farther off than all outlined cells, put together as a disc, are wide",
    },
    el("b", {}, String(score)),
    ` of 100 · ${off}`,
  );
  return [node];
}

function showMe(lessons) {
  return el("button.quiet", { type: "button", onclick: () => lessons.reveal({}) }, "Show me");
}

/** A guess without a pointer: arrows move the mark by a cell, Enter sets it. */
function byKeys(lessons) {
  const idle = "Place it by keys";
  let at = null;
  const rest = () => {
    at = null;
    button.textContent = idle;
  };
  const button = el("button.quiet.by-keys", { type: "button", onclick: press, onblur: rest, onkeydown: move }, idle);

  function press() {
    if (at) return lessons.guess(at);
    const { W, H } = lessons.current.trace;
    at = { x: W >> 1, y: H >> 1 };
    button.textContent = "Arrows move it, Enter sets it";
    lessons.place(at);
  }

  function move(event) {
    const by = ARROWS[event.key];
    if (!by || !at) return;
    event.preventDefault();
    event.stopPropagation();
    const { W, H, stride } = lessons.current.trace,
      inside = (v, n) => Math.min(n - 1, Math.max(0, v)),
      step = stride * (event.shiftKey ? 5 : 1);
    at = { x: inside(at.x + step * by[0], W), y: inside(at.y + step * by[1], H) };
    lessons.place(at);
  }
  return button;
}
