"""Presenter mode: large, all in one view, and only what a class looks at, at the sizes of lecture halls."""

import pytest

from iaff.lessons import read_folders
from iaff.places import LESSONS

SHIPPED_LESSONS = {lesson["name"]: lesson for lesson in read_folders([LESSONS])["lessons"]}
SIZES = [(1280, 720), (1920, 1080), (853, 480)]
# Texts that are seen and smaller than 24 px at 1280 x 720, and what would have to be scrolled: there must be none.
FAULTS = """() => {
  const least = 24 * Math.min(innerWidth / 1280, innerHeight / 720) - 0.05, found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    range.selectNodeContents(texts.currentNode);
    if (!texts.currentNode.textContent.trim() || !range.getBoundingClientRect().width) continue;
    if (!node.checkVisibility({ visibilityProperty: true }) || node.closest('.sr, script, style')) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < least) found.push(`${size} px: ${texts.currentNode.textContent.slice(0, 40)}`);
  }
  const page = document.documentElement;
  for (const node of [page, document.querySelector('.lesson-body'), document.querySelector('.side')])
    if (node.scrollHeight > node.clientHeight + 1 || node.scrollWidth > node.clientWidth + 1)
      found.push(`${node.className || 'page'} scrolls by ${node.scrollHeight - node.clientHeight}`);
  for (const node of document.querySelectorAll('.frame, .lesson, .legend, .rounds')) {
    const { right, bottom } = node.getBoundingClientRect();
    if (right > innerWidth || bottom > innerHeight) found.push(`${node.className} is cut`);
  }
  return found;
}"""


def size(view, width: int, height: int) -> None:
    view.page.set_viewport_size({"width": width, "height": height})


def faults(view) -> list[str]:
    view.page.evaluate("__iaff.ready")
    view.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return view.page.evaluate(FAULTS)


def answer(view, kind: str) -> None:
    if kind == "choice":
        view.page.locator(".option").first.click()
    else:
        view.page.locator(".over >> nth=0").click()
    said = "/Right|Not quite|of 100/.test(document.querySelector('.verdict')?.textContent)"
    view.page.wait_for_function(said, timeout=30000)


def test_a_stage_and_a_lesson_are_large_and_in_one_view(view):
    size(view, 1280, 720)
    view.open("?run=animals&img=cow&stage=affinity&round=2&x=150&y=110")
    line = view.page.evaluate("__iaff.picture.shared.stroke")
    drawn = view.picture()
    view.key("h")
    assert "leaves presenter mode" in view.text(".leaving")
    assert view.page.evaluate("__iaff.picture.shared.stroke") == 2 * line
    assert view.picture() != drawn
    assert faults(view) == []
    for part in (".gallery", ".top", ".tab-strip", ".keys", ".once", ".iaff-charts", ".truths"):
        assert not view.page.locator(part).first.is_visible(), part
    assert view.text(".panel").split("\n")[0] == "Affinity"
    assert view.page.locator(".rounds").is_visible()
    view.reload()
    assert "present=1" in view.page.url
    view.key("1")
    assert not view.page.locator(".rounds").is_visible(), "the photo has no rounds"
    view.key("Escape")
    assert view.state("present") is None
    assert view.page.locator(".gallery").is_visible()
    view.open("?lesson=mining&step=4&present=1")
    assert faults(view) == []
    assert view.page.locator(".leaving").is_visible()
    view.key("Escape", "h")
    assert faults(view) == [], "the card is as wide as its text needs, however one has come there"
    answer(view, "choice")
    assert faults(view) == []
    view.page.get_by_role("button", name="Next", exact=True).click()
    view.wait("__iaff.state.step === 5")
    assert view.state("present") == "1", "it stays from step to step"
    assert "STIX Two Math" in view.page.evaluate("getComputedStyle(document.querySelector('.lesson math')).fontFamily")
    view.wait("[...document.fonts].some(({ family, status }) => /STIX/.test(family) && status === 'loaded')")
    size(view, 853, 480)
    assert faults(view) == []
    view.key("ArrowRight")
    assert view.page.locator(".rails").is_visible(), "the step is about the thresholds"
    assert not view.page.locator(".plots").is_visible()
    view.key("h")
    boxes = [view.page.locator(part).bounding_box() for part in (".lesson", ".frame[data-pane]")]
    assert all(box["y"] + box["height"] <= 480 for box in boxes), "without presenter mode too"


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED_LESSONS)
def test_each_step_of_each_lesson_fits(view, name):
    view.open(f"?lesson={name}&present=1")
    view.page.wait_for_selector(".leaving", state="hidden")
    found = []
    for number, step in enumerate(SHIPPED_LESSONS[name]["steps"], 1):
        for answered in [False, True] if step["question"] else [False]:
            view.page.evaluate(f"__iaff.lessons.go('{name}', {number})")
            view.page.evaluate("__iaff.ready")
            if answered:
                answer(view, step["question"]["kind"])
            for width, height in SIZES:
                size(view, width, height)
                found += [f"step {number}, {width} px: {fault}" for fault in faults(view)]
    assert not found, "\n".join(found)
