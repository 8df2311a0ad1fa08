"""Layers: CAM by class, scale and step of its climb, verdicts, differences between rounds, truth, and missing ones."""

import re

import numpy as np
import pytest

from iaff.trace import Trace
from tests.ui.places import SHIPPED


def test_cam_of_one_class(view):
    view.open("?img=astronaut&stage=cam")
    everything = view.picture()
    chip = ".legend .class-chip:has-text('dog')"
    view.page.dblclick(chip)
    assert view.state("cls") == "dog"
    assert view.picture() != everything
    assert view.page.get_attribute(chip, "aria-pressed") == "true"
    assert view.page.get_attribute(chip.replace("dog", "horse"), "aria-pressed") == "false"
    view.page.dblclick(chip)
    assert view.picture() == everything


SHOWN_CAM = "[...__iaff.trace.cam(...__iaff.picture.layers.camPart())]"


def test_cam_at_each_scale_is_the_traces(view):
    trace = Trace.load(SHIPPED / "traces" / "chelsea.safetensors")
    view.open("?run=animals&img=chelsea&stage=cam")
    pictures = {view.picture()}
    for i, scale in enumerate(trace.meta["cam_scales"]):
        view.page.click(f".choice-row button:has-text('{scale:g}×')")
        assert view.state("cam") == i
        got = np.array(view.page.evaluate(SHOWN_CAM))
        np.testing.assert_allclose(got, trace.tensors["cam_scales"][i].ravel() / 255, atol=1e-3)
        pictures.add(view.picture())
    assert len(pictures) == 1 + len(trace.meta["cam_scales"])


def test_cam_at_each_step_of_the_climb_is_the_traces(view, run_folder):
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    view.open("?run=synthetic&img=chelsea&stage=cam&cam=0")
    assert "nudged, step by step, towards its tags" in view.text(".sentence")
    row = ".segmented[aria-label='Step of the climb'] button"
    assert view.page.locator(row).all_inner_texts() == ["all", "photo", "1", "2", "3"]
    pictures = {view.picture()}
    for i, step in enumerate(trace.tensors["cam_climb"]):
        view.page.click(f"{row} >> nth={i + 1}")
        assert [view.state(key) for key in ("cam", "climb")] == [None, i], "a step takes the place of a scale"
        np.testing.assert_allclose(view.page.evaluate(SHOWN_CAM), step.ravel() / 255, atol=1e-3)
        pictures.add(view.picture())
        view.hover(150, 100)
        assert f"cat {step[0, 25, 37] / 255:.2f}" in view.text(".readout")
    assert len(pictures) == 5
    words = "import(__iaff.base + __iaff.scripts + '/export/export_words.js')"
    said = view.page.evaluate(f"{words}.then(({{ how }}) => how(__iaff.exports.snapshot()))")
    assert "after step 3 of the climb alone" in said
    view.page.click(".choice-row button:has-text('0.5×')")
    assert [view.state(key) for key in ("cam", "climb")] == [0, None], "and a scale that of a step"
    view.page.click(f"{row} >> nth=0")
    np.testing.assert_allclose(view.page.evaluate(SHOWN_CAM), trace.tensors["cam"].ravel(), atol=1e-3)
    assert view.page.locator(".choice-row [aria-pressed=true]").all_inner_texts() == ["all", "all"]


@pytest.mark.parametrize("t", [1, 3])
def test_verdicts_say_why(view, run_folder, t):
    """Every superpixel's verdict is the trace's, and the sentence has its figures."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    view.open(f"?stage=confident&round={t}")
    ids, y = trace.superpixels(), trace.rounds[t].confident
    scores, needed = trace.rounds[t].scores.astype(float), trace.meta["thresholds"]
    seen = set()
    for s in np.linspace(0, ids.max(), 12).astype(int):
        where = np.argwhere(ids == s)
        py, px = (int(v) for v in where[len(where) // 2])
        view.click(px, py)
        kind, text = view.text(".patch .pill"), view.text(".patch")
        seen.add(kind)
        grid = y[np.minimum(where[:, 0] // 4, y.shape[0] - 1), np.minimum(where[:, 1] // 4, y.shape[1] - 1)]
        if (grid == 255).all():
            assert kind == "unknown"
        assert f"{scores[s].max():.2f}" in text
        tau = needed.get("tau_background") if scores[s].argmax() == 0 else None
        tau = tau or needed["tau"]
        if scores[s].max() < tau:
            assert f"below τ {tau:g}" in text
        assert len(re.findall(r"\d\.\d\d", view.text(".patch .bars >> nth=0"))) == 2
        view.hover(10, 10)
        assert view.text(".patch .pill") == kind, "a click keeps the patch"
        view.key("Escape")
    assert {"kept", "unknown"} <= seen


def test_difference_between_rounds(view, run_folder):
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    view.open("?stage=confident&round=3")
    plain = view.picture()
    view.page.click(".choice-row button:has-text('1')")
    assert view.picture() != plain
    truth = trace.labels("truth")
    before, now = (trace.rounds[t].confident.repeat(4, 0).repeat(4, 1) == truth for t in (1, 3))
    legend = view.text(".legend")
    assert f"wrong → right {100 * (now & ~before).mean():.1f} % ({(now & ~before).sum():,})" in legend
    assert f"right → wrong {100 * (before & ~now).mean():.1f} % ({(before & ~now).sum():,})" in legend
    assert "unknown counts as wrong" in legend
    assert "round 1 → round 3" in legend
    view.key("8")  # the choice holds over the stages that can be compared
    assert "round 1 → round 3" in view.text(".legend")
    view.key("[", "[")
    assert "→" not in view.text(".legend"), "a round is not compared with itself"


def test_differences_read_forward_in_time(view):
    """Whichever of two rounds is the shown one: words, figures and picture are those of earlier to later."""
    view.open("?run=animals&img=yard&stage=refined&round=1&diff=5&tab=compare&x=10&y=10")
    words = "import(__iaff.base + __iaff.scripts + '/export/export_words.js')"
    told = f"{words}.then(({{ how }}) => how(__iaff.exports.snapshot()))"
    base = "document.querySelector('.base').toDataURL('image/webp', .5)"

    def seen():
        return view.text(".legend"), view.text(".changes-of-two"), view.page.evaluate(told), view.page.evaluate(base)

    earlier = seen()
    assert "round 1 → round 5" in earlier[0]
    assert "changes from round 1 to round 5" in earlier[2]
    view.page.evaluate("__iaff.store.set({ round: 5, diff: 1 })")
    assert seen() == earlier
    part = "(([c, x]) => [...c.getContext('2d').getImageData(x * c.width, 150, 60, 60).data].join())"
    sides = [f"{part}([document.querySelector('.base'), {x}])" for x in (0.2, 0.7)]  # of the line in the middle
    view.page.evaluate("__iaff.store.set({ diff: null })")
    alone = {5: [view.page.evaluate(side) for side in sides]}
    view.page.evaluate("__iaff.store.set({ round: 1 })")
    alone[1] = [view.page.evaluate(side) for side in sides]
    before = view.page.evaluate("({ ...__iaff.state })")
    for shown, other in ((1, 5), (5, 1)):
        view.page.evaluate(f"__iaff.store.set({{ round: {shown}, diff: {other}, wipe: 50 }})")
        assert view.page.locator(".badges span").all_inner_texts() == ["round 1", "round 5"]
        assert [view.page.evaluate(side) for side in sides] == [alone[1][0], alone[5][1]], "the earlier is left"
        assert "left of the line round 1, right of it round 5" in view.page.evaluate(told)
    view.page.keyboard.down("x")
    assert view.page.locator(".badges .unseen").all_inner_texts() == ["round 5"]
    assert [view.page.evaluate(side) for side in sides] == alone[1], "the blink shows the other one whole"
    view.page.keyboard.up("x")
    view.key("w")
    assert (view.state("wipe"), view.state("diff")) == (None, 1), "what was chosen by hand stays"
    view.page.evaluate("__iaff.store.set({ round: 1, diff: null })")
    view.key("w", "w")
    view.page.keyboard.down("x")
    assert view.page.locator(".badges .unseen").all_inner_texts() == ["round 1"]
    view.page.keyboard.up("x")
    assert view.page.evaluate("({ ...__iaff.state })") == before, "w twice, and x, lead back"
    assert view.page.locator(".badges").is_hidden()


def test_errors_against_truth(view):
    view.open("?run=animals&img=yard&stage=refined&round=5&tab=layers")
    plain = view.picture()
    row = ".layer-list li:has-text('Errors')"
    view.page.check(f"{row} >> input[type=checkbox]")
    assert view.state("over") == "error.60"
    assert "refined, round 5" in view.text(row)
    assert view.picture() != plain

    def page(array):  # of class ids, as one text
        return np.frombuffer(
            view.page.evaluate(f"new TextDecoder('latin1').decode({array})").encode("cp1252"), np.uint8
        )

    labels = "__iaff.picture.layers.labels('{}', {})"
    truth, first, last = page("__iaff.trace.truth"), *(page(labels.format("refined", t)) for t in (1, 5))

    def kinds(now):
        wrong = (now != truth) & (truth != 255) & (now != 255)
        return {"missed": wrong & (now == 0), "false": wrong & (truth == 0), "wrong class": wrong & (now * truth != 0)}

    legend = view.text(".legend")
    for name, where in kinds(last).items():
        assert f"{name} {100 * where.sum() / (truth != 255).sum():.1f} % ({where.sum():,})" in legend or not where.any()
    assert f"void ({(truth == 255).sum():,})" in legend
    y, x = divmod(int(np.flatnonzero(kinds(last)["missed"])[0]), view.page.evaluate("__iaff.trace.W"))
    view.hover(x, y)
    assert view.text(".readout").endswith("· missed")
    view.key("6")
    sure = kinds(page(labels.format("confident", 5)))
    assert "errors of confident:" in view.text(".legend")
    assert f"({sure['false'].sum():,})" in view.text(".legend")
    view.page.dblclick(f"{row} .layer-name")
    assert [view.state(key) for key in ("stage", "over", "opacity")] == ["confident", "error.100", 0]

    change = "stage: 'refined', over: null, opacity: 80, panes: 2, p2: 'error.1..', tab: 'compare'"
    view.page.evaluate(f"__iaff.store.set({{ {change} }})")
    assert "errors of refined · round 1" in view.text("[data-pane='2'] .pane-title")
    assert "pane 2 → pane 1" in view.text(".changes-of-two")
    table = view.text(".changes-of-two")
    for name, id in zip(*view.page.evaluate("[__iaff.trace.meta.classes, __iaff.trace.meta.class_ids]"), strict=True):
        from_to = []
        for now in (first, last):
            a, b = (m[truth != 255] == id for m in (now, truth))
            from_to.append(f"{100 * (a & b).sum() / (a | b).sum():.1f} %")
        assert re.search(rf"{name}\s+{from_to[0]}\s+{from_to[1]}\s", table), (name, from_to, table)
    right = [(now == truth) & (truth != 255) for now in (first, last)]
    assert f"{(right[1] & ~right[0]).sum():,} px" in table
    view.open("?run=traces&stage=unary&tab=layers&over=error.60&panes=2&p2=error...")
    assert view.page.locator(row).count() == 0, "without truth they are not offered"
    assert "no truth" in view.text("[data-pane='2'] .pane-note")


def test_truth_as_border_and_filled(view):
    view.open("?stage=unary")
    pictures = [view.picture()]
    for truth in ("border", "filled"):
        view.key("t")
        assert view.state("truth") == truth
        pictures.append(view.picture())
    assert "the true labels" in view.text(".legend")
    view.key("t")
    assert view.picture() == pictures[0]
    assert len(set(pictures)) == 3


def test_stages_that_a_trace_lacks_are_skipped(view):
    view.open("?run=traces&stage=seeds")
    assert view.state("stage") == "photo"
    button = view.page.locator(".stage[data-stage=seeds]")
    assert button.get_attribute("aria-disabled") == "true"
    assert button.get_attribute("title") == "This trace holds no seeds"
    button.click(force=True)
    assert view.state("stage") == "photo"
    walked = []
    for _ in range(3):
        view.key("ArrowRight")
        walked.append(view.state("stage"))
    assert walked == ["unary", "affinity", "refined"]
    view.key("ArrowRight", "5")
    assert view.state("stage") == "refined"
    view.key("ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert view.state("stage") == "photo"
    assert "undefined" not in view.text(".iaff")
    assert "trace" in view.page.get_attribute(".thumb.add", "title"), "without weights only traces are taken in"


def test_classes_have_signs_where_they_are_wanted(view):
    """A sign for each class, over its fill, in the legend and on exports: colours alone do not say which is which."""
    view.open("?run=animals&img=pasture&stage=refined&round=3&tab=layers")
    bare, signs = view.picture(), "[...document.querySelectorAll('.legend .swatch')].map(SIGN)"
    sign = "(node) => getComputedStyle(node, '::after').content.replaceAll('\"', '')"
    assert set(view.page.evaluate(signs.replace("SIGN", sign))) == {"none"}
    view.page.click("text=with signs")
    marked = view.picture()
    assert (marked != bare, view.state("marks")) == (True, "1")
    shown = view.page.evaluate(signs.replace("SIGN", sign))
    assert sorted(shown) == ["none", "×", "▲"], "background has none"
    for stage in ("cam", "seeds", "unary", "superpixels", "confident", "truth", "carried"):
        looks = view.page.evaluate(f"__iaff.picture.main.layers.get('{stage}', 3).looks.map(({{ sign }}) => sign)")
        assert sorted(looks) == ["×", "▲"], stage
    marks = "import(__iaff.base + __iaff.scripts + '/draw/marks.js')"
    first = view.page.evaluate(f"{marks}.then((m) => Array.from({{ length: 12 }}, (_, i) => m.classMark(i + 1).shape))")
    assert len(set(first)) == 12
    view.reload()
    assert view.picture() == marked
    view.page.evaluate("__iaff.store.set({ cls: 'sheep' })")
    looks = view.page.evaluate("__iaff.picture.main.layers.get('refined', 3).looks.map(({ sign }) => sign)")
    assert looks == ["▲"], "only on what is shown"
