"""Accessibility: axe-core over stages, tabs, dialogs, a lesson and messages, in light and dark."""

from contextlib import contextmanager

import pytest

from tests.ui.conftest import viewing

api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -r requirements-dev.txt")

# What is not ours is left alone: Gradio's frame around the page, and what Plotly draws.
OURS = {"include": [[".iaff"], [".iaff-charts"]], "exclude": [[".js-plotly-plot"]]}
RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "dark": {"runOnly": ["color-contrast"]},  # the markup is the same
}
STAGES = ["photo", "cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"]
TABS = ["layers", "compare", "leaks", "mining", "whatif"]


@contextmanager
def auditing(page):
    """``look(where)`` notes what axe finds in the page as it is; at the end there must be nothing."""
    axe, found = api.Axe(), []

    def look(where: str) -> None:
        scheme = "dark" if page.evaluate("document.body.classList.contains('dark')") else "light"
        for wrong in axe.run(page, context=OURS, options=RULES[scheme]).response["violations"]:
            for node in wrong["nodes"]:
                found.append(f"{where}: {wrong['id']}: {node['html'][:160]} {node['failureSummary'][:200]}")

    yield look
    assert not found, "\n".join(sorted(set(found)))


@pytest.fixture
def audit(view):
    """See :func:`auditing`."""
    with auditing(view.page) as look:
        yield look


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_stages_and_tabs(view, audit, scheme):
    view.page.emulate_media(color_scheme=scheme)
    view.open("?run=animals&img=pasture&stage=photo&round=2&x=120&y=140&pins=60.60&truth=border")
    for stage in STAGES:
        view.page.evaluate(f"__iaff.store.set({{ stage: '{stage}' }})")
        audit(stage)
        if stage == "affinity":
            view.page.locator(".query .explained").first.hover()
            view.page.locator(".term-tip").wait_for()
            audit("a term explained")
    for tab in TABS:
        view.page.evaluate(f"__iaff.store.set({{ tab: '{tab}', stage: 'refined', diff: 1, wipe: 50, panes: 2 }})")
        audit(tab)
    view.page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    audit("charts")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_dialogs_and_messages(view, audit, scheme):
    view.page.emulate_media(color_scheme=scheme)
    view.page.set_viewport_size({"width": 800, "height": 900})
    view.open("?run=animals&img=chelsea&stage=affinity")
    audit("narrow")
    for key, dialog in [("?", ".help"), ("g", ".browser"), ("v", ".lessons"), ("s", ".exports")]:
        view.key(key)
        view.page.wait_for_selector(f"dialog{dialog}[open]")
        if key == "?":
            view.page.locator(".glossary summary").click()
        if key == "g":
            view.page.wait_for_selector(".browser .tile")
        audit(dialog)
        view.key("Escape")
    view.key("f")
    audit("the picture alone")
    view.open("?lesson=rounds&step=2")
    audit("a lesson")
    view.key("v")
    view.page.get_by_role("button", name="Add this view as a step").click()
    audit("a lesson that is recorded")
    view.page.evaluate("localStorage.clear()")
    view.open("?run=broken")
    audit("a broken trace")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_presenter_mode(view, audit, scheme):
    view.page.emulate_media(color_scheme=scheme)
    view.page.set_viewport_size({"width": 1280, "height": 720})
    view.open("?run=animals&img=cow&stage=affinity&round=2&x=150&y=110&present=1")
    audit("a stage")
    for step in ("mining&step=4", "mining&step=6", "failures&step=2", "failures&step=6", "affinity&step=3"):
        view.open(f"?lesson={step}&present=1")
        audit(f"lesson {step}")


@pytest.mark.slow
def test_axe_on_a_handout(view):
    view.open("?run=animals&img=cow")
    view.key("v")
    with view.page.expect_popup() as opened:
        view.page.locator(".lesson-card").nth(2).get_by_role("button", name="Handout").click()
    sheet = opened.value
    sheet.wait_for_selector(".do button:not([disabled])", timeout=60000)
    wrong = api.Axe().run(sheet, options=RULES["light"]).response["violations"]
    assert not [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in wrong]


@pytest.mark.slow
@pytest.mark.parametrize("fingers", [True, False])
def test_axe_at_all_widths(browser, app, fingers):
    sizes = [(390, 844), (768, 1024), (853, 480)] if fingers else [(720, 450), (1280, 720), (1440, 900), (1920, 1080)]
    touch = {"has_touch": True, "is_mobile": True} if fingers else {}
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", **touch)
    context.cached = {app.url}
    with viewing(context, app) as view, auditing(view.page) as audit:
        view.open("?run=animals&img=pasture&stage=affinity&x=100&y=100&pins=60.60")
        for width, height in sizes:
            view.page.set_viewport_size({"width": width, "height": height})
            view.wait(f"innerWidth === {width}")
            view.page.evaluate("__iaff.store.set({ lesson: null, panes: 4, stage: 'affinity', x: 100, y: 100 })")
            audit(f"{width} x {height}")
            if view.page.locator(".more-opener").is_visible():
                view.page.click(".more-opener")
                audit(f"{width} x {height}, more")
                view.page.keyboard.press("Escape")
            for key, dialog in [("?", ".help"), ("v", ".lessons"), ("s", ".exports")]:
                view.key(key)
                view.page.wait_for_selector(f"dialog{dialog}[open]")
                audit(f"{width} x {height}, {dialog}")
                view.key("Escape")
            view.page.evaluate("__iaff.store.set({ lesson: 'affinity', step: 1, panes: 1 })")
            view.page.wait_for_selector(".lesson .ways")
            audit(f"{width} x {height}, a lesson")
    context.close()
