"""Looking: zoom, pan, layers, classes, pins, panes, wipe and blink, the axis of rounds."""

import numpy as np
import pytest

PANES = "__iaff.picture.panes.map(p => [p.spec.stage, p.spec.round, p.spec.by])"
BASE = "document.querySelector('.base').toDataURL('image/webp', .5)"
PANE_PICTURES = "__iaff.picture.panes.map(p => p.base.toDataURL('image/webp', .5))"


def pixel(view, left: float, top: float) -> dict:
    """Image pixel under a page position."""
    box = view.page.locator(".over >> nth=0").bounding_box()
    return view.page.evaluate(f"__iaff.picture.main.pixel({left - box['x']}, {top - box['y']})")


def test_the_wheel_zooms_at_the_cursor_and_dragging_moves(view):
    view.open("?stage=unary")
    left, top = view.point(240, 100)
    before = pixel(view, left, top)
    view.page.mouse.move(left, top)
    for _ in range(4):
        view.page.mouse.wheel(0, -100)
    view.wait("__iaff.state.zoom > 4")
    after = pixel(view, left, top)
    assert after == pytest.approx(before, abs=1), "the point under the cursor stays"
    view.page.mouse.down()
    view.page.mouse.move(left - 120, top - 60, steps=4)
    view.page.mouse.up()
    moved = pixel(view, left - 120, top - 60)
    assert moved == pytest.approx(after, abs=1), "the photo follows the hand"
    assert view.state("x") is None, "a drag pins nothing"
    view.key("0")
    assert view.state("zoom") == 1
    assert pixel(view, left, top) == pytest.approx(before, abs=1)


def test_hover_and_pin_are_exact_when_zoomed(view):
    view.open("?stage=affinity&zoom=8&cx=200&cy=120")
    box = view.page.locator(".over >> nth=0").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    view.page.mouse.move(*middle)
    assert view.text(".readout").startswith("x 200, y 120") or view.text(".readout").startswith("x 199, y 119")
    view.page.mouse.click(*middle)
    assert (view.state("x"), view.state("y")) == pytest.approx((200, 120), abs=1)


def test_four_pins_each_with_its_own_outline(view):
    view.open("?stage=affinity")
    for i, (x, y) in enumerate([(120, 80), (200, 100), (60, 180), (300, 200)]):
        view.page.keyboard.down("Shift") if i else None
        view.click(x, y)
    view.page.keyboard.up("Shift")
    assert view.page.evaluate("__iaff.pointer.pins().length") == 4
    assert view.page.locator(".pins tr").count() == 5
    row = np.array(view.page.evaluate("[...__iaff.picture.values]"))
    weight = row[view.page.evaluate("__iaff.trace.cell(200, 100)")]
    shown = view.text(".pins tr >> nth=2").split()[-1]
    assert "10⁻" in shown or float(shown) == pytest.approx(weight, rel=0.06)
    view.wait("__iaff.state.pins && location.search.includes(__iaff.state.pins)")
    view.open(view.page.url.split("/")[-1])
    assert view.page.evaluate("__iaff.pointer.pins().length") == 4, "the link has all pins"
    view.key("Escape")
    assert view.page.evaluate("__iaff.pointer.pins().length") == 0


def test_linked_panes_share_view_and_question(view):
    view.open("?stage=affinity&panes=4&p2=.2..&p3=.3..&p4=unary...&zoom=2&cx=180&cy=130")
    shown = [["affinity", 1, None], ["affinity", 2, None], ["affinity", 3, None], ["unary", 1, None]]
    assert view.page.evaluate(PANES) == shown
    assert len(set(view.page.evaluate(PANE_PICTURES))) == 2, "the affinity's ground is the same in each round"
    second = view.page.locator(".over >> nth=1").bounding_box()
    view.page.mouse.move(second["x"] + 60, second["y"] + 60)
    rows = view.page.evaluate("__iaff.picture.panes.slice(0, 3).map(p => [...p.query.values])")
    expected = view.page.evaluate(
        """[1, 2, 3].map(t => { const out = new Float32Array(__iaff.trace.n), {x, y} = __iaff.cursor;
        __iaff.origin.affinity(t).row(__iaff.trace.cell(x, y), out); return [...out]; })"""
    )
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    centres = view.page.evaluate("__iaff.picture.panes.map(p => p.pixel(p.width / 2, p.height / 2))")
    assert all(c == centres[0] for c in centres)
    tops = "__iaff.picture.panes.slice(0, 3).map(p => p.glowTop())"
    assert view.page.evaluate(tops) == [np.max(rows)] * 3, "one scale"
    assert "of all panes" in view.text(".legend .ramp")
    view.page.get_by_role("button", name="own", exact=True).click()
    rows = view.page.evaluate("__iaff.picture.panes.slice(0, 3).map(p => [...p.query.values])")  # of the CAM's peak
    assert view.page.evaluate(tops) == np.max(rows, 1).tolist()
    assert "in pane 1" in view.text(".legend .ramp")
    view.key("]")
    assert view.page.evaluate(PANES)[0] == ["affinity", 2, None]
    assert view.page.evaluate(PANES)[2] == ["affinity", 3, None], "a pane's own round stays"


def test_difference_pane_and_figures_of_both(view):
    view.open("?stage=refined&tab=compare&panes=4&p2=.3..&p4=difference...")
    corrected, spoiled = view.page.evaluate(
        """(() => { const [a, b] = [1, 3].map(t => __iaff.picture.layers.labels('refined', t));
        const { truth } = __iaff.trace;
        let corrected = 0, spoiled = 0;
        truth.forEach((v, p) => { corrected += a[p] !== v && b[p] === v; spoiled += a[p] === v && b[p] !== v; });
        return [corrected, spoiled]; })()"""
    )
    assert view.page.evaluate("__iaff.picture.panes[3].difference().counts")[:2] == [corrected, spoiled]
    view.open("?run=animals&img=frisbee&stage=refined&round=1&tab=compare&panes=2&p2=.2..")
    shown = [float(v) for v in view.text(".figures-table tr >> nth=1").split() if v[0].isdigit()]
    measured = view.page.evaluate("[1, 2].map(t => 100 * __iaff.trace.meta.rounds[t - 1].figures.refined.miou)")
    assert shown == pytest.approx(measured, abs=0.051)
    leaks = view.text(".figures-table tr:has-text('leak')").split()
    measured = view.page.evaluate("[1, 2].map(t => 100 * __iaff.trace.meta.rounds[t - 1].figures.leak)")
    assert [float(v) for v in leaks if v[0].isdigit()] == pytest.approx(measured, abs=0.051)
    view.wait(
        "document.querySelector('.figures-table').innerText.match(/median reach.*/)[0].match(/\\d+/g)?.length === 2"
    )


def test_layers_over_each_other_and_one_alone(view):
    view.open("?stage=unary&tab=layers")
    plain = view.picture()
    view.page.check(".layer-list li:has-text('Seeds') >> nth=0 >> input[type=checkbox]")
    assert view.state("over") == "seeds.60"
    both = view.picture()
    assert both != plain
    view.page.locator(".layer-name:has-text('Confident')").dblclick()
    assert (view.state("stage"), view.state("over")) == ("confident", None)
    view.key("0", "4")
    assert view.picture() == plain


def test_classes_hidden_and_one_alone(view):
    view.open("?img=astronaut&stage=unary&round=3&tab=layers")
    everything = view.picture()
    chip = view.page.locator(".class-list .class-chip:has-text('dog')")
    chip.click()
    assert set(view.state("cls").split(",")) == {"background", "horse"}
    assert view.picture() != everything
    view.hover(270, 235)
    assert "dog" not in view.text(".readout").split("truth")[0]
    view.page.locator(".class-list .class-chip:has-text('horse')").dblclick()
    assert view.state("cls") == "horse"
    for name in ("dog", "background"):
        view.page.locator(f".class-list .class-chip:has-text('{name}')").click()
    assert view.state("cls") is None
    view.page.mouse.move(5, 5)
    assert view.picture() == everything


def test_wipe_between_rounds(view):
    view.open("?stage=refined&round=3")
    third = view.page.evaluate(BASE)
    view.key("w")
    assert (view.state("wipe"), view.state("diff")) == (50, 2)
    handle = view.page.locator(".wipe").bounding_box()
    frame = view.page.locator(".frame").bounding_box()
    view.page.mouse.move(handle["x"] + 10, handle["y"] + 200)
    view.page.mouse.down()
    view.page.mouse.move(frame["x"] + 0.25 * frame["width"], handle["y"] + 200)
    view.page.mouse.up()
    assert view.state("wipe") == pytest.approx(25, abs=1)
    view.key("Tab")  # what follows is the keyboard's: after the mouse, arrows walk
    view.page.locator(".wipe").focus()
    view.key("ArrowRight")
    assert view.state("wipe") == pytest.approx(27, abs=1)
    assert view.page.evaluate(BASE) != third


def test_playing_in_a_loop_begins_again(view):
    view.open("?stage=unary&round=3&loop=1")
    view.key(" ")
    view.wait("__iaff.state.round === 1")
    view.wait("__iaff.state.round === 3")
    view.wait("__iaff.state.round === 1")
    view.key(" ")
    assert not view.page.evaluate("Boolean(__iaff.stepper.timer)")


def test_one_direction_and_more_passes(view):
    view.open("?stage=affinity&x=160&y=100")
    fused = np.array(view.page.evaluate("[...__iaff.picture.values]"))
    parts = []
    for _ in range(4):
        view.key("d")
        parts.append(view.page.evaluate("[...__iaff.picture.values]"))
    np.testing.assert_allclose(np.mean(parts, 0), fused, atol=1e-6)
    view.key("d")
    assert view.state("dir") is None
    view.page.select_option(".scan-row select", "3")
    assert view.state("passes") == 3
    thrice = np.array(view.page.evaluate("[...__iaff.picture.values]"))
    expected = view.page.evaluate(
        """(async () => { const { Scan } = await import(__iaff.base + __iaff.scripts + '/engine/scan.js');
        const t = __iaff.origin, g = new Scan(t.floats('rounds.1.gates'), t.h, t.w, 3), out = new Float32Array(t.n);
        g.row(t.cell(160, 100), out); return [...out]; })()"""
    )
    np.testing.assert_allclose(thrice, expected, atol=1e-6)


def test_a_label_travels_line_by_line(view):
    """Played, paused, scrubbed, and in a link; what is seen is the scan so far, and at the end all of it."""
    view.open("?stage=affinity&x=160&y=100&mode=column&hide=panel")
    caption = "document.querySelector('.watch .caption').innerText"
    values = "[...__iaff.picture.values]"
    w, h = view.page.evaluate("[__iaff.trace.w, __iaff.trace.h]")
    end = np.array(view.page.evaluate(values))
    assert view.page.evaluate(caption) == "all four directions"
    entries = view.page.evaluate("history.length")
    view.key("a")
    view.wait(f"{caption}.match(/^left → right, column \\d+ of {w}$/) && __iaff.state.line !== 'right.1'")
    view.key("a")
    view.page.locator(".watch input").fill("60")
    assert view.state("line") == "right.60"
    expected = view.page.evaluate(
        """(() => { const t = __iaff.trace, out = new Float32Array(t.n);
        t.affinity(1).partial(t.cell(160, 100), 0, 60, false, out); return [...out]; })()"""
    )
    np.testing.assert_allclose(view.page.evaluate(values), expected, atol=1e-6)
    view.reload()
    assert view.page.evaluate(caption) == f"left → right, column 60 of {w}"
    np.testing.assert_allclose(view.page.evaluate(values), expected, atol=1e-6)
    assert view.page.evaluate("history.length") == entries
    view.key("b")
    assert view.page.evaluate(caption) == f"left → right, back to column {w - 60} of {w}"
    view.key("b")
    view.page.locator(".watch input").fill(str(2 * w + 2 * h - 1))
    assert view.state("line") == f"up.{h - 1}"
    view.key("a")
    view.wait("__iaff.state.line === null && !__iaff.watch.playing")
    np.testing.assert_allclose(view.page.evaluate(values), end, atol=1e-6)
    view.key("a")
    view.page.mouse.click(*view.point(100, 60))
    assert (view.state("line"), view.page.evaluate("__iaff.watch.playing")) == (None, False), "another question"
    view.key("n", "6")
    assert view.state("line") is None
    assert view.page.locator(".watch").is_hidden()


def test_the_same_photo_in_another_run(view):
    view.page.expected.append("Failed to load resource")  # of the run without traces
    view.open("?img=chelsea&stage=refined&panes=4&p2=...animals&p3=...young&p4=difference...")
    view.wait("__iaff.picture.panes[1].trace && !__iaff.picture.panes[2].notice().includes('Opening')")
    runs = view.page.evaluate("__iaff.picture.panes.slice(0, 2).map(p => p.trace.meta.run?.name ?? 'synthetic')")
    assert runs[0] != runs[1] == "animals"
    assert "no trace of this photo" in view.text("[data-pane='3'] .pane-note")
    assert "run animals" in view.text("[data-pane='2'] .pane-title")
    assert "nothing to compare" in view.text("[data-pane='4'] .pane-note"), "the photo has another size there"
    view.hover(176, 150)
    mass = view.page.evaluate("__iaff.picture.panes.slice(0, 2).map(p => p.query.mass)")
    assert mass == pytest.approx([1, 1], abs=1e-3)


def test_propagators_side_by_side(view, timing):
    view.open("?run=animals&img=pasture&stage=refined&tab=compare&panes=4&by=none&p2=..ial.&p3=..walk.&p4=..crf.")
    view.page.wait_for_function("__iaff.picture.panes[2].labels()", timeout=90000)
    view.page.wait_for_function("!__iaff.picture.panes[3].notice().includes('Computing')", timeout=90000)
    scores = [float(v) for v in view.text(".figures-table tr >> nth=1").split() if v[0].isdigit()]
    figures = "__iaff.origin.meta.rounds[0].figures"
    expected = view.page.evaluate(f"[{figures}.unary.miou, {figures}.refined.miou].map(v => 100 * v)")
    assert scores[:2] == pytest.approx(expected, abs=0.051)
    assert len(set(scores)) == len(scores) >= 3
    view.hover(100, 130)
    counts = view.page.evaluate("__iaff.picture.panes.slice(0, 3).map(p => p.query.count)")
    assert counts[0] == 1 < min(counts[1:]), "without G a pixel is alone"
    note = view.text("[data-pane='4'] .pane-note")
    assert "pip install" in note or view.page.evaluate("__iaff.picture.panes[3].trace.affinity(1).why")
    times = ", ".join(f"{t:.0f}" for t in view.page.evaluate("__iaff.timings.server"))
    timing(f"propagators, first with torch: {times} ms")
    groups = view.page.locator("section[aria-label=Parameters] [role=group]")
    assert groups.evaluate_all("nodes => nodes.map(node => node.ariaLabel)") == ["random walk", "dense CRF"]
    before = view.page.evaluate("Array.from(__iaff.picture.panes[2].labels())")
    view.page.focus("[aria-label='radius of random walk']")
    view.key("ArrowRight", "ArrowRight")  # the focus stays with the slider
    assert view.state("params") == "walk-radius.7"
    view.page.focus("[aria-label='steps of random walk']")
    view.key("Home")
    one_step = "__iaff.picture.panes[2].trace?.affinity(1).steps === 1 && __iaff.picture.panes[2].labels()"
    view.wait(one_step)
    assert view.page.evaluate("Array.from(__iaff.picture.panes[2].labels())") != before
    assert view.text("[data-pane='3'] .pane-title").endswith("random walk (radius 7, steps 1)")
    view.reload()
    view.wait(one_step)
    assert view.state("params") == "walk-radius.7-steps.1"
    view.page.click("section[aria-label=Parameters] .reset")
    view.wait("__iaff.picture.panes[2].trace?.affinity(1).steps === 64")
    assert view.state("params") is None


@pytest.mark.parametrize("tab", ["stage", "layers", "compare", "leaks", "mining", "whatif"])
def test_nothing_that_matters_needs_scrolling(view, tab):
    view.open(f"?run=animals&img=pasture&stage=affinity&x=120&y=140&tab={tab}")
    for stage in "345678":
        view.key(stage)
        inside = view.page.evaluate(
            "(p => p.scrollHeight - p.clientHeight)(document.querySelector('.panel > .scroll'))"
        )
        assert inside <= 0, f"{tab} at stage {stage} is {inside} px too high"
    assert view.page.evaluate("document.querySelector('.keys').getBoundingClientRect().bottom <= innerHeight")


WRITTEN = """() => { // the smallest text that is seen, px, and what of these is cut
  const sizes = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement, svg = node.closest("svg[viewBox]");
    if (!text.data.trim() || !node.checkVisibility()) continue;
    if (node.closest(".sr, .iaff-charts, script, style, option")) continue;
    const drawn = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    sizes.push(drawn * parseFloat(getComputedStyle(node).fontSize));
  }
  const held = [...document.querySelectorAll(".tab-strip, .gallery .all, .bar .name")],
    wide = (node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1,
    cut = held.filter(wide).map((node) => node.textContent),
    [scroll, walk_on] = [".panel > .scroll", ".panel > .walk"].map((at) =>
      document.querySelector(at).getBoundingClientRect());
  return [Math.min(...sizes), cut, walk_on.height ? scroll.bottom <= walk_on.top + 7 : true];
}"""


def test_everything_has_room(view):
    """With four pins nothing lies over anything; words are not cut; no text is tiny, nor is it in plots."""
    view.open("?run=animals&img=cow&stage=affinity&round=3&x=150&y=110&pins=250.110_200.200_60.60")
    for width, height, least in ((1024, 768, 12), (1280, 720, 12), (1440, 900, 12), (1920, 1080, 13)):
        view.page.set_viewport_size({"width": width, "height": height})
        for tab in ("mining", "layers", "stage"):
            view.page.evaluate(f"__iaff.store.set({{ tab: '{tab}' }})")
            view.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            smallest, cut, apart = view.page.evaluate(WRITTEN)
            assert (smallest >= least - 0.1, cut, apart) == (True, [], True), f"{tab} at {width}: {smallest} px"
    view.page.set_viewport_size({"width": 1440, "height": 900})


def test_a_slider_of_the_layers_can_be_dragged(view):
    view.open("?stage=unary&tab=layers")
    slider = view.page.locator(".layer-list li:has-text('Refined') input[type=range]")
    box = slider.bounding_box()
    view.page.mouse.move(box["x"] + 7, box["y"] + box["height"] / 2)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2, steps=6)
    view.page.mouse.up()
    assert float(view.state("over").split(".")[1]) == pytest.approx(70, abs=8)
    view.key("ArrowLeft", "ArrowLeft")
    assert float(view.state("over").split(".")[1]) == pytest.approx(60, abs=8), "the keyboard's focus stays"
    view.page.click(".zoom-row button >> nth=1")
    assert view.text(".zoom-value") == "1.5 ×"


def test_back_to_a_photo_on_which_was_painted(view):
    view.open("?run=animals&img=pasture&stage=refined&tab=whatif")
    view.page.click("text=label")
    view.page.evaluate("__iaff.brush.channel = 2")
    view.click(120, 140)
    view.wait("!__iaff.edits.empty && __iaff.trace.origin")
    for name in ("spitz", "pasture"):
        view.page.evaluate(f"__iaff.store.set({{ img: '{name}' }})")
        view.wait(f"__iaff.origin?.meta.name === '{name}'")
    assert view.page.locator(".frame >> nth=0").is_visible()
    assert not view.page.evaluate("__iaff.edits.empty"), "what was painted is still there"
    view.key("r")
    view.wait("__iaff.edits.empty && !__iaff.trace.origin")


def test_figures_are_those_of_the_map_that_is_shown(view):
    view.open("?run=animals&img=pasture&stage=refined&round=2&by=none")
    view.wait("__iaff.trace.origin")
    unary, refined = view.page.evaluate(
        "['unary', 'refined'].map(k => (100 * __iaff.origin.meta.rounds[1].figures[k].miou).toFixed(1))"
    )
    shown = view.text(".figures dd >> nth=0")
    assert unary in shown != refined


def test_a_link_cannot_break_the_page(view):
    view.open("?stage=unary&over=constructor.50&zoom=1e9&p2=...&pins=9.9&panes=3&wipe=500&tau=2&dir=up2")
    assert view.state("over") is None
    assert view.page.locator(".frame >> nth=0").is_visible()
    view.open("?run=animals&img=frisbee&stage=cam&panes=2&p2=cam...synthetic&x=100&y=90")
    assert "no trace of this photo" in view.text("[data-pane='2'] .pane-note")


def test_a_larger_photo_in_another_run_shows_the_same_spot(view):
    view.open("?run=animals&img=chelsea&stage=unary&panes=2&p2=...synthetic")
    view.wait("__iaff.picture.panes[1].trace")
    sizes = view.page.evaluate("__iaff.picture.panes.map(p => [p.trace.W, p.trace.H])")
    assert sizes[0] != sizes[1]
    second = view.page.locator(".over >> nth=1").bounding_box()
    view.page.mouse.move(second["x"] + second["width"] / 2, second["y"] + second["height"] - 3)
    at = view.page.evaluate("__iaff.cursor")
    assert at["x"] == pytest.approx(sizes[0][0] / 2, abs=2)
    assert at["y"] == pytest.approx(sizes[0][1], abs=3)
    assert f"y {sizes[1][1] - 2}" in view.text(".readout") or f"y {sizes[1][1] - 1}" in view.text(".readout")


def test_the_legend_never_covers_what_is_below(view):
    view.open("?run=animals&img=spitz&stage=refined&tab=compare&panes=4&p2=.2..&p3=difference...&truth=border")
    for pressed in ("4", "7", "8"):
        view.key(pressed)
        legend, keys = (view.page.locator(s).bounding_box() for s in (".legend", ".keys"))
        assert legend["y"] + legend["height"] <= keys["y"] + 1


def test_narrow_pages_keep_the_loop(view):
    view.page.set_viewport_size({"width": 900, "height": 900})
    view.open("?stage=unary")
    assert view.page.locator(".round-step.again").is_visible()
    assert view.page.locator(".round-step:not(.again):visible").count() == 0
