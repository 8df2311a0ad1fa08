"""Fingers: what one and two of them do on the picture, and what the page then says."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.ui.conftest import View, viewing

LONG_MS = 520  # a little longer than a press must last to be a long one
REST_MS = 200  # longer than a finger must rest to ask


@pytest.fixture(scope="module")
def phone(browser, app) -> Iterator[View]:
    """A page on a phone, without a mouse or a keyboard; the tests follow each other on it."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    context.cached = {app.url}
    with viewing(context, app) as view:
        yield view.open("?run=animals&img=pasture&stage=affinity")
    context.close()


class Fingers:
    """Fingers on the screen, through the browser's own input: each a position in CSS px of the window."""

    def __init__(self, page):
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *places: tuple[float, float], at: float | None = None) -> None:
        """``at``: when it happened, s since 1970, if not now."""
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        when = {} if at is None else {"timestamp": at}
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points} | when)

    def tap(self, place: tuple[float, float], rest: int = 0) -> None:
        self.send("touchStart", place)
        if rest:
            self.page.wait_for_timeout(rest)
        self.send("touchEnd")

    def swipe(self, way: list[tuple[float, float]]) -> None:
        """In a tenth of a second, however slow this machine is; at its end the finger stays, and nothing goes on."""
        start = time.time()
        for i, place in enumerate(way):
            self.send("touchMove" if i else "touchStart", place, at=start + 0.1 * i / len(way))
        self.send("touchMove", way[-1], at=start + 0.5)
        self.send("touchEnd", at=start + 0.5)

    def move(self, *ways: list[tuple[float, float]], rest: int = 0, lift: bool = True) -> None:
        """Each finger along its places."""
        for n in range(1, len(ways) + 1):
            self.send("touchStart", *[way[0] for way in ways[:n]])
        if rest:
            self.page.wait_for_timeout(rest)
        for places in zip(*[way[1:] for way in ways], strict=True):
            self.send("touchMove", *places)
        if lift:
            self.send("touchEnd")


def way(start: tuple[float, float], dx: float, dy: float, steps: int = 4) -> list[tuple[float, float]]:
    return [(start[0] + dx * i / steps, start[1] + dy * i / steps) for i in range(steps + 1)]


def show(view: View, **change) -> None:
    """That, on a bare view at the top of the page."""
    bare = {"stage": "affinity", "tab": "stage", "panes": 1, "zoom": 1, "wipe": None, "diff": None, "paint": None}
    view.page.evaluate(
        "(to) => { __iaff.store.set(to); __iaff.pointer.leave(); scrollTo(0, 0); }",
        {"x": None, "y": None, **bare, **change},
    )
    frames(view)


def frames(view: View) -> None:
    view.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def test_one_finger_asks_and_pins(phone):
    fingers, middle = Fingers(phone.page), phone.point(160, 120)

    fingers.swipe(way(middle, 0, -120))
    phone.wait("scrollY > 60")
    assert phone.page.evaluate("__iaff.cursor") is None
    assert phone.state("x") is None
    phone.page.evaluate("scrollTo(0, 0)")

    fingers.move(way(middle, 60, 30), lift=False)  # sideways: it asks, and says so above the hand
    at = phone.page.evaluate("__iaff.cursor")
    assert at["x"] > 200
    assert phone.text(".readout").startswith(f"x {at['x']}, y {at['y']} px")
    assert "up" in phone.page.locator(".readout").get_attribute("class")
    first = phone.page.evaluate("[...__iaff.picture.values].indexOf(Math.max(...__iaff.picture.values))")
    fingers.send("touchMove", (middle[0] + 60, middle[1] - 60))
    assert phone.page.evaluate("__iaff.cursor.y") < at["y"], "once it asks, it goes anywhere"
    assert first != phone.page.evaluate("[...__iaff.picture.values].indexOf(Math.max(...__iaff.picture.values))")
    fingers.send("touchEnd")
    assert phone.page.evaluate("__iaff.cursor") is not None, "the answer stays"

    fingers.move(way(middle, 0, 60), rest=REST_MS)  # rests first
    assert phone.page.evaluate("__iaff.cursor.y") > at["y"]
    assert phone.page.evaluate("scrollY") == 0
    assert phone.state("x") is None

    fingers.tap(middle)
    assert (phone.state("x"), phone.state("y")) == (160, 120)
    fingers.tap(phone.point(230, 120), rest=LONG_MS)
    assert phone.state("pins") == "230.120"
    fingers.tap((phone.point(230, 120)[0] + 9, phone.point(230, 120)[1] - 6))  # near the pin is on it
    assert phone.state("pins") is None

    fingers.move(way(middle, -60, 0), lift=False)  # the pin goes along
    assert phone.page.evaluate("__iaff.pointer.at().x") < 130
    assert phone.state("x") == 160
    fingers.send("touchEnd")
    assert phone.state("x") < 130
    fingers.send("touchStart", middle)
    fingers.send("touchCancel")
    fingers.tap(phone.point(phone.state("x"), phone.state("y")))
    assert phone.state("x") is None


def test_two_fingers_zoom_and_move(phone):
    show(phone, panes=2, p2="unary.1")
    fingers = Fingers(phone.page)
    for pane in (0, 1):
        phone.page.evaluate("__iaff.store.set({ zoom: 1 })")
        box = phone.page.locator(".over").nth(pane).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        under = (
            f"(() => {{ const pane = __iaff.picture.panes[{pane}], {{left, top}} = pane.over.getBoundingClientRect();"
        )
        at = under + " return ([x, y]) => pane.pixel(x - left, y - top); })()"
        two = (x - 10, y), (x + 30, y)
        before = phone.page.evaluate(f"(two) => two.map({at})", two)
        fingers.move(way(two[0], -20, 12), way(two[1], 50, 12), lift=False)
        frames(phone)
        after = phone.page.evaluate(f"(two) => two.map({at})", [(x - 30, y + 12), (x + 80, y + 12)])
        assert phone.state("zoom") == pytest.approx(110 / 40, abs=0.02)
        for one, other in zip(before, after, strict=True):
            assert abs(one["x"] - other["x"]) <= 2
            assert abs(one["y"] - other["y"]) <= 2
        fingers.send("touchEnd")
        assert phone.page.evaluate("[__iaff.state.x, __iaff.cursor, scrollY]") == [None, None, 0], "no tap, no question"


def test_a_finger_paints_and_wipes_and_the_page_stays(phone):
    show(phone, stage="refined", tab="whatif", round=2)
    fingers = Fingers(phone.page)
    middle = phone.point(160, 120)
    fingers.move(way(middle, 0, -60))
    phone.wait("__iaff.state.paint !== null")
    assert phone.page.evaluate("scrollY") == 0
    phone.page.evaluate("__iaff.store.set({ tab: 'compare', diff: 1, wipe: 50 })")
    box = phone.page.locator(".wipe").bounding_box()
    fingers.move(way((box["x"] + box["width"] / 2, middle[1]), 60, -60))
    assert phone.state("wipe") > 60
    assert phone.page.evaluate("scrollY") == 0


MOUSE = re.compile(r".*\b(?:cursor|hover|click|mouse|wheel)\b.*", re.IGNORECASE)


def test_the_page_speaks_of_fingers(phone):
    show(phone)
    assert "under your finger" in phone.text(".head")
    for stage in ("photo", "cam", "superpixels", "affinity", "refined"):
        phone.page.evaluate(f"__iaff.store.set({{ stage: '{stage}' }})")
        assert not MOUSE.findall(phone.text("body"))
    for tab in ("layers", "compare", "leaks", "mining", "whatif"):
        phone.page.evaluate(f"__iaff.store.set({{ tab: '{tab}', diff: 3 }})")
        assert not MOUSE.findall(phone.text("body")), tab
    assert not phone.page.locator(".iaff kbd").count()
    assert "a tap pins" in phone.text(".keys")
    phone.page.tap(".more-opener")
    phone.page.tap(".all-keys")
    assert "long press" in phone.text("dialog.help")
    phone.page.tap("dialog.help header button")
    phone.key("7")  # a keyboard, after all
    assert phone.page.locator(".keys kbd").count()
    phone.page.evaluate("__iaff.store.set({ lesson: 'failures', step: 1, tab: 'stage' })")
    phone.page.wait_for_selector(".lesson .prompt")
    assert phone.text(".lesson .prompt").startswith("Tap where you think")
