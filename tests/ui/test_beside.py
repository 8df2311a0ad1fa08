"""Traces that were dropped, beside the run's photos: of another size and grid, with classes of other numbers."""

import numpy as np
import pytest

from iaff.trace import Trace
from tests.ui.synthetic import make_gates

READY = "__iaff.picture.panes.length === 2 && __iaff.picture.panes[1].trace"


@pytest.fixture(scope="module")
def dropped(tmp_path_factory):
    """A trace of 200 x 104 px, with one round, whose dog is class 1."""
    rng = np.random.default_rng(2)
    height, width = 104, 200
    h, w = height // 4, width // 4
    alpha = rng.dirichlet([1, 1], (h, w)).transpose(2, 0, 1)
    trace = Trace.from_arrays(
        rng.integers(0, 255, (height, width, 3), np.uint8),
        ["background", "dog"],
        [{"alpha_u": alpha, "gates": make_gates(rng.random((h, w, 3)), 1)}],
        title="Mine, and small",
    )
    path = tmp_path_factory.mktemp("traces") / "mine.safetensors"
    trace.save(path)
    return path


def test_a_dropped_trace_of_another_size_beside_the_runs_photo(view, dropped):
    view.open("?run=animals&img=spitz&stage=affinity&tab=compare")
    view.page.set_input_files("input[type=file]", str(dropped))
    view.wait("__iaff.origin?.title === 'Mine, and small'")
    assert view.page.evaluate("__iaff.origin.meta.class_ids.join()") != "0,1", "the run's dog has another number"
    view.page.focus(".mine .thumb")
    view.key("Tab")
    assert "beside A dog in a towel" in view.page.evaluate("document.activeElement.title")
    view.key("Enter")
    view.wait(f"__iaff.origin.meta.name === 'spitz' && {READY}")

    numbers = "__iaff.picture.panes.map(({ trace: { meta } }) => meta.class_ids[meta.classes.indexOf('dog')])"
    assert len(set(view.page.evaluate(numbers))) == 1, "a dog is a dog"
    titles = view.page.locator(".pane-title").all_inner_texts()
    assert "A dog in a towel" in titles[0]
    assert "Mine, and small · affinity · round 1" in titles[1]

    second = view.page.locator(".over >> nth=1")
    box = second.bounding_box()
    width, height = view.page.evaluate("(({ W, H }) => [W, H])(__iaff.origin)")
    place = view.page.evaluate("(p => p.place(p.width, p.height))(__iaff.picture.panes[1])")
    at = box["x"] + place["left"] + 50 * place["scale"], box["y"] + place["top"] + 78 * place["scale"]
    view.page.mouse.move(*at)
    assert view.text(".readout").startswith(("x 50, y 78", "x 49, y 77", "x 49, y 78", "x 50, y 77"))
    cursor = view.page.evaluate("[__iaff.cursor.x, __iaff.cursor.y]")
    assert cursor == pytest.approx([width / 4, 0.75 * height], abs=1.5), "the same place in the main photo"
    asked = """(() => __iaff.picture.panes.map((pane) => {
      const { trace } = pane, { x, y } = pane.local(__iaff.cursor), out = new Float32Array(trace.n);
      trace.affinity(1).row(trace.cell(x, y), out);
      return Math.max(...out.map((v, i) => Math.abs(v - pane.query.values[i]))) + (out.length !== trace.w * trace.h);
    }))()"""
    assert view.page.evaluate(asked) == pytest.approx([0, 0], abs=1e-6), (
        "each pane asks its own affinity at its own cell"
    )
    view.page.mouse.click(*at)
    assert [view.state("x"), view.state("y")] == cursor
    rows = view.page.locator(".figures-table tr").all_inner_texts()
    assert any("object share" in row for row in rows)
    assert not any("same label" in row for row in rows), "photos of two sizes have no pixel in common"

    menus = view.page.locator(".pane-row >> nth=1").locator("select")
    assert menus.evaluate_all("all => all.map((one) => one.selectedOptions[0].text)") == [
        "Mine, and small",
        "layer as 1",
        "by the same",
    ]
    offered = menus.nth(1).locator("option").all_inner_texts()
    assert "unary" in offered
    assert not {"CAM", "seeds", "confident"} & set(offered), "it has none"

    view.reload()
    view.wait(READY)
    assert "Mine, and small" in view.text("[data-pane='2'] .pane-title")
    assert [view.state("x"), view.state("y")] == cursor
    view.page.evaluate("__iaff.store.set({ p2: __iaff.state.p2.replace('...', 'seeds...') })")
    assert "no such layer" in view.text("[data-pane='2'] .pane-note")
    assert "not here" in menus.nth(1).evaluate("one => one.selectedOptions[0].text")
    view.page.evaluate("__iaff.store.set({ p2: __iaff.state.p2.replace('seeds...', '.4..') })")
    assert "no round 4 here" in view.text("[data-pane='2'] .pane-note")

    view.page.hover(".mine")
    view.page.click(".mine .forget")
    view.wait("!__iaff.picture.panes[1].trace")
    note = view.text("[data-pane='2'] .pane-note")
    assert all(word in note for word in ("Got", "Expected", "Drop")), note
    assert view.page.locator(".frame >> nth=0").is_visible()
    menus.nth(0).select_option(label="A cow")
    view.wait("__iaff.picture.panes[1].trace?.meta.name === 'cow'")
