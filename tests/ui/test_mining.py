"""Mining and seeds at other thresholds: the panels that show them. The numbers are held in tests/js."""

import json

import numpy as np
import pytest
import torch

from iaff.data.transforms import enlarge
from iaff.explorer.server.mining import run_mining
from iaff.grid import UNKNOWN
from iaff.run import Run
from iaff.trace import Trace
from tests.oracles.mining import mined
from tests.oracles.seeds import found
from tests.ui.places import SHIPPED, TIMED


def test_handler_reads_the_runs_histogram():
    run = Run.load(SHIPPED)
    mining = run_mining([run])
    answer = mining({"run": run.name})
    assert answer["ok"]
    assert answer["mining"] == json.loads((SHIPPED / "mining.json").read_text())
    assert mining({"run": "another"})["ok"] is False
    assert mining(None)["ok"] is False


# --- panels ----------------------------------------------------------------------------------------------------------


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


DRAG = """() => Array.from({ length: 60 }, (_, i) => {
  const start = performance.now();
  __iaff.store.set({ tau: 0.3 + i / 100 });
  return performance.now() - start;
})"""


def slide(view, name: str, value: float) -> None:
    view.page.locator(f".mining input[aria-label^='{name}']").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", value
    )


def test_threshold_of_the_regions(view, run_folder, timing):
    """The slider moves the state, the figures and the point; the way back restores what was trained."""
    trace = Trace.load(run_folder / "traces" / "astronaut.safetensors")
    view.open("?img=astronaut&stage=confident&round=2&tab=mining")
    trained = view.text(".mining .tried")
    assert percent(trace.meta["rounds"][1]["figures"]["confident"]["relabelled"]) in trained
    point = view.page.locator(".mining circle.at").get_attribute("cx")
    slide(view, "τ:", 0.95)
    assert view.state("tau") == 0.95
    known = mined(trace, 2, 0.95, 0.95) != UNKNOWN
    tried = view.text(".mining .tried")
    assert tried != trained
    assert percent(enlarge(torch.from_numpy(known), 301, 300).float().mean()) in tried  # no pixel is void
    assert "was" in tried
    assert view.page.locator(".mining circle.at").get_attribute("cx") != point
    slide(view, "purity", 1)
    assert view.state("purity") == 1
    times = view.page.evaluate(DRAG)
    timing(f"threshold moved: median {np.median(times):.1f} ms (aim 50), p90 {np.quantile(times, 0.9):.1f} ms")
    assert not TIMED or np.median(times) < 3 * 50
    view.page.click(".mining .reset")
    assert [view.state(key) for key in ("tau", "taubg", "purity")] == [None, None, None]
    assert view.text(".mining .tried") == trained
    assert view.page.locator(".mining .reset").is_disabled()


VOTES = """async (id) => {
  const { regionTable } = await import(__iaff.base + __iaff.scripts + "/engine/mining.js"),
    { votes, size } = regionTable(__iaff.trace, 1), { K } = __iaff.trace;
  return [...votes.slice(id * K, (id + 1) * K)].map((v) => v / size[id]);
}"""


def test_what_a_control_changes_is_seen(view):
    """Where no pane shows it, the view goes to a layer that does."""
    view.open("?img=astronaut&stage=photo&round=2&tab=mining&truth=filled")
    slide(view, "τ:", 0.95)
    assert [view.state(key) for key in ("stage", "truth", "tau")] == ["confident", None, 0.95]
    for over in ("stage=photo&over=confident.60", "stage=unary&panes=2&p2=confident..."):
        view.page.evaluate(
            f"__iaff.store.set({{ over: null, ...{dict(part.split('=') for part in over.split('&'))} }})"
        )
        view.page.evaluate("__iaff.store.set({ panes: +__iaff.state.panes })")
        slide(view, "purity", 0.5)
        assert view.state("stage") == over.split("&")[0].removeprefix("stage="), "it is seen"
    view.page.evaluate("__iaff.store.set({ stage: 'photo', over: null, panes: 1, tab: 'whatif' })")
    x, y = view.point(100, 60)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 40, y, steps=3)
    view.page.mouse.up()
    view.wait("__iaff.state.paint && __iaff.state.stage === 'refined'")
    view.page.evaluate("__iaff.store.set({ stage: 'cam', tab: 'leaks' })")
    view.page.locator(".leak-rates button >> nth=0").click()
    assert (view.state("stage"), view.state("round")) == ("affinity", 1)


def test_map_and_picture_point_at_the_same_superpixel(view, run_folder):
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    ids = trace.superpixels()
    view.open("?stage=unary&round=1&tab=mining")
    view.hover(176, 100)
    marked = view.page.locator(".mining .tip")
    assert marked.is_visible()
    assert "unary cat" in marked.inner_text()
    view.page.mouse.move(2, 2)
    assert marked.is_hidden()
    assert "Point at a superpixel" in view.text(".mining-story")
    box = view.page.locator(".mining .over-map")
    box.focus()
    view.key("ArrowRight", "ArrowRight")
    region = view.page.evaluate("__iaff.region")
    assert region >= 0
    story = view.text(".mining-story")
    votes = view.page.evaluate(VOTES, region)
    shown = view.page.locator(".mining-story .bars >> nth=0 >> .value").all_inner_texts()
    assert [float(v) for v in shown] == pytest.approx(votes, abs=0.006)
    view.key("Enter")
    assert ids[view.state("y"), view.state("x")] == region
    assert view.state("stage") == "unary", "the arrows belong to the map"
    view.hover(20, 20)
    assert ids[20, 20] != region
    marked = view.page.evaluate("[__iaff.region, __iaff.panel.view.map.marked]")
    assert marked == [region, region], "the pin's, in the picture and in the map"
    assert view.text(".mining-story") == story
    view.page.mouse.move(box.bounding_box()["x"] + 3, box.bounding_box()["y"] + 3)
    view.page.mouse.move(2, 2)
    assert view.page.evaluate("[__iaff.region, __iaff.panel.view.map.marked]") == [region, region]


def test_what_a_trace_lacks_is_said(view):
    view.open("?run=traces&tab=mining")
    assert "no superpixels" in view.text(".mining")
    assert view.page.locator(".mining input:visible").count() == 0
    view.open("?img=chelsea&stage=confident&tab=mining")
    assert "counted no region scores" in view.text(".mining")
    view.open("?run=animals&stage=confident&tab=mining")
    view.wait("document.querySelectorAll('.mining rect.bar').length > 5")
    assert "superpixels of the run on tune" in view.text(".mining")
    assert "ECE" in view.text(".mining")


def test_a_server_that_is_down_is_not_a_run_without_scores(view):
    view.open("?img=chelsea&stage=confident")
    view.page.evaluate("window.mining = __iaff.client.server.mining")
    view.page.evaluate("void (__iaff.client.server.mining = async () => undefined)")
    view.page.click("[role=tab]:has-text('Mining')")
    view.wait("document.querySelector('.plot-note').textContent.includes('does not answer')")
    assert "counted no" not in view.text(".mining")
    view.page.evaluate("__iaff.client.server.mining = mining, void __iaff.store.set({ round: 2 })")
    view.wait("document.querySelector('.plot-note').textContent.includes('counted no region scores')")


def test_thresholds_of_the_seeds(view, run_folder):
    """Handles move by key and by pointer, never past each other."""
    view.open("?img=astronaut&stage=seeds")
    trained = view.text(".seeds-tried .tried")
    handle = view.page.locator(".handle.fg")
    handle.focus()
    view.key("ArrowRight", "ArrowRight", "PageUp")
    assert view.state("fg") == pytest.approx(0.42)
    assert handle.get_attribute("aria-valuenow") == "0.42"
    assert view.state("stage") == "seeds"
    trace = Trace.load(run_folder / "traces" / "astronaut.safetensors")
    seeds = found(trace, 0.42, 0.05, True)
    assert percent(((seeds != 0) & (seeds != UNKNOWN)).mean()) in view.text(".seeds-tried .tried")
    view.key("Home")
    assert view.state("fg") == 0.05
    box = handle.bounding_box()
    view.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + 120, box["y"] + 40)
    view.page.mouse.up()
    assert 0.3 < view.state("fg") < 0.6
    view.page.click(".seeds-tried .reset")
    assert view.state("fg") is None
    assert view.text(".seeds-tried .tried") == trained
