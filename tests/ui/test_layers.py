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
    before, now = trace.rounds[1].confident, trace.rounds[3].confident
    is_object = [(m != 0) & (m != 255) for m in (before, now)]
    gained, lost = (is_object[1] & ~is_object[0]).mean(), (is_object[0] & ~is_object[1]).mean()
    legend = view.text(".legend")
    assert f"gained {100 * gained:.1f} %" in legend
    assert f"lost {100 * lost:.1f} %" in legend
    assert "round 1 → round 3" in legend
    view.key("8")  # the choice holds over the stages that can be compared
    assert "round 1 → round 3" in view.text(".legend")
    view.key("[", "[")
    assert "→" not in view.text(".legend"), "a round is not compared with itself"


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
