"""All widths, from a phone to a full screen, with fingers or a mouse: every control is reached, and nothing is cut."""

from collections.abc import Iterator

import pytest

from tests.ui.conftest import View, viewing

SIZES = {
    "fingers": [(390, 844), (768, 1024), (853, 480)],
    "fingers, on its side": [(844, 390), (1024, 768)],
    "mouse": [(720, 450), (1280, 720), (1440, 900), (1920, 1080)],  # the first is 1440 x 900, zoomed to 200 %
    "mouse, zoomed": [(640, 360), (853, 480), (960, 600)],
}
OFTEN = ("fingers", "mouse")  # what runs with the other tests
TABS = ["stage", "layers", "compare", "leaks", "mining", "whatif"]
DIALOGS = {".all-keys": ".help", ".gallery .all": ".browser", ".top .lessons-button": ".lessons", ".export": ".exports"}
# What must be among the controls that can be reached, on every page.
ALWAYS = [
    *[f".stage[data-stage={stage}]" for stage in ("photo", "cam", "seeds", "unary", "superpixels", "confident")],
    *[f".stage[data-stage={stage}]" for stage in ("affinity", "refined")],
    *[f"#tab-{tab}" for tab in TABS],
    *[".track input", ".play", ".again", "[aria-label='Ground truth'] button", ".opacity input"],
    *[".top .lessons-button", ".run select", ".gallery .all", ".gallery .add", ".gallery .thumb[aria-pressed]"],
]
BEHIND = [".run-figures", ".copy-link", ".export", ".all-keys"]  # of which narrow pages have one button for all
OF_TAB = {
    "stage": [
        ".watch .play",
        ".watch input",
        ".query .segmented button",
        ".scan-row select",
        ".walk .back",
        ".walk .next",
    ],
    "layers": [".layer-list input[type=checkbox]", ".layer-list input[type=range]", ".zoom-row button", ".bare"],
    "compare": ["[aria-label=Panes] button", ".presets button", ".choice-row .segmented button"],
    "leaks": [".leak", ".leak-rates button"],
    "mining": [".rail-row input"],
    "whatif": [".segmented button", ".slider input"],
}
# Scrolls to each control that is shown, and says what is wrong with it; `missing` are those that must be there.
CONTROLS = """([fingers, must, within]) => {
  const all = document.querySelector(within),
    wanted = "button, select, input, summary, a[href], [role=slider]",
    wrong = new Set(), reached = [];
  for (const control of all.querySelectorAll(`:is(.iaff, .iaff-charts) :is(${wanted})`)) {
    if (!control.checkVisibility({ visibilityProperty: true })) continue;
    if (control.matches(".sr, p a, .js-plotly-plot *")) continue;
    const card = control.matches(".lesson-card a") && control.closest(".lesson-card"),
      target = control.closest("label:has([type=checkbox])") ?? (card || control),
      name = `${control.tagName}.${control.className} "${control.getAttribute("aria-label") ?? control.textContent}"`;
    if (!target.getBoundingClientRect().width) continue;
    target.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const { left, right, top, bottom, width, height } = target.getBoundingClientRect(),
      hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (left < -1 || right > innerWidth + 1) wrong.add(`beside the page: ${name}`);
    else if (!hit || !target.contains(hit))
      wrong.add(`covered by ${hit?.outerHTML.slice(0, 80)}: ${name}`);
    else if (fingers && (width < 39.5 || height < 39.5))
      wrong.add(`${width.toFixed()} x ${height.toFixed()} px: ${name}`);
    else reached.push(control);
  }
  for (const one of must) if (!reached.some((control) => control.matches(`${one}`))) wrong.add(`not reached: ${one}`);
  if (document.documentElement.scrollWidth > innerWidth) wrong.add("the page is wider than the window");
  scrollTo(0, 0);
  return [...wrong];
}"""


@pytest.fixture(params=[pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow) for name in SIZES])
def pages(request, browser, app) -> Iterator[tuple[View, list[tuple[int, int]], bool]]:
    """A page, the sizes that its window takes one after the other, and whether fingers are what one points with."""
    fingers, sizes = request.param.startswith("fingers"), SIZES[request.param]
    touch = {"has_touch": True, "is_mobile": True} if fingers else {}
    width, height = sizes[0]
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **touch)
    context.cached = {app.url}
    with viewing(context, app) as view:
        view.open("?run=animals&img=pasture&stage=affinity&x=100&y=100")
        yield view, sizes, fingers
    context.close()


def show(view: View, **change) -> None:
    view.page.evaluate("(to) => __iaff.store.set(to)", change)


def test_every_control_is_reached_at_all_widths(pages):
    view, sizes, fingers = pages
    page, wrong = view.page, []

    def look(where: str, must: list[str], within: str = "body") -> None:
        found = page.evaluate(CONTROLS, [fingers, must, within])
        wrong.extend(f"{width} x {height}, {where}: {what}" for what in found)

    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        show(view, lesson=None, step=1, tab="stage", stage="affinity", round=2, panes=1, diff=None)
        view.wait(f"innerWidth === {width} && __iaff.picture.layout.width <= {width}")
        behind = page.locator(".more-opener").is_visible()
        for tab in TABS:
            stage = "refined" if tab == "compare" else "affinity"
            show(view, tab=tab, stage=stage, diff=3 if tab == "compare" else None)
            look(tab, ALWAYS + OF_TAB[tab] + ([] if behind else BEHIND))
        show(view, tab="stage", stage="cam")
        look("cam", [".handle"])
        if behind:
            page.click(".more-opener")
            look("more", BEHIND, ".more")
            page.keyboard.press("Escape")
        show(view, stage="refined", panes=4, p2="cam", p3="affinity", p4="unary")
        look("four panes", [])
        for button, dialog in DIALOGS.items():
            if behind and button in (".all-keys", ".export"):
                page.click(".more-opener")
            page.click(button)
            page.wait_for_selector(f"dialog{dialog}[open]")
            look(dialog, ["header button"], f"dialog{dialog}")
            page.click(f"dialog{dialog} header button[aria-label=Close]")
        show(view, lesson="affinity", step=1, panes=1)
        page.wait_for_selector(".lesson .ways")
        look("lesson", [".lesson .ways button", ".lesson .next"])
    assert not wrong, "\n".join(wrong)
