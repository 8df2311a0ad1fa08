"""Lessons: what a file becomes, what is said of a broken one, and whether the shipped ones keep to the page's keys."""

import json
import re

import pytest

from iaff.errors import UserError
from iaff.explorer.app import check_lessons, runs_in
from iaff.explorer.server.lessons import lesson_list
from iaff.explorer.standalone.view import schema
from iaff.lessons import LessonError, parse, query, read_folders
from iaff.places import LESSONS, SHIPPED

GOOD = """# Rows of *G*

What a row is, with $G$.

## First step

[view](?img=cow&stage=photo&x=150&y=110)

Text with $\\alpha^p = G\\,\\alpha^u$ and a <b>tag</b>.

**Where?** Click where it *ends*.

[reveal](?img=cow&stage=affinity&round=3&x=150&y=110)

Here is why.

## Second step

[view](?img=cow&stage=seeds&cls=cow,dog)

Text.

**Choose.** Which?

- [ ] this
- [x] *that*

[reveal](?img=cow&stage=refined)

Because.
"""


def test_a_file_becomes_steps_with_views_and_questions():
    lesson = parse(GOOD)
    first, second = lesson["steps"]
    assert lesson["title"] == "Rows of *G*"
    assert "<mi>G</mi>" in lesson["summary"]
    assert lesson["minutes"] == 1
    assert (first["title"], first["view"]) == ("First step", "?img=cow&stage=photo&x=150&y=110")
    assert "<msup><mi>α</mi><mi>p</mi></msup>" in first["html"], "formulae are MathML"
    assert "&lt;b&gt;tag" in first["html"], "HTML is text"
    assert "[view]" not in first["html"]
    assert "Where?" not in first["html"]
    where, choice = first["question"], second["question"]
    assert (where["kind"], where["prompt"]) == ("where", "Click where it <em>ends</em>.")
    assert where["reveal"] == "?img=cow&stage=affinity&round=3&x=150&y=110"
    assert where["html"].strip() == "<p>Here is why.</p>"
    assert choice["kind"] == "choice"
    assert choice["options"] == [{"html": "this", "right": False}, {"html": "<em>that</em>", "right": True}]
    assert query(second["view"]) == {"img": "cow", "stage": "seeds", "cls": "cow,dog"}


@pytest.mark.parametrize(
    ("old", "new", "got", "expected"),
    [
        ("# Rows of *G*\n", "", "no title", "# Title"),
        ("What a row is, with $G$.\n", "", "0 paragraphs", "one line"),
        ("## ", "### ", "paragraphs below the title", "one line"),
        ("## First step\n", "## First step\n\n[view](?img=dog)\n", "2 lines [view]", "exactly one"),
        ("[view](?img=cow&stage=seeds&cls=cow,dog)\n", "", "0 lines [view](?...) in step 'Second step'", "exactly one"),
        ("?img=cow&stage=seeds", "?stage=seeds", "the view '?stage=seeds&cls=cow,dog'", "img=PHOTO"),
        ("?img=cow&stage=seeds", "?img=cow&img=dog", "img=cow&img=dog", "each key once"),
        ("?img=cow&stage=seeds", "http://elsewhere/?img=cow", "http://elsewhere", "a query ?key=value"),
        ("- [ ] this", "- [x] this", "2 right", "exactly one right"),
        ("- [x] *that*\n", "", "1 answers", "two or more"),
        ("- [ ] this\n- [x] *that*\n", "", "0 answers", "two or more"),
        ("- [ ] this", "- this", "2 answers, 1 of them with a box", "- [ ] wrong"),
        ("[reveal](?img=cow&stage=refined)\n", "", "0 lines [reveal]", "exactly one"),
        ("Because.\n", "", "no explanation in the question of step 'Second step'", "why"),
        ("Because.\n", "**Choose.** Again?\n", "a second question", "one question a step"),
        ("stage=affinity&round=3", "stage=refined", "not the affinity", "stage=affinity"),
        ("&x=150&y=110)\n\nHere", "&x=150&y=111)\n\nHere", "not the affinity of the pixel", "the same run"),
        ("$G$", "$\\frac$", "the formula", "latex2mathml"),
    ],
)
def test_a_broken_lesson_says_what_is_wrong(old, new, got, expected):
    assert old in GOOD
    with pytest.raises(LessonError) as caught:
        parse(GOOD.replace(old, new))
    assert got in caught.value.got
    assert expected in caught.value.expected
    assert caught.value.remedy


def test_a_lesson_without_steps_says_so():
    with pytest.raises(LessonError, match="no steps"):
        parse("# Title\n\nOne line.\n")


@pytest.mark.parametrize(
    ("latex", "safe"),
    [
        (r"\text{<img/src=\"x\"onerror=\"hit=1\">}", "&lt;img/src"),
        (r"\text{&lt;img/src=\"x\"onerror=\"hit=1\"&gt;}", "&lt;img/src"),
        (r"\href{javascript:hit=1}{a}", "<mi>a</mi>"),
        (r"\style{background:url(http://elsewhere)}{a}", "<mi>a</mi>"),
    ],
)
def test_a_formula_holds_no_html_no_link_and_no_style(latex, safe):
    text = parse(GOOD.replace("Text.", f"${latex}$"))["steps"][1]["html"]
    assert safe in text
    assert "<img" not in text
    assert "href" not in text
    assert "elsewhere" not in text


def test_keys_look_like_keys():
    text = parse(GOOD.replace("Text.", "`b`, `→`, `Shift + click`, `Esc` or `<`, but `iaff` and `b = 1`."))["steps"][1][
        "html"
    ]
    keys = ["b", "→", "Shift + click", "Esc", "&lt;"]
    assert re.findall("<kbd>(.*?)</kbd>", text) == keys
    assert "<code>iaff</code> and <code>b = 1</code>" in text


def test_links_are_in_texts_but_not_in_answers():
    linked = GOOD.replace("Text.", "[a](http://b)").replace("*that*", "*that* [a](http://b) <http://c>")
    step = parse(linked)["steps"][1]
    assert '<a href="http://b">a</a>' in step["html"]
    assert step["question"]["options"][1]["html"] == "<em>that</em> [a](http://b) &lt;http://c&gt;"


def test_pictures_are_not_loaded_from_elsewhere():
    assert "<img" not in parse(GOOD.replace("Text.", "![a](http://elsewhere/a.png)"))["steps"][1]["html"]


def test_dropped_files_appear_and_broken_ones_are_named(tmp_path):
    ask = lesson_list([tmp_path])
    shipped = ask({})
    assert not shipped["broken"]
    (tmp_path / "2-mine.md").write_text(GOOD)
    (tmp_path / "README.md").write_text("no lesson")
    (tmp_path / "bytes.md").write_bytes(b"# \xff")
    (tmp_path / "long.md").write_text(GOOD + "x" * 300_000)
    (tmp_path / "rounds.md").write_text(GOOD)
    (tmp_path / "steps.md").write_text("# Title\n\nOne line.\n")
    (tmp_path / "folder.md").mkdir()
    answer = json.loads(json.dumps(ask({})))
    names = [lesson["name"] for lesson in answer["lessons"]]
    assert names == [*(lesson["name"] for lesson in shipped["lessons"]), "mine"]
    broken = {error["file"]: error["got"] for error in answer["broken"]}
    assert set(broken) == {"bytes.md", "long.md", "rounds.md", "steps.md", "folder.md"}
    assert "not UTF-8" in broken["bytes.md"]
    assert "4-rounds.md has it" in broken["rounds.md"]
    (tmp_path / "2-mine.md").unlink()
    assert [lesson["name"] for lesson in ask({})["lessons"]] == names[:-1]


def test_a_missing_folder_of_lessons_is_an_error_at_the_start(tmp_path):
    with pytest.raises(UserError, match="got no folder"):
        check_lessons([tmp_path / "none"])


# --- the shipped lessons -------------------------------------------------------------------------------------------

KEYS = set(schema())
PHOTOS = {run.name: {trace["name"] for trace in run.traces()} for run in runs_in(SHIPPED.parent)}
LESSON_FILES = sorted(LESSONS.glob("*.md"))


def test_the_lessons_were_found():
    assert len(LESSON_FILES) >= 6


@pytest.mark.parametrize("path", LESSON_FILES, ids=lambda path: path.stem)
def test_a_shipped_lesson_keeps_to_the_rules(path):
    lesson = parse(path.read_text(encoding="utf-8"))
    questions = [step["question"] for step in lesson["steps"] if step["question"]]
    assert questions
    assert 5 <= len(lesson["steps"]) <= 8
    assert 3 <= lesson["minutes"] <= 6
    for view in [step["view"] for step in lesson["steps"]] + [question["reveal"] for question in questions]:
        values = query(view)
        assert set(values) <= KEYS - {"lesson", "step", "present"}, view
        assert values["img"] in {*PHOTOS[values["run"]], "toy"}  # which comes with the page


def test_the_figures_that_the_lesson_on_rounds_names_are_the_runs():
    text = (LESSONS / "4-rounds.md").read_text(encoding="utf-8")
    for run in runs_in(SHIPPED.parent):
        miou = [round_["refined"]["miou"] for round_ in run.figures()["rounds"]]
        for number in (3, 5):
            assert f"{100 * miou[number - 1]:.1f} %" in text, (run.name, number)


def test_every_kind_of_question_is_asked():
    steps = [step for lesson in read_folders([LESSONS])["lessons"] for step in lesson["steps"]]
    assert {step["question"]["kind"] for step in steps if step["question"]} == {"where", "choice"}
