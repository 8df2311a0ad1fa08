"""The opening: what somebody sees who was never here, and never again after it was closed."""

from tests.ui.conftest import View
from tests.ui.test_access import OURS, RULES, api

SHOWN = "!document.querySelector('.first-look').hidden"
DRAWN = "[...document.querySelectorAll('.first-look-station canvas')].every(({ width }) => width === 240)"


def shown(view) -> bool:
    return view.page.evaluate(SHOWN)


def faults(page) -> list[str]:
    found = api.Axe().run(page, context=OURS, options=RULES["light"]).response["violations"]
    return [f"{wrong['id']}: {node['html'][:160]}" for wrong in found for node in wrong["nodes"]]


def test_a_newcomer_is_told_what_this_is(newcomer):
    """From the first look to the end of it: beside a picture that answers at once, until the first pin."""
    view, page = newcomer, newcomer.page
    view.open()
    assert view.page.evaluate("[__iaff.state.stage, __iaff.state.round]") == ["affinity", 3]
    assert shown(view)
    assert not page.locator(".panel").is_visible()
    view.wait(DRAWN)
    thumbnails = page.evaluate(
        "[...document.querySelectorAll('.first-look-station canvas')].map((canvas) => canvas.toDataURL())"
    )
    assert len(set(thumbnails)) == 7, "each station shows another stage"
    assert "3 rounds" in view.text(".first-look-loop")
    assert faults(page) == []

    assert page.locator(".first-look-invitation").is_visible()
    view.hover(176, 118)
    assert page.locator(".readout").is_visible()
    assert page.locator(".first-look-invitation").count() == 0
    page.hover(".first-look-station >> text=seeds")
    assert "seed" in view.text(".first-look-said")
    for name, stage in (("CAM", "cam"), ("refined", "refined")):
        page.click(f".first-look-station >> text={name}")
        assert view.state("stage") == stage
        assert page.locator(".first-look-station[aria-current]").inner_text() == name
    assert shown(view), "going from station to station does not end it"

    view.click(176, 118)
    assert not shown(view)
    assert page.locator(".panel").is_visible()
    view.open()
    assert not shown(view), "it was closed for good"
    assert view.state("stage") == "photo"


def test_the_opening_goes_and_comes_back(newcomer):
    """By Escape and the brand, from the list of keys, and by its cross; to a lesson, which it gives way to."""
    view, page = newcomer, newcomer.page
    view.open("?stage=unary")
    assert not shown(view), "a link shows what it is about"
    view.open("?__theme=light")  # Gradio's, which says nothing of a view
    assert shown(view)
    view.key("Escape")
    assert not shown(view)
    page.click(".brand")
    assert shown(view)
    assert page.evaluate("document.activeElement.matches('.first-look h2')")
    page.click(".first-look-close")
    assert not shown(view)
    assert page.evaluate("document.activeElement.matches('.brand')")
    view.key("f", "?")
    page.click(".help >> text=What this is")
    assert shown(view), "with all that the page had hidden"
    view.key("h")
    assert not shown(view), "a class is shown no opening"
    view.key("h")
    page.click(".first-look-lessons")
    page.click(".lesson-card a >> nth=0")
    assert not shown(view)
    assert page.locator(".lesson").is_visible()


def seen_at_once(view) -> None:
    """The first words, and all of a picture that is large."""
    size = view.page.viewport_size
    words, picture = (view.page.locator(part).bounding_box() for part in (".first-look h2", ".panes"))
    for box in (words, picture):
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
    assert picture["width"] > size["width"] * 0.45
    assert view.page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_the_picture_is_seen_with_the_opening_on_a_phone(browser, app):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), app, newcomer=True).open()
    seen_at_once(view)
    assert "finger" in view.text(".first-look-invitation")
    assert faults(view.page) == []
    view.page.touchscreen.tap(*view.point(176, 118))
    view.wait("__iaff.state.x !== null")
    assert not shown(view)
    context.close()


def test_the_picture_is_seen_with_the_opening_in_small_windows(newcomer):
    sizes = [(1280, 720), (853, 480), (800, 1000)]
    newcomer.page.set_viewport_size({"width": 1440, "height": 900})
    newcomer.open()
    for width, height in sizes:
        newcomer.page.set_viewport_size({"width": width, "height": height})
        newcomer.wait(f"innerWidth === {width} && __iaff.picture.node.clientWidth < {width}")
        seen_at_once(newcomer)
    newcomer.page.set_viewport_size({"width": 1440, "height": 900})
