"""The browser's scan against Python's, on the same trace, in Chromium, to 1e-3."""

import json

import numpy as np
import pytest

from iaff.trace import Trace
from tests.ui.places import SHIPPED
from tests.ui.synthetic import numpy_scan

ASK = """([what, t, x, y]) => {
  const { trace } = window.__iaff, out = new Float32Array(trace.n);
  if (what === "refined") return Array.from(trace.refined(t));
  trace.affinity(t)[what](y * trace.w + x, out);
  return Array.from(out);
}"""


def browser_map(view, what, t, shape, x=0, y=0) -> np.ndarray:
    return np.array(view.page.evaluate(ASK, [what, t, x, y]), np.float32).reshape(shape)


def dense_row(gates: np.ndarray, x: int, y: int, passes: int) -> np.ndarray:
    """One row of G ``(h, w)``, by iaff.propagation."""
    import torch

    from iaff.propagation import row

    return row(torch.from_numpy(gates)[None], x, y, passes)[0].numpy()


def check(view, trace: Trace, rounds: list[int]):
    w, h = trace.meta["grid"]
    shape = (len(trace.meta["classes"]), h, w)
    for t in rounds:
        gates, passes = trace.rounds[t].affinity.gates, trace.meta["rounds"][t - 1]["affinity"]["passes"]
        oracle = trace.rounds[t].alpha_u
        for _ in range(passes):
            oracle = numpy_scan(oracle, gates)
        refined = browser_map(view, "refined", t, shape)
        np.testing.assert_allclose(refined, oracle, atol=1e-3)
        np.testing.assert_allclose(refined, trace.rounds[t].alpha_p, atol=1e-3)
        for x, y in [(0, 0), (w - 1, h - 1), (w // 2, h // 3)]:
            point = np.zeros((1, h, w), np.float32)
            point[0, y, x] = 1
            column = point
            for _ in range(passes):
                column = numpy_scan(column, gates)
            row = browser_map(view, "row", t, (h, w), x, y)
            np.testing.assert_allclose(browser_map(view, "column", t, (h, w), x, y), column[0], atol=1e-3)
            np.testing.assert_allclose(row, dense_row(gates, x, y, passes), atol=1e-3)
            assert row.sum() == pytest.approx(1, abs=1e-3)
            # the row explains the label: its class shares are the refined map at this pixel
            np.testing.assert_allclose((trace.rounds[t].alpha_u * row).sum((1, 2)), refined[:, y, x], atol=1e-3)


def test_scan_on_made_up_traces(view, run_folder):
    for name in ("chelsea", "astronaut"):
        view.open(f"?img={name}")
        check(view, Trace.load(run_folder / "traces" / f"{name}.safetensors"), [1, 3])


def test_bytes_are_those_on_disk(view, run_folder):
    view.open()
    length = view.page.evaluate(
        "async () => (await (await fetch(__iaff.photos.url('chelsea.safetensors'))).arrayBuffer()).byteLength"
    )
    assert length == (run_folder / "traces" / "chelsea.safetensors").stat().st_size


@pytest.mark.skipif(not (SHIPPED / "traces" / "index.json").exists(), reason="no shipped run in assets/runs/animals")
def test_scan_on_a_shipped_trace(view):
    index = json.loads((SHIPPED / "traces" / "index.json").read_text())["traces"]
    config = json.loads((SHIPPED / "config.json").read_text())
    view.open(f"?run={config['name']}&img={index[0]['name']}")
    trace = Trace.load(SHIPPED / "traces" / index[0]["file"])
    check(view, trace, list(range(1, len(trace.meta["rounds"]) + 1)))


def test_label_maps_arrive_exactly(view, run_folder):
    view.open()
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    got = view.page.evaluate("[...__iaff.trace.superpixels]")
    np.testing.assert_array_equal(np.array(got).reshape(trace.superpixels().shape), trace.superpixels())
    for name, key in [("seeds", "seeds"), ("truth", "truth"), ("rounds.2.confident", "confident[1]")]:
        got = view.page.evaluate(f"[...__iaff.trace.{key}]")
        np.testing.assert_array_equal(np.array(got).reshape(trace.labels(name).shape), trace.labels(name))


def test_reach_is_pythons(view, run_folder):
    import torch

    from iaff.propagation import reach

    view.open("?stage=affinity&x=176&y=118&round=2")
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    row = torch.from_numpy(dense_row(trace.rounds[2].affinity.gates, 44, 29, 1))
    assert abs(view.page.evaluate("__iaff.picture.query.count") - int(reach(row))) <= 1


def test_random_walk_is_pythons(view, walk_file):
    """The first steps at once, the exact end from the worker, within 500 ms (fails beyond three times that)."""
    trace = Trace.load(walk_file)
    view.open("?run=traces&stage=affinity")
    walk, (w, h) = trace.rounds[1].affinity, trace.meta["grid"]
    for mode in ("row", "column"):
        for x, y in [(160, 120), (2, 2), (319, 239)]:
            got, first, whole = view.page.evaluate(WALK, [mode, x, y])
            np.testing.assert_allclose(np.reshape(got, (h, w)), getattr(walk, mode)(x, y), atol=1e-3)
            assert first < 3 * 16
            assert whole < 3 * 500
    view.key("8")
    view.wait("__iaff.trace.refined(1)")
    refined = np.reshape(view.page.evaluate("[...__iaff.trace.refined(1)]"), (2, h, w))
    np.testing.assert_allclose(refined, trace.rounds[1].alpha_p, atol=1e-3)


WALK = """async ([mode, x, y]) => {
  const { trace } = __iaff, walk = trace.affinity(1), out = new Float32Array(trace.n), start = performance.now();
  walk[mode](trace.cell(x, y), out);
  const first = performance.now() - start;
  while (walk.at < walk.steps) {
    await new Promise((wake) => setTimeout(wake, 5));
    walk[mode](trace.cell(x, y), out);
  }
  return [[...out], first, performance.now() - start];
}"""
