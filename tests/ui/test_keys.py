"""Everything by keyboard: each key of the table, the order of Tab, names, painting without a mouse."""

import json

import pytest

from tools.keys import KEYS, PAGE, written

LISTED = json.loads(KEYS.read_text("utf-8"))
AT = "?img=chelsea&stage=affinity&round=2"
NAMELESS = """[...document.querySelectorAll("button, a, input, select, [tabindex], dialog")].filter((node) => {
  if (!node.closest(".iaff, .iaff-charts") || !node.checkVisibility()) return false;
  if (node.closest(".js-plotly-plot, [aria-hidden=true]")) return false;
  const labels = [...(node.labels ?? [])].map((label) => label.innerText).join("");
  return !(node.getAttribute("aria-label") || node.innerText || node.title || labels).trim();
}).map((node) => node.outerHTML.slice(0, 120))"""
FOCUSED = """(() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const mark = node.closest(".frame") ? getComputedStyle(node.closest(".frame")).boxShadow : "";
  return { html: node.outerHTML.slice(0, 90), inside: Boolean(node.closest(".iaff, .iaff-charts")),
           picture: node.matches(".over"), visible: style.outlineStyle === "solid" || mark.includes(" 0px 4px") };
})()"""


START = """(query) => {
  document.activeElement.blur();
  history.pushState(null, "", query);
  dispatchEvent(new PopStateEvent("popstate"));
}"""


def start(view, query: str) -> None:
    """The view of a link, without loading the page again: as if one had come back to it."""
    view.page.evaluate(START, query)
    view.page.evaluate("__iaff.ready")


def goes(view, key: str, value: str, expected, at: str = AT) -> None:
    """A key gives a value of the state."""
    start(view, at)
    assert view.state(value) != expected
    view.key(key)
    assert view.state(value) == expected, f"{key} should give {value} = {expected!r}"


def both(view, back: tuple, forward: tuple, at: str = AT) -> None:
    goes(view, *back, at)
    goes(view, *forward, at)


def stages(view):
    start(view, "?img=chelsea")
    for i, stage in enumerate(["cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"], 2):
        view.key(str(i))
        assert view.state("stage") == stage


def plays(view):
    start(view, AT)
    view.key(" ")
    assert view.page.evaluate("Boolean(__iaff.stepper.timer)")
    view.key(" ")
    assert not view.page.evaluate("Boolean(__iaff.stepper.timer)")


def photos(view):
    start(view, AT)
    view.key(".")
    view.wait("__iaff.trace?.meta.name === 'astronaut'")
    view.key(",")
    view.wait("__iaff.trace?.meta.name === 'chelsea'")


def moves_the_photo(view):
    start(view, AT)
    view.page.evaluate("addEventListener('keydown', (event) => (window.used = event.defaultPrevented))")
    view.key("Alt+ArrowUp")
    assert view.page.evaluate("window.used") is False, "at the whole photo the browser has its key"
    view.key("+", "+")
    x, y = view.page.evaluate("[__iaff.state.cx, __iaff.state.cy]")
    view.key("Alt+ArrowLeft", "Alt+ArrowUp")
    assert view.page.evaluate("window.used") is True
    assert view.state("cx") < x
    assert view.state("cy") < y


def solo(view):
    start(view, "?img=astronaut&stage=unary&tab=layers")
    view.page.locator(".class-list .class-chip:has-text('dog')").focus()
    view.key("o")
    assert view.state("cls") == "dog"
    view.key("o")
    assert view.state("cls") is None, "the focus stays, and a second o shows all"
    view.page.get_by_label("Show Seeds", exact=True).focus()
    view.key("o")
    assert view.state("stage") == "seeds"


def alone(view):
    start(view, AT)
    view.key("f")
    assert view.page.locator(".panel").is_hidden()
    view.page.keyboard.press("Tab")
    view.page.locator(".show-controls").focus()
    view.key("Enter")
    assert view.page.locator(".panel").is_visible()


def clicks(view):
    start(view, AT)
    view.click(100, 80)
    assert (view.state("x"), view.state("y")) == (100, 80)
    view.page.keyboard.down("Shift")
    view.click(40, 40)
    view.page.keyboard.up("Shift")
    assert view.state("pins") == "40.40"


def nudges(view):
    start(view, AT + "&x=100&y=80")
    view.key("Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown")
    assert (view.state("x"), view.state("y")) == (104, 88)


def more_pins(view):
    start(view, AT + "&x=100&y=80")
    view.key("m", "Shift+ArrowRight")
    assert (view.state("x"), view.state("pins")) == (104, "100.80")
    view.key("m", "Shift+ArrowRight", "m", "Shift+ArrowRight", "m")
    assert len(view.state("pins").split("_")) == 3, "four in all"
    view.key("m")
    assert len(view.state("pins").split("_")) == 2, "one is taken away again"


def escapes(view):
    goes(view, "Escape", "x", None, AT + "&x=100&y=80&pins=40.40")
    assert view.state("pins") is None


def travels(view):
    start(view, AT + "&x=100&y=80")
    view.key("a")
    view.wait("__iaff.watch.playing")
    view.key("a")
    assert not view.page.evaluate("__iaff.watch.playing")


def lines(view):
    start(view, AT + "&x=100&y=80&dir=down")
    view.key("n", "n", "n")
    assert view.state("line") == "down.3"
    view.key("Shift+N", "Shift+N", "Shift+N")
    assert view.state("line") is None, "all of the scan"
    view.key("Shift+N", "n")
    assert view.state("line") is None, "after its last line"


def blinks(view):
    start(view, AT.replace("affinity", "refined"))
    view.page.keyboard.down("x")
    assert view.page.evaluate("__iaff.picture.blink")
    view.page.keyboard.up("x")
    assert not view.page.evaluate("__iaff.picture.blink")


def paints(view):
    """The pen, by keys alone: down, a line, up, a move without a line, undo."""
    start(view, "?img=chelsea&stage=refined&round=2&x=100&y=80")
    view.key("e")
    assert view.state("tab") == "whatif"
    assert "pen is down" in view.text(".whatif")
    view.key(*["Shift+ArrowRight"] * 5, "e", "Shift+ArrowDown")
    view.wait("__iaff.state.paint === 'wall-25.20.6'")
    assert "pen is down" not in view.text(".whatif")
    view.wait("document.querySelector('[role=status].sr').textContent.includes('Pinned')")
    view.page.locator(".whatif button:has-text('erase')").focus()
    view.key("Enter", "e", "Shift+ArrowDown", "e")
    view.wait("__iaff.state.paint === 'wall-25.20.6_erased-30.21.1.2'")


def undoes(view):
    paints(view)
    view.key("z")
    view.wait("__iaff.state.paint === 'wall-25.20.6'")
    view.key("z")
    view.wait("__iaff.state.paint === null")


def resets(view):
    goes(view, "r", "passes", None, AT + "&tab=whatif&passes=3&paint=wall-3.3")
    view.wait("__iaff.state.paint === null")


def opens(key: str, dialog: str):
    def check(view):
        start(view, "?run=animals&img=chelsea")
        view.key(key)
        view.page.wait_for_selector(f"dialog{dialog}[open]")
        view.key("Escape")
        view.page.wait_for_selector(f"dialog{dialog}", state="hidden")

    return check


def chooses(view):
    start(view, AT)
    with view.page.expect_file_chooser():
        view.key("u")
    assert view.choosers, "u opens the chooser of files"


def copies(view):
    start(view, AT)
    view.key("b", "c")
    view.wait("document.querySelector('.top').innerText.includes('Copied')")
    assert view.page.evaluate("navigator.clipboard.readText()").endswith(AT + "&mode=column")


def tabs(view):
    """Tab reaches every part, the picture among them, and one sees where one is."""
    start(view, "?img=chelsea&stage=refined&round=2&diff=1&wipe=50&tab=layers")
    reached = []
    view.page.evaluate("document.querySelector('.iaff .top button').focus()")
    for _ in range(70):
        view.key("Tab")
        seen = view.page.evaluate(FOCUSED)
        if seen["inside"]:
            assert seen["visible"], f"no mark of the focus on {seen['html']}"
            reached.append(seen)
    html = " ".join(one["html"] for one in reached)
    assert sum(one["picture"] for one in reached) == 1
    for part in ("stage", "Round", "thumb", "Wipe", "Opacity of", "class-chip", "tab-layers"):
        assert part in html, f"Tab does not reach {part}"


def panes(view):
    goes(view, "p", "panes", 2)
    assert view.state("p2") == "refined...", "what the affinity makes of the map"


CHECKS = {
    "← →": lambda view: both(view, ("ArrowLeft", "stage", "confident"), ("ArrowRight", "stage", "refined")),
    "1 … 8": stages,
    "[ ]": lambda view: both(view, ("[", "round", 1), ("]", "round", 3)),
    "space": plays,
    "k": lambda view: goes(view, "k", "loop", "1"),
    ", .": photos,
    "− +": lambda view: both(view, ("-", "zoom", 2), ("+", "zoom", 4.5), AT + "&zoom=3"),
    "0": lambda view: goes(view, "0", "zoom", 1, AT + "&zoom=3"),
    "Alt + arrows": moves_the_photo,
    "< >": lambda view: both(view, ("<", "opacity", 70), (">", "opacity", 90)),
    "o": solo,
    "t": lambda view: goes(view, "t", "truth", "border", AT.replace("affinity", "unary")),
    "y": lambda view: goes(view, "y", "marks", "1", AT.replace("affinity", "refined")),
    "q": lambda view: goes(view, "q", "tab", "layers"),
    "f": alone,
    "h": lambda view: goes(view, "h", "present", "1"),
    "click": clicks,
    "Shift + click": clicks,
    "Shift + arrows": nudges,
    "m": more_pins,
    "Esc": escapes,
    "b": lambda view: goes(view, "b", "mode", "column"),
    "l": lambda view: goes(view, "l", "scale", "linear"),
    "d": lambda view: goes(view, "d", "dir", "right"),
    "a": travels,
    "n": lines,
    "p": panes,
    "w": lambda view: goes(view, "w", "wipe", 50, AT.replace("affinity", "refined")),
    "hold x": blinks,
    "e": paints,
    "z": undoes,
    "r": resets,
    "g": opens("g", ".browser"),
    "u": chooses,
    "v": opens("v", ".lessons"),
    "s": opens("s", ".exports"),
    "c": copies,
    "Tab": tabs,
    "?": opens("?", ".help"),
}


def test_each_key_does_what_it_says(view):
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.choosers = []
    view.page.on("filechooser", lambda chooser: view.choosers.append(chooser))
    view.open()
    for show, does in ((key["show"], key["does"]) for key in LISTED["keys"]):
        assert show in CHECKS, f"no check of what {show!r} does"
        try:
            CHECKS[show](view)
        except Exception as error:
            raise AssertionError(f"{show}: {does}") from error


def test_another_photo_lifts_the_pen(view):
    """What is painted on one photo never becomes an answer of another one, whose grid may be smaller."""
    view.open("?run=animals&img=cow&stage=refined&tab=whatif&x=100&y=80")
    right = "Shift+ArrowRight"
    for name, keys in (("cow", ["e", right, "e"]), ("chelsea", ["e"]), ("cow", []), ("chelsea", [right, "e", "e"])):
        view.page.evaluate(f"__iaff.store.set({{ img: '{name}' }})")
        view.wait(f"__iaff.origin?.meta.name === '{name}'")
        assert not view.page.evaluate("__iaff.pen.down")
        view.key(*keys)
        view.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    grids = "[__iaff.trace, __iaff.origin].map((of) => of.affinity(1)).map(({ h, w }) => [h, w])"
    assert view.page.evaluate("__iaff.trace !== __iaff.origin"), "something is painted"
    variant, own = view.page.evaluate(grids)
    assert variant == own


def test_what_was_clicked_keeps_no_key_from_the_page(view):
    """By the keyboard a control is worked, by the mouse it was: the keys are the page's again."""
    view.open(AT + "&tab=layers&loop=1")
    playing = "Boolean(__iaff.stepper.timer)"
    page = view.page
    page.click(".tools button:has-text('border')")
    view.key(" ")
    assert (view.page.evaluate(playing), view.state("truth")) == (True, "border")
    page.click("#tab-mining")
    view.key(" ", "ArrowLeft")
    assert (page.evaluate(playing), view.state("stage"), view.state("tab")) == (False, "confident", "mining")
    page.click(".tools input[type=range]", position={"x": 20, "y": 11})
    opacity = view.state("opacity")
    view.key("ArrowRight", "ArrowRight")
    assert (view.state("stage"), view.state("opacity")) == ("confident", opacity + 2), "a slider moves on"
    opacity += 2
    page.click("#tab-layers")
    page.click(".layer-list input[type=checkbox] >> nth=0")
    over = view.state("over")
    view.key(" ")
    assert (page.evaluate(playing), view.state("over")) == (True, over)
    view.key(" ")
    page.click(".stage[data-stage=unary]")
    view.key("Tab", "Shift+Tab", "8", " ")
    assert (page.evaluate(playing), view.state("stage")) == (False, "unary"), "the keyboard presses it"
    page.keyboard.press("Tab")
    page.locator(".tools input[type=range]").focus()
    view.key("ArrowLeft")
    assert (view.state("stage"), view.state("opacity")) == ("unary", opacity - 1)


def test_docs_list_the_keys():
    assert PAGE.read_text() == written(), "run python tools/keys.py"


def test_the_list_of_keys_fits(view):
    view.open()
    view.key("?")
    shown = view.page.locator("dialog.help kbd").all_inner_texts()
    order = list(LISTED["groups"])
    assert shown == [key["show"] for key in sorted(LISTED["keys"], key=lambda key: order.index(key["group"]))]
    box = view.page.locator("dialog.help").bounding_box()
    assert box["height"] <= 868
    assert view.page.evaluate("(d => d.scrollHeight <= d.clientHeight)(document.querySelector('dialog.help'))")


def test_what_is_listed_is_what_keys_do(view):
    view.open()
    does = "Object.keys(__iaff.pressed)"
    assert sorted(view.page.evaluate(does)) == sorted(name for key in LISTED["keys"] for name in key["keys"])


@pytest.mark.parametrize("tab", ["stage", "layers", "compare", "leaks", "mining", "whatif"])
def test_every_control_has_a_name(view, tab):
    view.open(f"?run=animals&img=pasture&stage=seeds&tab={tab}&panes=2")
    assert view.page.evaluate(NAMELESS) == []
    view.key("8")
    assert view.page.evaluate(NAMELESS) == []


def test_nothing_is_said_while_hovering(view):
    """Live regions are quiet while the cursor moves; a pin is said once."""
    view.page.clock.install()
    view.open(AT)
    view.page.evaluate(
        """() => {
          window.said = [];
          const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], output:not([aria-live=off])";
          for (const node of document.querySelectorAll(".iaff :is(" + live + ")"))
            new MutationObserver(() => said.push(node.textContent)).observe(node,
              { subtree: true, childList: true, characterData: true });
        }"""
    )
    for x in range(40, 200, 20):
        view.hover(x, 80)
    view.page.clock.fast_forward(700)
    assert view.page.evaluate("said") == []
    view.page.evaluate(
        """() => { // at once, however slow the machine is
          const about = { key: "ArrowRight", shiftKey: true, bubbles: true };
          for (let i = 0; i < 4; i++) document.body.dispatchEvent(new KeyboardEvent("keydown", about));
        }"""
    )
    view.wait("said.length")
    view.page.clock.fast_forward(300)
    assert [text[:10] for text in view.page.evaluate("said")] == ["Pinned: x "]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_moves_where_motion_is_reduced(view, scheme):
    view.page.emulate_media(color_scheme=scheme)
    view.open(AT)
    moving = """[...document.querySelectorAll(".iaff *, .iaff-charts *")].filter((node) => {
      const { transitionDuration, animationName } = getComputedStyle(node);
      return animationName !== "none" || transitionDuration.split(",").some((text) => parseFloat(text) > 0);
    }).map((node) => node.className)"""
    assert view.page.evaluate(moving) == []
