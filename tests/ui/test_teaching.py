"""What a teacher does with lessons in the browser: record one, take the answers of a class, print a handout."""

import csv
import io
from pathlib import Path

import pytest

from iaff.lessons import parse, query, read_folders
from iaff.places import LESSONS

SEEDS, *_ = read_folders([LESSONS])["lessons"]
VIEW = "?run=animals&img=cow&stage=seeds&truth=border&zoom=2&x=150&y=110"
HIDDEN = "gallery_panel_keys_charts"
AWKWARD = ["1. #1 is *mine*", "- a list? <b>", "---"]
TEXT = "What is *seen*, with $G$.\n\n## no step of its own\n---\n"


def taken(view, button: str) -> str:
    """What a button of the page gives as a file, as text."""
    with view.page.expect_download() as download:
        view.page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text("utf-8-sig")


def test_a_step_is_recorded_and_the_file_is_a_lesson(view):
    page = view.open(VIEW).page
    view.key("v")
    page.get_by_role("button", name="Add this view as a step").click()
    page.get_by_label("Title of the lesson").fill(AWKWARD[0])
    page.get_by_label("What it shows, in one line").fill(AWKWARD[1])
    page.get_by_label("Title of step 1").fill(AWKWARD[2])
    page.get_by_label("Text").fill(TEXT)
    view.key("Escape")
    page.evaluate("__iaff.store.set({ stage: 'affinity', round: 3 })")
    view.reload()
    view.key("v")
    page.get_by_role("button", name="Go on with it (1 step)").click()
    page.get_by_role("button", name="Ask: the view shown now is the answer").click()
    page.locator(".recorder").get_by_role("button", name="Add this view as a step").click()
    page.get_by_role("button", name="Step up").last.click()
    lesson = parse(taken(view, "Download .md"))
    second, first = lesson["steps"]
    assert (lesson["title"], lesson["summary"]) == ("1\\. #1 is *mine*", "- a list? &lt;b&gt;")
    assert (second["title"], first["title"]) == ("Step 1", "---")
    assert query(first["view"]) == query(f"{VIEW}&hide={HIDDEN}")
    assert "no step of its own" in first["html"]
    assert first["question"]["kind"] == "where", "the view shows the affinity of the pixel that the step pins"
    assert query(first["question"]["reveal"])["round"] == "3"
    page.get_by_role("button", name="Go to its view").last.click()
    assert (view.state("stage"), view.state("hide")) == ("seeds", HIDDEN)


def test_answers_are_kept_told_apart_and_exported(view):
    page = view.open("?lesson=seeds").page
    for name in ("=Ada", "Emmy, 2b"):
        view.key("v")
        page.get_by_label("Who answers").fill(name)
        view.key("Tab", "Escape")
        page.locator(".option").first.click()
        page.get_by_role("button", name="Reset this step").click()
    page.evaluate("__iaff.lessons.go('affinity', 5)")
    page.evaluate("__iaff.ready")
    view.click(230, 62)
    view.wait("document.querySelector('.verdict b')")
    view.key("v")
    assert "3 answers of 2 sittings" in view.text(".answers")
    table = [*csv.DictReader(io.StringIO(taken(view, "Export answers"), newline=""))]
    option = SEEDS["steps"][0]["question"]["options"][0]
    assert [row["who"] for row in table] == ["Ada", "Emmy, 2b", "Emmy, 2b"]
    assert [row["sitting"] for row in table] == ["1", "2", "2"]
    assert (table[0]["answer"], table[0]["right"]) == (option["html"], "yes" if option["right"] else "no")
    assert (table[2]["lesson"], table[2]["step"], table[2]["answer"]) == ("affinity", "5", "x 230, y 62")
    assert table[2]["score"] == view.page.evaluate("document.querySelector('.verdict b').textContent")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Forget them").click()
    assert not page.get_by_role("button", name="Export answers").is_visible()
    assert page.evaluate("localStorage.getItem('iaff-answers')") is None


def test_a_lesson_is_printed(view):
    """The first two steps of one, which is enough: each has a question."""
    page = view.open("?run=animals&img=cow&stage=affinity&x=150&y=110").page
    view.key("v")
    page.wait_for_selector(".lesson-card")
    steps = SEEDS["steps"][:2]
    page.evaluate("__iaff.lessons.all[0].steps.length = 2")
    with page.expect_popup() as opened:
        page.locator(".lesson-card").first.get_by_role("button", name="Handout").click()
    sheet = opened.value
    sheet.wait_for_selector(".do button:not([disabled])", timeout=30000)
    assert sheet.locator("main > section.step").count() == sheet.locator(".solutions section.step").count() == 2
    drawn = "[...document.images].map(({ naturalWidth, src }) => [naturalWidth, src])"
    widths, sources = zip(*sheet.evaluate(drawn), strict=True)
    views = [step["view"] for step in steps] + [step["question"]["reveal"] for step in steps]
    assert (len(sources), len(set(sources))) == (len(views), len(set(views))), "each view has a picture of its own"
    assert min(widths) >= 960
    right = [option["html"] for step in steps for option in step["question"]["options"] if option["right"]]
    assert sheet.locator("li.right").all_inner_texts() == right
    assert page.evaluate("[__iaff.state.img, __iaff.state.stage, __iaff.state.x]") == ["cow", "affinity", 150]
    sheet.close()


@pytest.fixture(autouse=True)
def forgotten(view):
    """Other tests share the browser's memory."""
    yield
    view.page.evaluate("localStorage.clear()")
