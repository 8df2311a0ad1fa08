"""Lessons in the browser: every shipped one from its link to its end, questions, a dropped file, and the way out."""

import math

import numpy as np
import pytest

from iaff.lessons import query, read_folders
from iaff.places import LESSONS
from iaff.trace import Trace
from tests.ui.conftest import View, serving
from tests.ui.places import SHIPPED

SHIPPED_LESSONS = read_folders([LESSONS])["lessons"]
NUMBERS = ("round", "climb", "x", "y", "zoom", "cx", "cy", "opacity", "panes", "diff", "tau", "taubg", "leak")
STEP = "document.querySelector('.lesson [aria-current=step]').ariaLabel"
MINE = """# My own

A lesson that was dropped.

## Only step

[view](?run=animals&img=cow&stage=seeds)

Text.
"""
ASKING = """# A lesson with [links](http://elsewhere)

In [all](http://elsewhere) texts.

## A [title](http://elsewhere)

[view](?run=animals&img=cow&stage=seeds)

**Choose.** A [prompt](http://elsewhere)?

- [x] one
- [ ] two

[reveal](?run=animals&img=cow&stage=seeds)

An [explanation](http://elsewhere).
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lessons")


@pytest.fixture(scope="module")
def app(folder, run_folder, tmp_path_factory):
    """Two runs, the shipped one second, with a folder of lessons that is still empty."""
    options = ["--lessons", str(folder), "--run", str(run_folder), "--run", str(SHIPPED.parent)]
    with serving(options, tmp_path_factory.mktemp("log") / "app.log") as served:
        yield served


def shown(view: View) -> dict:
    """What the page shows, without what is at its start value."""
    return view.page.evaluate(
        """async () => {
          const { VIEW } = await import(`${__iaff.base}${__iaff.scripts}/state/state.js`);
          const own = ([key, value]) => value !== VIEW[key].start && key !== 'lesson' && key !== 'step';
          return Object.fromEntries(Object.entries(__iaff.state).filter(own));
        }"""
    )


def wanted(text: str) -> dict:
    """What a view's query says, as the page holds it."""
    values = {key: float(value) if key in NUMBERS else value for key, value in query(text).items()}
    starts = {"round": 1, "opacity": 80, "stage": "photo"}
    return {key: value for key, value in values.items() if starts.get(key) != value}


def drawn(view: View) -> bool:
    """Whether the picture has more than one colour."""
    return view.page.evaluate(
        """() => {
          const { width, height } = __iaff.picture.main.base;
          const { data } = __iaff.picture.main.base.getContext('2d').getImageData(0, 0, width, height);
          const colours = new Set(new Uint32Array(data.buffer.slice(0)).filter((_, i) => i % 997 === 0));
          return colours.size > 1;
        }"""
    )


def at_step(view: View, number: int, title: str) -> None:
    view.wait(f"{STEP}?.startsWith('Step {number} of')")
    assert view.page.evaluate("document.querySelector('.lesson h2').innerHTML") == title
    view.page.evaluate("__iaff.ready")


def answer(view: View, kind: str) -> None:
    """Answers the question that is asked, somehow, and waits for what is said of it."""
    if kind == "choice":
        view.page.locator(".option").first.click()
    else:
        box = view.page.locator(".over >> nth=0").bounding_box()
        view.page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5)
    said = "/Right|Not quite|of 100/.test(document.querySelector('.verdict')?.textContent)"
    view.page.wait_for_function(said, timeout=30000)  # a random walk comes from the server


@pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(
            lesson, id=lesson["name"], marks=[] if lesson["name"] in ("affinity", "mining") else pytest.mark.slow
        )
        for lesson in SHIPPED_LESSONS
    ],
)
def test_a_lesson_from_its_link_to_its_end(view, lesson):
    view.open(f"?lesson={lesson['name']}")
    for number, step in enumerate(lesson["steps"], 1):
        at_step(view, number, step["title"])
        assert shown(view) == wanted(step["view"]), step["title"]
        assert drawn(view)
        assert not view.page.locator(".lesson-reset").is_visible(), "the step is as the file has it"
        if step["question"]:
            answer(view, step["question"]["kind"])
            assert shown(view) == wanted(step["question"]["reveal"]), step["title"]
            assert view.page.locator(".lesson-reset").is_visible()
        if number < len(lesson["steps"]):
            view.page.get_by_role("button", name="Next", exact=True).click()
    assert not view.page.get_by_role("button", name="Next", exact=True).is_visible()
    assert view.page.get_by_role("button", name="All lessons").is_visible()
    names = [lesson["name"] for lesson in SHIPPED_LESSONS]
    after = names[names.index(lesson["name"]) + 1 :]
    assert view.page.locator(".lesson-after").is_visible() == bool(after)
    if after:
        view.page.locator(".lesson-after").click()
        view.wait(f"__iaff.state.lesson === '{after[0]}' && __iaff.state.step === 1")


def expected_score(name: str, round_: int, pin: tuple[int, int], guess: tuple[int, int]) -> tuple[float, int]:
    """Distance in px, and score, from the trace itself; pin and guess in image px."""
    values = np.asarray(Trace.load(SHIPPED / "traces" / f"{name}.safetensors").rounds[round_].affinity.row(*pin))
    order = np.sort(values.ravel())[::-1]
    count = int(np.searchsorted(np.cumsum(order), 0.9 * order.sum()) + 1)
    inside = values >= order[count - 1]
    padded = np.pad(inside, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    rows, columns = np.nonzero(inside & ~inner)
    distance = 4 * np.hypot(columns - guess[0] // 4, rows - guess[1] // 4).min()
    return distance, round(100 * max(0, 1 - distance / (8 * math.sqrt(count / math.pi))))


def test_a_guess_is_scored_by_its_distance_from_the_outline(view):
    view.open("?lesson=affinity&step=5")
    view.click(230, 62)
    view.wait("document.querySelector('.verdict b')")
    distance, score = expected_score("frisbee", 3, (150, 110), (230, 62))
    assert 5 < score < 95, "the guess is neither on the outline nor beyond all bounds"
    assert view.text(".verdict") == f"{score} of 100 · {round(distance)} px from the outline"
    assert view.state("stage") == "affinity"
    assert view.page.evaluate("[__iaff.state.x, __iaff.state.y]") == [150, 110], "a guess is no pin"
    view.page.get_by_role("button", name="Reset this step").click()
    assert view.state("stage") == "photo"
    assert not view.page.locator(".verdict").count()
    view.page.get_by_role("button", name="Place it by keys").click()
    view.key("ArrowRight", "Shift+ArrowUp", "Enter")
    view.wait("document.querySelector('.verdict b')")
    width, height = view.page.evaluate("[__iaff.trace.W, __iaff.trace.H]")
    _, score = expected_score("frisbee", 3, (150, 110), (width // 2 + 4, height // 2 - 20))
    assert view.text(".verdict b") == str(score)


def test_a_choice_is_judged_and_may_be_skipped(view):
    view.open("?lesson=seeds")
    options = view.page.locator(".option")
    right = [option["right"] for option in SHIPPED_LESSONS[0]["steps"][0]["question"]["options"]].index(True)
    options.nth((right + 1) % 3).click()
    assert view.text(".verdict") == "Not quite."
    assert view.state("stage") == "cam"
    assert "right" in options.nth(right).get_attribute("class")
    view.page.get_by_role("button", name="Reset this step").click()
    assert view.state("stage") == "photo"
    options.nth(right).click()
    assert view.text(".verdict") == "Right."
    view.page.get_by_role("button", name="Reset this step").click()
    view.page.get_by_role("button", name="Show me").click()
    assert view.state("stage") == "cam"
    assert not view.page.locator(".verdict").count()
    assert "dog from a cow" in view.text(".question")


def test_links_keys_and_the_way_out(view):
    view.open("?lesson=rounds&step=3&__theme=dark")
    at_step(view, 3, "Guess: three rounds")
    assert shown(view) == wanted(SHIPPED_LESSONS[3]["steps"][2]["view"])
    assert not view.page.locator(".gallery").is_visible()
    view.page.locator(".over >> nth=0").focus()
    view.key("ArrowRight")
    at_step(view, 4, "Mining gets better too")
    assert view.page.evaluate("document.activeElement.textContent") == "Mining gets better too"
    assert view.page.get_by_role("region", name="Lesson: Rounds").is_visible()
    view.key("]")
    assert view.state("round") == 2
    view.page.evaluate("__iaff.history.write()")
    changed = view.page.url
    view.open(changed.removeprefix(view.app.url))
    at_step(view, 4, "Mining gets better too")
    assert view.state("round") == 2, "what the reader changed is kept"
    view.page.get_by_role("button", name="Reset this step").click()
    assert view.state("round") == 1
    view.page.get_by_role("button", name="Leave").click()
    assert view.page.evaluate("[__iaff.state.lesson, __iaff.state.step, __iaff.state.hide]") == [None, 1, None]
    assert view.state("stage") == "confident"
    assert not view.page.locator(".lesson").is_visible()
    assert view.page.locator(".gallery").is_visible()
    assert view.page.locator(".panel").is_visible()
    view.key("ArrowRight")
    assert view.state("stage") == "affinity"
    view.page.evaluate("__iaff.history.write()")
    assert "lesson" not in view.page.url
    assert "__theme=dark" in view.page.url


def test_a_dropped_file_appears_and_a_broken_one_is_named(view, folder):
    view.open()
    view.key("v")
    cards = view.page.locator(".lesson-card")
    view.wait(f"document.querySelectorAll('.lesson-card').length === {len(SHIPPED_LESSONS)}")
    assert "minutes · 7 steps" in cards.first.inner_text()
    view.key("Escape")
    (folder / "mine.md").write_text(MINE)
    (folder / "bad.md").write_text(MINE.replace("stage=seeds", "stage=sprouts"))
    (folder / "worse.md").write_text(MINE.replace("## Only step", "Only step"))
    try:
        view.page.get_by_role("button", name="Lessons").click()
        view.wait("document.querySelector('.broken h4')")
        assert cards.count() == len(SHIPPED_LESSONS) + 1
        broken = view.text(".broken")
        assert "2 files" in broken
        assert "bad.md" in broken
        assert "stage=sprouts in a view of step 1." in broken
        assert "worse.md" in broken
        assert "What to do" in broken
        view.page.get_by_role("link", name="My own").click()
        at_step(view, 1, "Only step")
        assert (view.state("img"), view.state("stage")) == ("cow", "seeds")
    finally:
        for path in folder.iterdir():
            path.unlink()


def test_a_lesson_about_something_that_is_not_here_says_so(view, folder):
    (folder / "other.md").write_text(MINE.replace("?run=animals", "?run=mine"))
    (folder / "photo.md").write_text(MINE.replace("?run=animals&", "?"))
    offer = view.page.get_by_role("button", name='Open it in run "animals"')
    try:
        view.open("?lesson=other")
        offer.wait_for()
        assert 'run "mine", which is not open here (synthetic, animals, plain_cam)' in view.text(".lesson-notice")
        view.open("?lesson=photo")
        offer.wait_for()
        assert view.text(".lesson-notice").startswith('Run "synthetic" has no photo "cow"')
        offer.click()
        view.wait("__iaff.trace && __iaff.run.name === 'animals' && __iaff.current.name === 'cow'")
        assert view.state("stage") == "seeds"
        view.wait("!document.querySelector('.lesson-notice').textContent")
        view.open("?lesson=none")
        assert view.text(".lesson h2") == 'There is no lesson "none" here'
        view.page.get_by_role("button", name="Leave").click()
        assert not view.page.locator(".lesson").is_visible()
    finally:
        for path in folder.iterdir():
            path.unlink()


def test_links_in_texts_lead_out_of_the_page(view, folder):
    (folder / "asking.md").write_text(ASKING)
    links = """(within) => [...document.querySelectorAll(within + " a[href*=elsewhere]")]
      .map(({ innerText, target, rel }) => `${innerText}, ${target}, ${rel}`)"""
    try:
        view.open("?lesson=asking")
        view.page.locator(".option").first.click()
        out = [f"{text}, _blank, noreferrer noopener" for text in ("title", "prompt", "explanation")]
        assert view.page.evaluate(links, ".lesson") == out
        view.key("v")
        view.wait("document.querySelector('.lesson-card a[href*=elsewhere]')")
        assert view.page.evaluate(links, ".lessons") == ["all, _blank, noreferrer noopener"]
    finally:
        (folder / "asking.md").unlink()


def test_what_keeps_a_lesson_from_being_told_is_said(view):
    """A lesson that the way back names is read first; a server that does not answer is not a lesson that is missing."""
    view.open()
    title = "document.querySelector('.lesson h2').textContent"
    view.page.evaluate(
        """() => {
          const { client } = __iaff;
          window.real = client.server;
          client.server = { lessons: () => new Promise((_, reject) => (window.end = reject)) };
          __iaff.store.set({ lesson: "rounds" });
        }"""
    )
    assert view.page.evaluate(title) == 'Opening the lesson "rounds" …'
    view.page.evaluate("end()")
    view.wait(f"""{title} === 'The lesson "rounds" cannot be opened'""")
    assert "does not answer" in view.text(".lesson-text")
    view.page.evaluate("__iaff.client.server = real")
    view.key("v")
    view.page.wait_for_selector(".lesson [aria-current=step]", state="attached")
    at_step(view, 1, SHIPPED_LESSONS[3]["steps"][0]["title"])
