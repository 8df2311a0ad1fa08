"""A trace of attention on cells of 16 px, dropped on the page: questions, pins, what if and words keep to its cells."""

import numpy as np
import pytest

from iaff.trace import Trace
from tests.ui.synthetic import make_attention
from tests.ui.test_own_photo import give_trace

STRIDE = 16
VALUES = "Array.from(__iaff.picture.main.query.values)"
SCALE = """import(__iaff.base + __iaff.scripts + "/export/export_words.js")
  .then((words) => words.scaleNote(__iaff.origin, __iaff.state))"""


@pytest.fixture(scope="module")
def attention() -> Trace:
    return make_attention(STRIDE)


def test_a_dropped_trace_of_coarse_cells(view, attention):
    view.open("?stage=affinity")
    give_trace(view, "attention.safetensors", attention.to_bytes())
    view.wait("__iaff.trace?.meta.name === 'attention'")
    dense, walked = (attention.rounds[t].affinity for t in (1, 2))

    view.page.evaluate("__iaff.store.set({ stage: 'affinity', round: 1, x: null, y: null })")
    assert "listens to all others" in view.text(".sentence")
    view.hover(200, 120)
    view.wait("document.querySelector('.where')?.textContent === 'What decides pixel 200, 120'")
    assert np.allclose(view.page.evaluate(VALUES), dense.row(200, 120).ravel(), atol=1e-5)
    assert "weight of this cell" in view.text(".readout")

    view.click(200, 120)
    view.key("Shift+ArrowRight", "Shift+ArrowDown", "b")
    assert [view.state(key) for key in ("x", "y", "mode")] == [200 + STRIDE, 120 + STRIDE, "column"]
    view.wait("document.querySelector('.where')?.textContent === 'Where the label of pixel 216, 136 (pinned) lands'")
    assert np.allclose(view.page.evaluate(VALUES), dense.column(216, 136).ravel(), atol=1e-5)

    view.key("]")
    assert "up to 24 others, wherever they lie; a random walk of 40 steps" in view.text(".sentence")
    view.wait("document.querySelector('.where').textContent.endsWith('after all 40 steps')")
    assert np.allclose(view.page.evaluate(VALUES), walked.column(216, 136).ravel(), atol=1e-4)
    assert view.page.evaluate(SCALE) == "1 cell = 16 × 16 px of the photo (350 × 264 px)"

    view.page.evaluate("__iaff.store.set({ stage: 'refined', tab: 'whatif', x: null, y: null })")
    assert view.page.locator(".whatif button:visible").all_inner_texts()[:3] == ["label", "erase", "restore"]
    assert "Walls are not offered" in view.text(".whatif")
    view.page.mouse.move(*view.point(40, 40))
    view.page.mouse.down()
    view.page.mouse.move(*view.point(120, 40))
    view.page.mouse.up()
    view.wait("__iaff.state.paint === 'class1-2.2.6' && __iaff.trace.refined(2)")
    alpha = attention.rounds[2].alpha_u.copy()
    alpha[:, 2, 2:8] = [[0], [1]]
    assert np.allclose(
        view.page.evaluate("Array.from(__iaff.trace.refined(2))"), walked.propagate(alpha).ravel(), atol=1e-4
    )
    view.page.evaluate("__iaff.store.set({ tab: 'leaks' })")
    view.wait("document.querySelector('.leaks').textContent.includes('The rate is exact')")
