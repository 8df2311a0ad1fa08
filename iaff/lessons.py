"""Lessons: Markdown files that the explorer tells step by step, each step with a view of its own. See docs/lessons.md.

A file that cannot be told is reported, with what was got, what is expected and a remedy; the others are told all the
same.
"""

import html
import re
import stat
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin

LARGEST = 200_000  # bytes of a file
KINDS = {"Where?": "where", "Choose.": "choice"}
KEY_NAMES = "Esc|Enter|Tab|Shift|Alt|Ctrl|space|arrows|click|\\S"  # a single sign is a key too
KEY = re.compile(rf"(?:{KEY_NAMES})(?: ?\+ ?(?:{KEY_NAMES}))*")
OPTION = re.compile(r"\[([ xX])\]\s+(.*)", re.DOTALL)
READ, LOOK, THINK = 2.5, 8, 15  # words a second in class; s to look at a step; s to think about a question

Nodes = list[SyntaxTreeNode]


class LessonError(Exception):
    """A lesson that cannot be told: what was ``got``, what was ``expected``, and the ``remedy``."""

    def __init__(self, got: str, expected: str, remedy: str):
        super().__init__(f"Got {got} Expected {expected} {remedy}")
        self.got, self.expected, self.remedy = got, expected, remedy


def read_folders(folders: Iterable[Path]) -> dict[str, list[dict[str, Any]]]:
    """All lessons of these folders, in the order of their file names (README.md is none).

    Returns:
        ``lessons``: as :func:`parse` gives them, each with its ``name`` (the file's, without a number that only sorts:
        ``2-rounds.md`` is ``rounds``) and ``file``; ``broken``: ``file``, ``got``, ``expected``, ``remedy`` of each
        file that cannot be told.
    """
    lessons: dict[str, dict[str, Any]] = {}
    broken = []
    for path in [path for folder in folders for path in sorted(folder.glob("*.md"))]:
        if path.name.lower() == "readme.md":
            continue
        try:
            name = name_of(path, lessons)
            lessons[name] = {"name": name, "file": path.name, **parse(text_of(path))}
        except LessonError as error:
            parts = {key: sentence(getattr(error, key)) for key in ("got", "expected", "remedy")}
            broken.append({"file": path.name, **parts})
    return {"lessons": list(lessons.values()), "broken": broken}


def sentence(text: str) -> str:
    """With a capital letter in front."""
    return text[0].upper() + text[1:]


def name_of(path: Path, taken: dict[str, Any]) -> str:
    """The lesson's name in links; LessonError where another lesson has it."""
    name = re.sub(r"^\d+[-_ ]", "", path.stem)
    if name in taken:
        raise LessonError(
            f"a second lesson of the name {name!r} ({taken[name]['file']} has it).",
            "a name of its own for each lesson, over all folders.",
            "Rename this file.",
        )
    return name


def text_of(path: Path) -> str:
    """A file's text; LessonError where it is none, or too long to be a lesson."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe would wait for ever
            raise LessonError(
                "a folder, a pipe or a device.", "a file of Markdown.", "Give it another name, or move it."
            )
        if about.st_size > LARGEST:
            raise LessonError(
                f"{about.st_size:,} bytes.", f"at most {LARGEST:,}.", "Cut the lesson into several of 5 to 8 steps."
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LessonError(f"{error.strerror}.", "a file that can be read.", "Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise LessonError(
            f"a byte that is not UTF-8, at position {error.start}.", "text in UTF-8.", "Save the file in UTF-8."
        ) from error


def parse(text: str) -> dict[str, Any]:
    """A lesson: ``title``, ``summary``, ``minutes`` and ``steps``; texts are HTML, views are queries ("?img=...").

    A step has ``title``, ``view``, ``html`` and ``question``: None, or ``kind`` ("where" or "choice"), ``prompt``,
    ``reveal`` (a view), ``html`` (the explanation) and, for a choice, ``options`` with ``html`` and ``right``.

    Raises:
        LessonError: something is missing, twice there, or in a place where it means nothing.
    """
    head, sections = split(SyntaxTreeNode(markdown().parse(text)).children)
    title = head[0].children[0].content if head and is_heading(head[0], 1) else ""
    if not title:
        raise LessonError("no title.", "a first line `# Title`.", "Write the lesson's title there.")
    summary = head[1:]
    if len(summary) != 1 or summary[0].type != "paragraph":
        raise LessonError(
            f"{len(summary)} paragraphs below the title.",
            "one line that says what the lesson shows.",
            "Move other text into the steps, below `## Step title`.",
        )
    if not sections:
        raise LessonError("no steps.", "sections that begin with `## Step title`.", "Write at least one.")
    steps = [step(section) for section in sections]
    return {"title": title, "summary": inline(summary[0]), "minutes": minutes(text, steps), "steps": steps}


def split(nodes: Nodes) -> tuple[Nodes, list[Nodes]]:
    """What stands before the first ``##``, and the sections, each with its heading first."""
    starts = [i for i, node in enumerate(nodes) if is_heading(node, 2)]
    ends = [*starts, len(nodes)]
    return nodes[: ends[0]], [nodes[i:j] for i, j in pairwise(ends)]


def step(section: Nodes) -> dict[str, Any]:
    """One section as a step; LessonError names it."""
    title, body = inline(section[0]), section[1:]
    where = f"step {section[0].children[0].content!r}"
    asked = next((i for i, node in enumerate(body) if kind_of(node)), len(body))
    view, text = taken(body[:asked], "view", where)
    question = ask(body[asked:], view, where) if asked < len(body) else None
    if not text and question is None:
        raise LessonError(f"no text in {where}.", "two to five sentences.", "Write what there is to see.")
    return {"title": title, "view": view, "html": render(text), "question": question}


def ask(nodes: Nodes, view: str, where: str) -> dict[str, Any]:
    """A question and its explanation, from the paragraph with its mark on."""
    kind = kind_of(nodes[0])
    mark = next(mark for mark, name in KINDS.items() if name == kind)
    where = f"the question of {where}"
    if any(kind_of(node) for node in nodes[1:]):
        raise LessonError(f"a second question in {where}.", "one question a step.", "Give it a step of its own.")
    prompt = markdown().renderInline(nodes[0].children[0].content.removeprefix(f"**{mark}**").strip())
    reveal, rest = taken(nodes[1:], "reveal", where)
    question = {"kind": kind, "prompt": prompt, "reveal": reveal}
    if kind == "choice":
        lists = [node for node in rest if node.type == "bullet_list"][:1]
        question["options"] = options(lists, where)
        rest = [node for node in rest if node not in lists]
    else:
        check_where(view, reveal, where)
    if not rest:
        raise LessonError(f"no explanation in {where}.", "why the answer is what it is.", "Write it below the view.")
    return {**question, "html": render(rest)}


def options(lists: Nodes, where: str) -> list[dict[str, Any]]:
    """The answers of a choice: ``html`` and whether it is ``right``; exactly one is."""
    texts = [first_line(item) for item in lists[0].children] if lists else []
    found = [match for match in map(OPTION.fullmatch, texts) if match]
    right = sum(match[1] != " " for match in found)
    if len(found) != len(texts) or len(found) < 2 or right != 1:
        raise LessonError(
            f"{len(texts)} answers, {len(found)} of them with a box and {right} right, in {where}.",
            "a list of two or more answers, `- [ ] wrong` or `- [x] right`, with exactly one right.",
            "Mark one answer with [x] and the others with [ ].",
        )
    return [{"html": markdown(links=False).renderInline(match[2]), "right": match[1] != " "} for match in found]


def check_where(view: str, reveal: str, where: str) -> None:
    """Raises LessonError unless the reveal shows the affinity of the pixel that the view has pinned."""
    before, after = query(view), query(reveal)
    same = all(before.get(key) == after.get(key) for key in ("run", "img", "x", "y"))
    if not same or after.get("stage") != "affinity" or "x" not in after or "y" not in after:
        raise LessonError(
            f"a [reveal] that is not the affinity of the pixel in [view], in {where}.",
            "the same run, img, x and y in both, and stage=affinity in [reveal].",
            "Copy the view's query and add stage=affinity.",
        )


def taken(nodes: Nodes, label: str, where: str) -> tuple[str, Nodes]:
    """The one view of that label, and the other nodes.

    Raises:
        LessonError: there is none, or more than one, or it is no query that names a photo.
    """
    views = [node for node in nodes if label_of(node) == label]
    if len(views) != 1:
        raise LessonError(
            f"{len(views)} lines [{label}](?...) in {where}.",
            f"exactly one, such as [{label}](?img=chelsea&stage=seeds).",
            'Make the view in the explorer, press "Copy link", and take what follows the address.',
        )
    href = str(views[0].children[0].children[0].attrs["href"])
    if not query(href).get("img"):
        raise LessonError(
            f"the {label} {href!r} in {where}.",
            "a query ?key=value&key=value, each key once, with img=PHOTO among them.",
            'Make the view in the explorer, press "Copy link", and take what follows the address.',
        )
    return href, [node for node in nodes if node is not views[0]]


def query(view: str) -> dict[str, str]:
    """A view's keys and values; empty where it is no query, or has a key twice."""
    try:
        pairs = parse_qsl(view.removeprefix("?"), strict_parsing=True)
    except ValueError:
        return {}
    values = dict(pairs)
    return values if view.startswith("?") and len(values) == len(pairs) else {}


# --- Markdown --------------------------------------------------------------------------------------------------------


@cache
def markdown(links: bool = True) -> MarkdownIt:
    """Plain Markdown with formulae; no HTML, and no images, which might lie elsewhere. A button's text has no links."""
    md = MarkdownIt("commonmark", {"html": False}).disable(["image", *([] if links else ["link", "autolink"])])
    md.validateLink = leads_to_a_page
    md.add_render_rule("code_inline", key_or_code)
    return md.use(dollarmath_plugin, allow_digits=False, renderer=mathml)


def key_or_code(_: Any, tokens: Any, index: int, *__: Any) -> str:
    """Code in a text: a key (`b`, `Esc`, `Shift + click`) looks like one."""
    text = tokens[index].content
    kind = "kbd" if KEY.fullmatch(text) else "code"
    return f"<{kind}>{html.escape(text)}</{kind}>"


def leads_to_a_page(url: str) -> bool:
    """Whether a link is one to a page or to a person, and runs or starts nothing."""
    try:
        return urlsplit(url.strip()).scheme in ("", "http", "https", "mailto")
    except ValueError:
        return False


def mathml(latex: str, options: dict[str, Any]) -> str:
    """LaTeX as MathML without links and styles of its own; LessonError where it is none."""
    try:
        tree = convert_to_element(latex, display="block" if options.get("display_mode") else "inline")
    except Exception as error:  # the converter has many kinds
        raise LessonError(
            f"the formula ${latex}$ ({type(error).__name__}).", "LaTeX that latex2mathml reads.", "Write it simpler."
        ) from error
    # The converter's own `convert` takes escapes back in the whole text, so that HTML in a formula would be HTML.
    for node in tree.iter():
        node.text = node.text and html.unescape(node.text)
        for name in ("href", "style", "class"):
            node.attrib.pop(name, None)
    return tostring(tree, encoding="unicode")


def render(nodes: Nodes) -> str:
    """Blocks as HTML."""
    md = markdown()
    return "".join(md.renderer.render(node.to_tokens(), md.options, {}) for node in nodes)


def inline(node: SyntaxTreeNode) -> str:
    """The text of a heading or paragraph as HTML."""
    return markdown().renderInline(node.children[0].content)


def is_heading(node: SyntaxTreeNode, level: int) -> bool:
    return node.type == "heading" and node.tag == f"h{level}"


def spans(node: SyntaxTreeNode) -> Nodes:
    """What a paragraph's text consists of; nothing for other blocks."""
    return node.children[0].children if node.type == "paragraph" else []


def first_line(item: SyntaxTreeNode) -> str:
    """The text that a list's item begins with."""
    return item.children[0].children[0].content if item.children and item.children[0].type == "paragraph" else ""


def label_of(node: SyntaxTreeNode) -> str | None:
    """The text of a link that is a paragraph of its own."""
    parts = spans(node)
    alone = len(parts) == 1 and parts[0].type == "link" and len(parts[0].children) == 1
    return parts[0].children[0].content if alone else None


def kind_of(node: SyntaxTreeNode) -> str | None:
    """The kind of question that a paragraph begins, by its first, strong word."""
    parts = [part for part in spans(node) if part.type != "text" or part.content]
    if not parts or parts[0].type != "strong":
        return None
    return KINDS.get(parts[0].children[0].content)


def minutes(text: str, steps: list[dict[str, Any]]) -> int:
    """How long the lesson takes in class, from its words, steps and questions."""
    words = len(re.sub(r"\(\?[^)]*\)", "", text).split())
    questions = sum(step["question"] is not None for step in steps)
    return max(1, round((words / READ + LOOK * len(steps) + THINK * questions) / 60))
