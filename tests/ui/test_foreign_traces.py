"""Traces by anyone, in the browser: what breaks the format is refused in three parts, and all else can be drawn."""

import base64

from tests.odd import mutations
from tests.ui.small import small_trace

OPEN = """async (list) => {
  const { Trace, TraceError } = await import(__iaff.base + __iaff.scripts + "/trace/trace.js");
  const { STAGES } = await import(__iaff.base + __iaff.scripts + "/state/state.js"), app = window.__iaff;
  const results = [];
  for (const text of list) {
    try {
      const start = performance.now();
      const trace = await Trace.parse(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
      app.photos.onopen(trace, { name: "foreign", title: "foreign" });
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
