"""All of the view is in the address: links, back and forward."""

import json
import random

import pytest

from tests.ui.places import SHIPPED

# Canvases, words and state, once two looks at them agree.
LOOK = """async () => {
  const look = () => JSON.stringify({
    state: __iaff.state,
    canvases: [...document.querySelectorAll(".frame canvas")].map((canvas) => canvas.toDataURL()),
    words: [...document.querySelectorAll(".panel, .tools, .stepper, .pane-note")].map((node) => node.innerText),
    pressed: [...document.querySelectorAll(".iaff [aria-pressed=true]")].map((node) => node.innerText),
  });
  for (let before = ""; ; ) {
    await new Promise((next) => setTimeout(next, 200));
    const now = look();
    if (now === before && !/Opening|Computing|[ t]…/.test(now)) return now;
    before = now;
  }
}"""
TABLE = """async () => {
  const { VIEW } = await import(`${__iaff.base}${__iaff.scripts}/state/state.js`);
  return Object.entries(VIEW).map(([key, { start }]) => [key, start]);
}"""
SLOW_INDEX = """() => {
  const real = fetch, late = () => new Promise((go) => setTimeout(go, 300));
  window.fetch = async (url, ...how) => (`${url}`.includes("index.json") && (await late()), real(url, ...how));
}"""
THREE_KEYS = """() => {
  for (let i = 0; i < 3; i++)
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
}"""
CHARTS = ".iaff-charts [aria-pressed=true]"
STAGES = ["cam", "seeds", "unary", "superpixels", "confident", "affinity", "refined"]
ELSEWHERE = {
    "lesson",
    "step",
    "all",
    "allrev",
    "allvs",
    "allplot",
    "allof",
    "allcls",
    "allround",
    "find",
    "present",
    "line",
}  # tested on their own


def some(rng: random.Random) -> dict:
    """A view with most values of the table away from their start, as the page would write them."""
    pick, number = rng.choice, rng.uniform
    whole = rng.random() < 0.5  # the photo, all of it

    def spot():
        return f"{rng.randrange(300)}.{rng.randrange(200)}"

    return {
        "run": pick(["synthetic", "animals"]),
        "img": pick(["chelsea", "astronaut"]),
        "stage": pick(STAGES),
        "round": rng.randint(1, 3),
        "tab": pick(["stage", "layers", "compare", "leaks", "mining", "whatif"]),
        "x": rng.randrange(300),
        "y": rng.randrange(200),
        "pins": pick([None, spot(), f"{spot()}_{spot()}"]),
        "zoom": 1 if whole else round(number(1.5, 9), 2),
        "cx": None if whole else round(number(100, 200), 2),
        "cy": None if whole else round(number(80, 160), 2),
        "opacity": rng.randrange(20, 100),
        "over": pick([None, f"seeds.{rng.randrange(100)}", "carried.40_unary.25", "error.70"]),
        "cls": pick([None, "background"]),
        "truth": pick([None, "border", "filled"]),
        "mode": pick(["row", "column"]),
        "scale": pick(["log", "linear"]),
        "glow": pick([None, "own"]),
        "dir": pick([None, "left", "down"]),
        "passes": pick([None, 2, 5]),
        "by": pick([None, None, "none"]),
        "params": pick([None, "walk-radius.7_similarity-k.8"]),
        "leaks": pick([None, "labels"]),
        "leak": pick([None, 3]),
        "panes": pick([1, 2, 4]),
        "p2": pick([None, "unary.2..", "difference...", "error.2.."]),
        "p3": pick([None, "..none."]),
        "p4": pick([None, "affinity.1..", "...animals"]),
        "diff": pick([None, 1, 2]),
        "wipe": pick([None, 35]),
        "loop": pick([None, "1"]),
        "cam": pick([None, 1]),
        "climb": pick([None, 2]),
        "fg": pick([None, 0.35]),
        "bg": pick([None, 0.05]),
        "tau": pick([None, 0.9]),
        "taubg": pick([None, 0.7]),
        "purity": pick([None, 0.95]),
        "paint": pick([None, "wall-20.10.1.30", "wall-5.5.30_erased-40.12.6.4_class0-3.40.5.5-60.2"]),
        "gates": pick([None, "right-3.2-500.0.250_down-20.10-0.900.100"]),
        "arithmetic": pick([None, "1"]),
        "marks": pick([None, "1"]),
        "brush": pick([None, "label.0.3", "erase..5"]),
        "figs": pick([None, "run", "photo"]),
        "hide": pick([None, None, "gallery_keys", "top_stepper_tools"]),
    }


def look(view) -> str:
    return view.page.evaluate(LOOK)


def to(view, **change) -> None:
    """Changes the view as one action would, some time after the last one, and waits until the address says so."""
    settle(view)
    view.page.evaluate("(change) => __iaff.store.set(change)", change)
    view.wait("!__iaff.history.waiting")


def settle(view) -> None:
    """Ends the moment in which what follows would join the history's last entry."""
    view.page.evaluate("void (__iaff.history.placed = -Infinity)")


def travel(view, go) -> None:
    """Back or forward, until the page is there."""
    left = view.page.url
    go()
    view.wait(f"location.href !== {json.dumps(left)}")


def written(view) -> str:
    view.page.evaluate("__iaff.history.write()")
    return view.page.url


SLOW = pytest.mark.slow


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=SLOW) for seed in range(1, 10))])
def test_a_link_is_the_view_to_the_pixel(view, seed):
    view.open()
    view.page.wait_for_selector(CHARTS)
    chosen, table = some(random.Random(seed)), dict(view.page.evaluate(TABLE))
    assert set(chosen) | ELSEWHERE == set(table), "each value of the table is tried here or on its own"
    view.page.evaluate("(state) => __iaff.store.set(state)", {**table, **chosen})
    view.page.evaluate("__iaff.ready")
    before, url = look(view), written(view)
    assert len(url) < 2000
    assert '"canvases":["data:image/png' in before
    view.page.goto("about:blank")
    view.open(url.removeprefix(view.app.url))
    view.page.wait_for_selector(CHARTS)
    assert look(view) == before


def test_painting_is_in_the_link_and_can_be_taken_back(view):
    view.open("?img=chelsea&stage=refined&round=2&tab=whatif")
    view.page.mouse.move(*view.point(60, 80))
    view.page.mouse.down()
    view.page.mouse.move(*view.point(120, 80), steps=4)
    view.page.mouse.up()
    view.page.mouse.move(5, 5)
    view.wait("location.search.includes('paint=wall-15.20.16')")
    before, url = look(view), view.page.url
    view.open(url.removeprefix(view.app.url))
    assert look(view) == before
    view.key("z")
    view.wait("__iaff.state.paint === null && !location.search.includes('paint')")
    view.open("?stage=refined&tab=whatif&paint=wall-900.2-86.60.9.99_class7-1.1_erased-2.2.3")
    assert view.state("paint") == "wall-86.60.2.6_erased-2.2.3", "what lies beyond the photo is left out"
    view.open("?run=traces&tab=whatif&paint=wall-2.2")
    assert view.state("paint") is None, "where nothing can be painted, nothing is"


def test_too_much_for_a_link(view):
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.open("?img=chelsea&stage=refined&tab=whatif")
    much = "wall" + "".join(f"-{x}.{y}" for y in range(0, 60, 2) for x in range(0, 80, 2))
    to(view, paint=much)
    assert view.state("paint") == much
    view.key("c")
    view.wait("document.querySelector('.top').innerText.includes('without the painting')")
    link = view.page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 200
    assert "paint" not in link
    before = look(view)
    view.reload()
    assert look(view) == before, "this page's own history has it still"


def test_many_classes_are_in_the_link_as_far_as_they_fit(view):
    some, most = (",".join(f"class number {i}" for i in range(n)) for n in (50, 200))
    assert 500 < len(some) < 1000 < len(most)
    view.open("?img=chelsea&stage=unary")
    for classes, fits in ((some, True), (most, False)):
        view.page.evaluate("(cls) => __iaff.store.set({ cls }) || __iaff.history.write()", classes)
        assert view.page.evaluate("location.search.includes('cls=')") == fits
        view.reload()
        assert view.state("cls") == classes


def test_the_link_to_the_picture_alone(view):
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.open("?stage=unary&tab=layers&__theme=dark#there")
    view.page.click("text=Copy a link to the picture alone")
    view.wait("document.querySelector('.top').innerText.includes('Copied')")
    link = view.page.evaluate("navigator.clipboard.readText()")
    assert "__theme=dark" in link
    assert link.endswith("#there")
    assert view.state("hide") is None
    view.open(link.removeprefix(view.app.url))
    shown = ".top, .stepper, .gallery, .panel, .tools, .keys, .iaff-charts figure"
    assert not view.page.evaluate(f"[...document.querySelectorAll('{shown}')].some((node) => node.checkVisibility())")
    assert view.page.locator(".frame").bounding_box()["height"] > 700
    view.page.click("text=Show controls")
    assert view.page.locator(".panel").is_visible()
    assert view.page.locator(".show-controls").is_hidden()
    view.open("?hide=gallery&lesson=none")
    assert view.page.locator(".show-controls").is_hidden(), "a lesson has its own way out"


def test_back_and_forward(view):
    view.open("?img=chelsea&stage=unary")
    to(view, tab="compare")
    to(view, zoom=3, cx=100.5, cy=90)  # a movement belongs to the place where it was made
    to(view, stage="affinity", x=120, y=80, paint="wall-3.3.1.20")
    to(view, img="astronaut")
    assert view.state("x") is None
    to(view, panes=2)
    walked = [(view.page.url, look(view))]
    for _ in range(4):
        travel(view, view.page.go_back)
        walked.append((view.page.url, look(view)))
    keys = [key for _, key in zip(walked, ["panes", "astronaut", "x=120", "zoom=3", "stage=unary"])]
    for (url, _), key in zip(walked, keys):
        assert key in url
    assert "tab" not in walked[-1][0]
    assert "zoom" not in walked[-1][0]
    assert view.state("panes") == 1
    for url, seen in reversed(walked[:-1]):
        travel(view, view.page.go_forward)
        assert view.page.url == url
        assert look(view) == seen


def test_back_to_the_first_step_of_a_lesson(view):
    """Its link says nothing of the view, neither before nor after another step."""
    view.open("?lesson=rounds")
    first = look(view)
    for bare in (False, True):
        if bare:
            view.page.evaluate("history.replaceState(history.state, '', '?lesson=rounds')")
        view.key("ArrowRight")
        view.wait("location.search.includes('step=2')")
        second = look(view)
        view.page.go_back()
        view.wait("__iaff.state.step === 1")
        assert look(view) == first
        view.page.go_forward()
        view.wait("__iaff.state.step === 2")
        assert look(view) == second
        view.page.go_back()
        view.wait("__iaff.state.step === 1")


def test_another_run_takes_pin_and_zoom_out_of_the_address(view):
    view.open("?run=animals&img=cow&x=100&y=80&zoom=3&cx=100&cy=80")
    view.page.evaluate(SLOW_INDEX)  # later than the address is written
    to(view, run="synthetic", img=None)
    view.wait("__iaff.run.name === 'synthetic' && __iaff.current.name === __iaff.state.img")
    view.wait("__iaff.state.zoom === 1 && location.search === `?run=synthetic&img=${__iaff.state.img}`")


def test_what_is_chosen_while_rounds_play_is_an_entry(view):
    view.open("?stage=unary")
    length = view.page.evaluate("history.length")
    view.key(" ", "q")
    view.wait("location.search.includes('tab=layers') && location.search.includes('round=3')")
    assert view.page.evaluate("history.length") == length + 1
    view.page.go_back()
    view.wait("__iaff.state.tab === 'stage' && __iaff.state.round === 1")


def test_history_goes_on_after_an_error(view):
    view.page.expected.append("on purpose")
    view.open("?stage=unary")
    to(view, stage="refined")
    view.page.evaluate(
        """() => {
          let left = 1;
          __iaff.store.subscribe(() => { if (left-- > 0) throw new Error("on purpose"); });
        }"""
    )
    view.page.go_back()
    view.wait("__iaff.state.stage === 'unary'")
    to(view, tab="layers")
    view.page.go_back()
    view.wait("__iaff.state.tab === 'stage' && __iaff.state.stage === 'unary'")


def test_many_steps_at_once_are_one_entry_and_playing_is_none(view):
    view.open("?stage=photo")
    length = view.page.evaluate("history.length")
    view.page.evaluate(THREE_KEYS)  # at once, however slow the machine is
    view.wait("location.search.includes('stage=unary')")
    assert view.page.evaluate("history.length") == length + 1
    settle(view)
    view.key(" ")
    view.wait("!__iaff.stepper.timer")
    view.wait("location.search.includes('round=3')")
    assert view.page.evaluate("history.length") == length + 1
    view.page.go_back()
    view.wait("__iaff.state.stage === 'photo'")
    assert view.state("img") == "chelsea"


def test_back_to_a_photo_that_is_gone(view, run_folder):
    view.open("?img=chelsea&stage=unary")
    files = view.page.locator("input[type=file]")
    files.set_input_files(run_folder / "traces" / "astronaut.safetensors")
    view.wait("__iaff.state.img.startsWith('own-') && __iaff.trace?.meta.name === 'astronaut'")
    view.wait("!__iaff.history.waiting")
    to(view, img="astronaut")
    view.page.evaluate("__iaff.takenIn.forget(__iaff.userPhotos.photos[0])")
    view.page.go_back()
    view.wait("!document.querySelector('.message').hidden")
    assert "not in this browser" in view.text(".message")
    assert "img=own-" in view.page.url
    view.page.go_back()
    view.wait("__iaff.trace?.meta.name === 'chelsea' && !document.querySelector('.panes').hidden")


@pytest.mark.skipif(not (SHIPPED / "images.csv").exists(), reason="the shipped run has no table of its photos")
def test_the_browser_of_photos_is_in_the_link(view):
    view.open("?run=animals&img=chelsea")
    view.key("g")
    view.page.locator(".browser select >> nth=0").select_option("coverage")
    view.page.locator(".browser select >> nth=2").select_option("cow")
    view.wait("location.search.includes('allcls=cow') && location.search.includes('all=coverage')")
    first = "document.querySelector('.browser .tile .id')?.innerText"
    found = view.page.evaluate(first)
    view.open(view.page.url.removeprefix(view.app.url))
    view.wait(f"{first} === '{found}'")
    assert view.page.locator(".browser").is_visible()
    view.key("Escape")
    view.wait("!location.search.includes('all')")
    view.open("?run=animals&all=nonsense&allcls=dragon&allround=77")
    view.wait(f"{first} && __iaff.state.allcls === null && __iaff.state.all !== 'nonsense'")


def test_what_a_link_must_not_break(view):
    """Values without what they belong to, and nonsense."""
    plain = view.open("?img=chelsea&stage=unary") and look(view)
    lonely = "&leak=3&pins=20.30&y=7&wipe=40&p2=unary.1..&cx=40&cy=30&step=4&allround=2&find=x&brush=magic.1.1&figs=all"
    view.open(f"?img=chelsea&stage=unary{lonely}&paint=wall-1&hide=everything&over=seeds.101&lesson=")
    view.page.evaluate("__iaff.store.set({ leak: null, wipe: null, p2: null, cx: null, cy: null, step: 1 })")
    view.page.evaluate("__iaff.store.set({ allround: null, find: null })")
    assert look(view) == plain
