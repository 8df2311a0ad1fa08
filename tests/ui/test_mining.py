"""Mining and seeds at other thresholds: the browser against iaff on the same traces, and the panels that show them."""

import base64
import json

import numpy as np
import pytest
import torch

from iaff.config import Mining, Seeds
from iaff.data.transforms import enlarge
from iaff.explorer.server.mining import run_mining
from iaff.grid import UNKNOWN
from iaff.method.labels import as_channels
from iaff.method.metrics import Partial
from iaff.method.mining import confident_map, label_shares, region_samples
from iaff.method.seeds import find_seeds
from iaff.method.superpixels import on_grid
from iaff.run import Run
from iaff.trace import Trace
from tests.ui.places import SHIPPED, TIMED
from tests.ui.synthetic import make_walk, numpy_scan

OPEN = """async ([modules, bytes]) => {
  for (const name of ["engine/mining", "engine/seeds", "trace/trace"])
    Object.assign(window, await import(`${modules}/${name}.js`));
  const file = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer;
  try {
    window.trace = await Trace.parse(file);
  } catch (error) {
    return error.message;
  }
}"""
BARS = [(0.7, None), (0.9, 0.95), (0.55, 0.8), (1, 1), (0, None)]  # tau, tau of the background


@pytest.fixture
def engine(view):
    """``engine(trace)`` opens a trace in an empty page that has the explorer's modules; says why it is refused."""
    modules = view.open_empty()
    return lambda trace: view.page.evaluate(OPEN, [modules, base64.b64encode(trace.to_bytes()).decode()])


def traces(run_folder) -> list[Trace]:
    """Two made by hand (two tags, one tag), and three that were trained."""
    made, trained = [sorted((run / "traces").glob("*.safetensors")) for run in (run_folder, SHIPPED)]
    return [Trace.load(path) for path in [*made, *trained[:3]]]


def cells_of(trace: Trace) -> torch.Tensor:
    return on_grid(torch.from_numpy(trace.superpixels()))


def mined(trace: Trace, t: int, tau: float, background: float | None) -> np.ndarray:
    """The confident map of iaff.method.mining from the scores in the trace."""
    r, ids = trace.rounds[t], torch.tensor(trace.meta["class_ids"])
    unary, scores = torch.from_numpy(r.alpha_u.argmax(0)), torch.from_numpy(r.scores.astype(np.float32))
    return confident_map(scores, cells_of(trace), unary, ids, Mining(tau=tau, tau_background=background)).numpy()


# --- confident regions -----------------------------------------------------------------------------------------------


def test_confident_regions_are_the_traces_and_pythons(view, engine, run_folder):
    for trace in traces(run_folder):
        engine(trace)
        for t, r in trace.rounds.items():
            got = view.page.evaluate("(t) => [[...confidentAt(trace, t)], follows(trace, t)]", t)
            np.testing.assert_array_equal(np.reshape(got[0], r.confident.shape), r.confident)
            assert got[1]
            for tau, background in BARS:
                ask = "([t, tau, tauBg]) => [...confidentAt(trace, t, { tau, tauBg })]"
                own = trace.meta["thresholds"].get("tau_background") if background is None else background
                got = view.page.evaluate(ask, [t, tau, background])
                np.testing.assert_array_equal(np.reshape(got, r.confident.shape), mined(trace, t, tau, own))


def test_figures_are_pythons(view, engine, run_folder):
    for trace in traces(run_folder)[:4]:
        engine(trace)
        t, truth = max(trace.rounds), torch.from_numpy(trace.labels("truth").copy())
        ids, unary = np.array(trace.meta["class_ids"]), trace.rounds[t].alpha_u.argmax(0)
        cells = cells_of(trace)
        shares = label_shares(torch.from_numpy(unary), cells, int(trace.superpixels().max()) + 1, len(ids))
        for (tau, background), purity in zip(BARS, (0.8, 0.5, 1, 0.9, 0.75)):
            at = {"tau": tau, "tauBg": background or tau, "purity": purity}
            got = view.page.evaluate("([t, at]) => regionFigures(trace, t, at)", [t, at])
            y, score = mined(trace, t, tau, background or tau), Partial()
            score.add(enlarge(torch.from_numpy(y), *truth.shape), truth)
            known = y != UNKNOWN
            assert got["coverage"] == pytest.approx(score.coverage(), abs=1e-9)
            assert got["precision"] == pytest.approx(score.precision(), abs=1e-9)
            assert got["relabelled"] == pytest.approx((known & (y != ids[unary])).sum() / max(1, known.sum()), abs=1e-9)
            assert got["samples"] == len(region_samples(shares, purity)[0])


def test_other_modes_of_mining_are_not_guessed(view, engine, run_folder):
    """Regions that no threshold gives are shown as they are, and known as such."""
    trace = traces(run_folder)[0]
    trace.tensors["rounds.1.confident"] = trace.tensors["seeds"]
    engine(trace)
    got = view.page.evaluate("""[follows(trace, 1), follows(trace, 2),
      Array.from({ length: trace.S }, (_, s) => verdictsAt(trace, 1)(s) ?? 255)]""")
    assert got[:2] == [False, True]
    final, cells = np.array(got[2], np.uint8), cells_of(trace).numpy()
    channels = as_channels(torch.tensor(trace.labels("seeds")), torch.tensor(trace.meta["class_ids"])).numpy()
    for s in np.unique(cells)[:40]:
        kept = channels[cells == s]
        assert (kept == final[s]).sum() == max((kept == k).sum() for k in np.unique(kept))


def test_trade_off_goes_through_the_figures(view, engine, run_folder):
    for trace in traces(run_folder)[1:4]:
        engine(trace)
        for background in (None, 0.9):
            curve, figures = view.page.evaluate(
                """(background) => {
                  const curve = tradeOff(trace, 1, background);
                  const at = (tau) => regionFigures(trace, 1, { tau, tauBg: background ?? tau });
                  return [curve, curve.map(({ tau }) => at(tau))];
                }""",
                background,
            )
            assert len(curve) > 10
            for point, figure in zip(curve, figures, strict=True):
                assert point["coverage"] == pytest.approx(figure["coverage"], abs=1e-9)
                assert point["precision"] == pytest.approx(figure["precision"], abs=1e-9)
            assert background or curve[-1]["coverage"] == 1


HISTOGRAM = {"right": [0, 0, 30, 60], "wrong": [0, 10, 10, 0], "unknown": [5, 0, 0, 1]}


def test_run_trade_off_and_calibration(view, engine, run_folder):
    engine(traces(run_folder)[0])
    curve, calibration = view.page.evaluate("(h) => [tradeOffRun(h), calibration(h)]", HISTOGRAM)
    assert [[p["tau"], p["coverage"], p["precision"]] for p in curve] == [
        [0.75, pytest.approx(60 / 110), 1],
        [0.5, pytest.approx(100 / 110), pytest.approx(0.9)],
        [0.25, 1, pytest.approx(90 / 110)],
    ]
    assert [b["right"] for b in calibration["bins"]] == [None, 0, 0.75, 1]
    assert calibration["error"] == pytest.approx((10 * 0.375 + 40 * 0.125 + 60 * 0.125) / 110)


def test_handler_reads_the_runs_histogram():
    run = Run.load(SHIPPED)
    mining = run_mining([run])
    answer = mining({"run": run.name})
    assert answer["ok"]
    assert answer["mining"] == json.loads((SHIPPED / "mining.json").read_text())
    assert mining({"run": "another"})["ok"] is False
    assert mining(None)["ok"] is False


def test_a_map_that_breaks_the_format_is_refused(engine, run_folder):
    trace = traces(run_folder)[0]
    places = trace.rounds[1].embedding
    assert engine(trace) is None
    for wrong, said in [(places[:-1], "rounds.1.embedding"), (np.where(places == places[3], np.inf, places), "finite")]:
        trace.tensors["rounds.1.embedding"] = np.ascontiguousarray(wrong)
        assert said in engine(trace)


# --- seeds -----------------------------------------------------------------------------------------------------------


def found(trace: Trace, fg: float, bg: float, averaged: bool) -> np.ndarray:
    """Seeds of iaff.method.seeds from the activation in the trace, as channels."""
    tags = trace.tensors["cam"].astype(np.float32)
    untagged = np.ones((1, *tags.shape[1:]), np.float32)
    cam = torch.from_numpy(np.concatenate([tags, untagged]))
    how = Seeds(foreground=fg, background=bg, superpixels=averaged)
    return find_seeds(cam, torch.arange(len(cam)) < len(tags), cells_of(trace), how).numpy()


def test_seeds_are_the_traces_and_pythons(view, engine, run_folder):
    ask = "([fg, bg]) => [...seedsAt(trace, fg, bg)]"
    for trace in traces(run_folder):
        said, trained = trace.meta["thresholds"], trace.meta["run"]["name"] != "synthetic"
        for averaged in (True, False):
            said["seed_superpixels"] = float(averaged)
            engine(trace)
            if trained and averaged:
                got = view.page.evaluate(ask, [said["seed_fg"], said["seed_bg"]])
                np.testing.assert_array_equal(np.reshape(got, trace.labels("seeds").shape), trace.labels("seeds"))
                assert view.page.evaluate("seedsFollow(trace)")
            for fg, bg in [(0.3, 0.05), (0.62, 0.31), (0, 0), (1, 1)]:
                got = torch.tensor(view.page.evaluate(ask, [fg, bg]), dtype=torch.uint8)
                channels = as_channels(got, torch.tensor(trace.meta["class_ids"])).numpy()
                np.testing.assert_array_equal(channels, found(trace, fg, bg, averaged).ravel())


def test_seed_figures_are_pythons(view, engine, run_folder):
    trace = traces(run_folder)[0]
    engine(trace)
    got = view.page.evaluate("seedFigures(trace, trace.seeds)")
    seeds, truth, score = trace.labels("seeds"), torch.from_numpy(trace.labels("truth").copy()), Partial()
    score.add(enlarge(torch.from_numpy(seeds.copy()), *truth.shape), truth)
    assert got["precision"] == pytest.approx(score.precision(), abs=1e-9)
    assert got["unknown"] == pytest.approx((seeds == UNKNOWN).mean())
    assert got["background"] == pytest.approx((seeds == 0).mean())
    assert got["object"] + got["background"] + got["unknown"] == pytest.approx(1)
    counts = np.array(view.page.evaluate("activationHistogram(trace, 40).map((row) => [...row])"))
    assert counts.shape == (2, 40)
    assert counts.sum() == seeds.size


def one_hot(trace: Trace) -> np.ndarray:
    return (trace.labels("seeds") == np.array(trace.meta["class_ids"])[:, None, None]).astype(np.float64)


CARRIED = "(t) => { const c = carriedSeeds(trace, t); return [[...c.alpha], [...c.arrived]]; }"


@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_seeds_carried_by_the_affinity(view, engine, run_folder, name):
    trace = Trace.load(run_folder / "traces" / f"{name}.safetensors")
    engine(trace)
    alpha, arrived = map(np.array, view.page.evaluate(CARRIED, 2))
    carried = one_hot(trace)
    for _ in range(trace.meta["rounds"][1]["affinity"]["passes"]):
        carried = numpy_scan(carried, trace.rounds[2].affinity.gates)
    total = carried.sum(0)
    np.testing.assert_allclose(arrived.reshape(total.shape), total, atol=1e-3)
    sure = total > 0.01
    normal = carried / np.maximum(total, 1e-9)
    np.testing.assert_allclose(alpha.reshape(carried.shape)[:, sure], normal[:, sure], atol=1e-3)
    np.testing.assert_allclose(alpha.reshape(carried.shape).sum(0)[total > 0], 1, atol=1e-4)


def test_seeds_carried_by_a_walk_leave_the_refined_map_alone(view, engine):
    plain = make_walk(steps=16)
    w, h = plain.meta["grid"]
    seeds = np.full((h, w), UNKNOWN, np.uint8)
    seeds[5:20, 5:20], seeds[40:50, 50:70] = 0, 1
    walk = plain.rounds[1].affinity
    given = {"alpha_u": plain.rounds[1].alpha_u, "offsets": walk.offsets, "weights": walk.weights, "steps": walk.steps}
    trace = Trace.from_arrays(plain.image(), ["background", "cat"], [given], seeds=seeds)
    engine(trace)
    alpha, arrived, refined = view.page.evaluate("""async () => {
      const until = async (ask) => { while (!ask()) await new Promise((wake) => setTimeout(wake, 10)); return ask(); };
      const carried = await until(() => carriedSeeds(trace, 1));
      return [[...carried.alpha], [...carried.arrived], [...(await until(() => trace.refined(1)))]];
    }""")
    expected = trace.rounds[1].affinity.propagate(one_hot(trace).astype(np.float32))
    np.testing.assert_allclose(np.reshape(arrived, (h, w)), expected.sum(0), atol=1e-3)
    np.testing.assert_allclose(np.reshape(refined, (2, h, w)), trace.rounds[1].alpha_p, atol=1e-3)
    assert np.isfinite(alpha).all()


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
