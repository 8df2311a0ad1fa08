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


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """Files of four methods of one photo: a scan, attention on cells of 16 px, a walk, and a map of a CRF."""
    rng = np.random.default_rng(4)
    folder, classes = tmp_path_factory.mktemp("four"), ["background", "dog"]
    image, truth = rng.integers(0, 255, (112, 160, 3), np.uint8), np.zeros((112, 160), np.uint8)
    truth[30:80, 40:120] = 1
    alpha, coarse = (rng.dirichlet([1, 1], (112 // s, 160 // s)).transpose(2, 0, 1) for s in (4, 16))
    offsets = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])
    weights = np.full((4, 28, 40), 0.2, np.float32)
    weights[0, :, -1] = weights[1, :, 0] = weights[2, -1] = weights[3, 0] = 0
    kinds = {
        "scan": {"alpha_u": alpha, "gates": make_gates(rng.random((28, 40, 3)), 1)},
        "attention": {"alpha_u": coarse, "attention": rng.random((2, 70, 70))},
        "walk": {"alpha_u": alpha, "offsets": offsets, "weights": weights, "steps": 8},
        "crf": {"alpha_u": alpha, "refined": alpha[:, ::-1], "why": "a CRF's answer depends on the map"},
    }
    for name, values in kinds.items():
        trace = Trace.from_arrays(image, classes, [values], truth=truth, name=name, title=name)
        trace.save(folder / f"{name}.safetensors")
    return {name: folder / f"{name}.safetensors" for name in kinds}


def test_files_of_four_methods_in_four_panes_answer_one_question(view, four):
    """As docs/other_methods.md has it."""
    view.open("?stage=affinity&tab=compare")
    view.page.set_input_files("input[type=file]", [str(path) for path in four.values()])
    view.wait("document.querySelectorAll('.mine .beside').length === 4 && __iaff.origin?.title === 'scan'")
    view.page.evaluate("__iaff.store.set({ stage: 'affinity' })")
    for i in (1, 2, 3):
        view.page.locator(".mine").nth(i).hover()
        view.page.locator(".mine .beside").nth(i).click()
        view.wait(f"__iaff.picture.panes[{i}]?.trace")
    titles = view.page.locator(".pane-title").all_inner_texts()
    assert all(name in title for name, title in zip(four, titles)), titles
    traces = [Trace.load(path) for path in four.values()]

    def answers(way):
        view.wait("__iaff.picture.panes[2].query.values && !document.querySelector('.pane-title .busy')")
        got = view.page.evaluate("__iaff.picture.panes.map(({ query }) => query.values && [...query.values])")
        for values, trace in zip(got[:3], traces):
            want = getattr(trace.rounds[1].affinity, way)(72, 60).ravel()
            np.testing.assert_allclose(values, want, atol=2e-3)

    view.click(72, 60)
    exact = "Math.abs(__iaff.picture.panes[2].query.values.filter((v) => v > 1e-6).length - {}) < 3"
    view.wait(exact.format((traces[2].rounds[1].affinity.row(72, 60) > 1e-6).sum()))
    answers("row")
    assert "a CRF's answer depends on the map" in view.text("[data-pane='4'] .pane-note")
    assert "of all panes" in view.text(".legend")
    view.key("b")
    view.wait("__iaff.state.mode === 'column'")
    answers("column")

    view.page.evaluate("__iaff.store.set({ stage: 'refined' })")
    assert not view.page.locator("[data-pane='4'] .pane-note").is_visible()
    view.wait("/leak.*%.*%.*%/s.test(document.querySelector('.figures-table').innerText)")
    table = {row[0]: row[1:] for row in (r.split("\t") for r in view.text(".figures-table >> nth=0").splitlines())}
    assert len([v for v in table["mIoU"] if "%" in v]) == 4, table
    assert len([v for v in table["leak"] if "%" in v]) == 3, table
    view.reload()
    view.wait("__iaff.picture.panes.length === 4 && __iaff.picture.panes.every(({ trace }) => trace)")
