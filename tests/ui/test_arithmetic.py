"""The arithmetic of a cell, gates set by hand, and the toy grid, in the browser."""

import numpy as np
import pytest
import torch

from iaff import Trace
from iaff.propagation import column, row
from tests.ui.places import TOY

LIT = "[...document.querySelectorAll('.arithmetic .lit')].map((node) => node.dataset.summand).join()"


def rows_of_terms(view) -> list[list[float]]:
    """Of each term of the sum: weight, value and product, as they are written."""
    texts = view.page.locator(".term-row").all_inner_texts()
    return [
        [float(word) if word[0].isdigit() else np.nan for word in text.split()[-4:] if word != "×"] for text in texts
    ]


def test_the_arithmetic_of_a_cell_and_its_gates_by_hand(view):
    """Terms, sum and mean are iaff.propagation's; formula and picture light up together; gates are a what-if."""
    trace = Trace.load(TOY)
    view.open("?img=toy&stage=affinity&mode=column&x=96&y=160&dir=right")
    assert not view.page.locator(".sheet").is_visible()
    view.page.get_by_role("button", name="The arithmetic of this cell").click()
    view.wait("__iaff.picture.main.arithmetic()")
    assert view.state("arithmetic") == "1"
    assert not view.page.locator(".story, .figures, .answer").filter(visible=True).count(), "it has their room"
    np.testing.assert_allclose(rows_of_terms(view), [[0.25, 1, 0.25], *[[0.25, 0, 0]] * 3])
    gates = torch.from_numpy(trace.rounds[1].affinity.gates)[None]
    assert view.page.evaluate("__iaff.picture.main.numbered()"), "there is room for a number in each cell"
    mean = column(gates, 1, 2)[0, 2, 1].item()
    assert float(view.text(".together .total b")) == pytest.approx(mean, abs=6e-4)
    # both ways
    view.hover(32, 224)
    view.wait(f"{LIT} === '2,2'")
    view.page.locator(".summand[data-summand='0']").hover()
    view.wait(f"__iaff.pointer.term === 0 && {LIT} === '0,0'")
    # a gate over the border: the others have 0 there, and the object leaks
    view.click(224, 160)
    view.page.mouse.move(0, 0)
    view.wait("__iaff.pointer.term === null")
    before = view.picture()
    gate = view.page.get_by_label("The second gate")
    gate.fill("400")
    view.wait("__iaff.state.gates === 'right-3.2-0.400.0'")
    gate.fill("500")
    view.wait("__iaff.state.gates === 'right-3.2-0.500.0'")
    gates[0, 0, :, 2, 3] = torch.tensor([0, 0.5, 0])
    got = view.page.evaluate("[...__iaff.trace.affinity(1).row(15, __iaff.picture.values) ?? __iaff.picture.values]")
    np.testing.assert_allclose(np.reshape(got, (6, 6)), row(gates, 3, 2)[0], atol=1e-6)
    view.key("b")
    view.wait("__iaff.state.mode === 'row'")
    assert rows_of_terms(view)[2] == pytest.approx([0.5, 0.144, 0.072], abs=6e-4)
    assert view.page.evaluate("__iaff.picture.main.arithmetic().mean") == pytest.approx(0.7870, abs=5e-4)
    view.key("b", "d")
    view.wait("__iaff.state.dir === 'left'")
    view.reload()
    assert (view.state("gates"), view.state("arithmetic"), view.state("dir")) == ("right-3.2-0.500.0", "1", "left")
    assert not view.page.evaluate("__iaff.edits.empty")
    view.key("d", "d", "d")
    view.wait("__iaff.state.dir === 'right'")
    gate.fill("700")
    view.wait("__iaff.state.gates === 'right-3.2-0.700.0'")
    view.key("z")
    view.wait("__iaff.state.gates === 'right-3.2-0.500.0'")
    view.key("r")
    view.wait("__iaff.state.gates === null && __iaff.edits.empty")
    view.wait("__iaff.state.mode === 'column'")
    view.page.locator(".fold").focus()
    view.wait("__iaff.pointer.term === null")
    assert view.picture() == before


def test_the_toy_is_there_whatever_run_is_open(view):
    """Also beside a run without any photo, and in no strip; what it lacks is not offered, and one gets back."""
    view.open("?run=animals&img=cow&stage=refined")
    view.page.evaluate("__iaff.store.set({ img: 'toy' })")
    view.wait("__iaff.current.name === 'toy' && __iaff.trace.n === 36")
    assert view.text("h1") == "A toy grid"
    assert not view.page.locator("[data-img=toy]").count()
    assert view.page.locator(".stage[aria-disabled=true]").all_inner_texts() == [
        text
        for text in view.page.locator(".stage").all_inner_texts()
        if text.split()[-1] in ("CAM", "seeds", "superpixels", "confident")
    ]
    view.wait("!__iaff.history.waiting")
    view.page.go_back()
    view.wait("__iaff.current.name === 'cow' && __iaff.trace.n > 36")
    view.page.expected = ["404"]  # that run lists no trace yet
    view.open("?run=young&img=toy&stage=affinity&tab=whatif")
    view.wait("__iaff.trace?.n === 36")
    # a wall between the columns 0 and 2 of the left half: nothing comes through
    view.page.mouse.move(*view.point(96, 10))
    view.page.mouse.down()
    view.page.mouse.move(*view.point(96, 374), steps=6)
    view.page.mouse.up()
    view.wait("__iaff.state.paint === 'wall-1.0.1.6'")
    view.click(32, 160)
    out = view.page.evaluate(
        "(() => { __iaff.trace.affinity(1).column(12, __iaff.picture.values); return [...__iaff.picture.values]; })()"
    )
    assert np.reshape(out, (6, 6))[:, 1:].max() == 0
