"""Traces by anyone, in the browser: what breaks the format is refused in three parts, and all else can be drawn."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from iaff.trace import Trace
from tests.odd import mutations
from tests.ui.synthetic import make_gates, png

H, W, K = 48, 64, 3
OPEN = """async (list) => {
  const { Trace, TraceError } = await import(__iaff.base + __iaff.scripts + "/trace/trace.js");
  const { STAGES } = await import(__iaff.base + __iaff.scripts + "/state/state.js"), app = window.__iaff;
  const results = [];
  for (const text of list) {
    try {
      const start = performance.now();
      const trace = await Trace.parse(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
      app.open(trace, { name: "foreign", title: "foreign" });
      for (const round of [1, 2])
        for (const stage of STAGES) app.store.set({ stage, round, x: 5, y: 9, diff: 1, truth: null });
      trace.close();
      results.push(performance.now() - start < 5000 ? "drawn" : "slow");
    } catch (error) {
      const said = error instanceof TraceError && error.got && error.expected && error.remedy;
      results.push(said ? `refused: ${error.message}` : `broken: ${error.stack}`);
    }
  }
  return results;
}"""


def small_trace() -> Trace:
    """Two rounds, one of each affinity; every layer, but the second round has no confident regions."""
    rng = np.random.default_rng(5)
    h, w = H // 4, W // 4
    image = rng.integers(0, 255, (H, W, 3), np.uint8)
    alpha = rng.dirichlet(np.ones(K), (h, w)).transpose(2, 0, 1)
    offsets = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])
    weights = np.full((4, h, w), 0.2)
    weights[0, :, -1] = weights[1, :, 0] = weights[2, -1] = weights[3, 0] = 0
    patches = np.add.outer(np.arange(H) // 16 * (W // 16), np.arange(W) // 16)
    scores = rng.dirichlet(np.ones(K), patches.max() + 1)
    labels = rng.choice([0, 1, 2, 255], (h, w)).astype(np.uint8)
    gates = make_gates(rng.random((h, w, 3)), 2)
    return Trace.from_arrays(
        image,
        ["background", "cat", "dog"],
        [
            {"alpha_u": alpha, "gates": gates, "scores": scores, "confident": labels},
            {"alpha_u": alpha, "offsets": offsets, "weights": weights, "steps": 8},
        ],
        cam=rng.random((K - 1, h, w)),
        seeds=labels,
        superpixels=patches,
        truth=np.kron(labels, np.ones((4, 4), np.uint8)),
        thresholds={"tau": 0.5},
        tag_scores={"cat": 0.9, "dog": 0.2},
    )


def results(view, traces: list[bytes]) -> list[str]:
    copies = [base64.b64encode(data).decode() for data in traces]
    return [r for i in range(0, len(copies), 20) for r in view.page.evaluate(OPEN, copies[i : i + 20])]


def test_mutated_traces_are_drawn_or_refused(view):
    view.page.expected.append("Failed to load resource")
    view.open()
    original = small_trace().to_bytes()
    got = results(view, [original, *mutations(original, 200)])
    assert got[0] == "drawn"
    wrong = [r for r in got if not r.startswith(("drawn", "refused"))]
    assert not wrong, wrong[:3]
    assert got.count("drawn") > 5


def put(name, index, value):
    def change(trace):
        trace.tensors[name] = trace.tensors[name].copy()
        trace.tensors[name][index] = value

    return change


def tell(**meta):
    return lambda trace: trace.meta.update(meta)


def bomb(trace):
    """A PNG that says it is 60,000 px wide and high."""
    data = trace.tensors["truth"].copy()
    data[16:24] = np.frombuffer(np.array([60000, 60000], ">u4").tobytes(), np.uint8)
    trace.tensors["truth"] = data


def far(trace):
    """A neighbour in another country, and someone who listens to it."""
    put("rounds.2.offsets", 0, (2**31 - 1, 0))(trace)


def palette(trace):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((H // 4, W // 4), np.uint8)).convert("P").save(buffer, "PNG")
    trace.tensors["seeds"] = np.frombuffer(buffer.getvalue(), np.uint8)


def climb(*shape):
    return lambda trace: trace.tensors.update(cam_climb=np.zeros(shape, np.uint8))


def without(name):
    return lambda trace: trace.tensors.pop(name)


REFUSED = {
    "a PNG bomb": (bomb, "60000 × 60000 px. Expected 64 × 48"),
    "a palette": (palette, "Expected a grey PNG"),
    "a huge offset": (far, "outside the image"),
    "a gate beyond the image": (put("rounds.1.gates", (0, 1, 5, 0), 0.5), "outside the image"),
    "gates above 1": (put("rounds.1.gates", (3, slice(None), 2, 2), 0.5), "at most 1"),
    "NaN": (put("rounds.1.alpha_u", (0, 2, 2), np.nan), "holds NaN"),
    "infinity": (put("cam", (0, 2, 2), np.inf), "holds Infinity"),
    "a climb without steps": (climb(1, K - 1, H // 4, W // 4), "Expected U8 (2, 2, 12, 16)"),
    "a climb of one number": (climb(), "Expected U8 (2, 2, 12, 16)"),
    "probabilities": (put("rounds.2.alpha_u", (0, 2, 2), 0), "sums to"),
    "too few scores": (lambda t: t.tensors.update({"rounds.1.scores": t.tensors["rounds.1.scores"][:5]}), "scores"),
    "one id twice": (tell(class_ids=[0, 1, 1]), "class_ids"),
    "a large photo": (tell(size=[40000, 40000], grid=[10000, 10000]), "size"),
    "another grid": (tell(grid=[15, 12]), "grid"),
    "a label of no class": (lambda t: t.tensors.update(seeds=png(np.full((H // 4, W // 4), 9, np.uint8))), "class 9"),
    "no unary map": (without("rounds.2.alpha_u"), "missing"),
    "no image": (without("image"), "missing"),
    "an unknown affinity": (tell(rounds=[{"affinity": {"kind": "magic"}}]), "affinity of round 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(view, name):
    view.open()
    trace = small_trace()
    change, said = REFUSED[name]
    change(trace)
    (got,) = results(view, [trace.to_bytes()])
    assert got.startswith("refused")
    assert said in got


def test_decorations_cannot_break_the_page_nor_reach_outside(view):
    """A request that they provoke would fail this test; so would the console's errors."""
    view.open()
    trace = small_trace()
    style = "1);background:url(http://example.org/x.png"
    trace.meta |= {
        "tag_scores": {"cat": style, "dog": 0.5, "cow": None},
        "thresholds": {"tau": style, "seed_fg": [], "purity": {}},
        "credit": {"author": ["x"], "source": "javascript:alert(1)"},
        "title": {"a": 1},
        "figures": {"cam": None, "seeds": 3},
        "run": 7,
        "note": 5,
        "proposed": "cat",
        "cam_scales": {},
        "cam_climb": 7,
    }
    assert results(view, [trace.to_bytes()]) == ["drawn"]
    view.page.evaluate("__iaff.store.set({ stage: 'photo' })")
    assert view.page.locator(".scores .bar").count() == 1
    assert view.page.locator(".credit a").count() == 0
    assert "NaN" not in view.text(".iaff")


def test_a_layer_that_only_some_rounds_have(view):
    """The next round has no confident regions: the nearest stage before is shown."""
    view.open()
    assert results(view, [small_trace().to_bytes()]) == ["drawn"]
    view.page.evaluate("__iaff.store.set({ stage: 'confident', round: 1, x: null, y: null })")
    assert view.state("stage") == "confident"
    assert view.page.locator(".choice-row").count() == 0, "there is no round to compare with"
    view.key("]")
    assert (view.state("stage"), view.state("round")) == ("superpixels", 2)
    assert view.text(".sentence") == "The photo is cut into patches of even colour."
    view.hover(20, 20)
    assert "no confident regions" in view.text(".patch")
    view.key("ArrowRight")
    assert view.state("stage") == "affinity"
