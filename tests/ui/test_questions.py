"""Questions, leaks and what-if: the tabs that show them. The numbers are held in tests/js."""

import base64

import numpy as np
import pytest
import torch

from iaff.method.metrics import to_photo
from iaff.propagation import Scan, leak, leak_rate, ranked_leaks, reach
from iaff.trace import Trace
from tests.oracles.leaks import grid_labels
from tests.oracles.whatif import cut
from tests.ui.places import SHIPPED, TIMED


def percent(text: str) -> float:
    return float(text.split("%")[0].split()[-1]) / 100


def test_the_tab_of_leaks(view, run_folder, timing):
    """The list is Python's; choosing goes there, pins both cells and says what happens; keys move through it."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    labels = torch.from_numpy(grid_labels(trace, 2, "truth"))
    g, names = trace.rounds[2].affinity.propagator, {0: "background", 2: "cat"}
    expected = ranked_leaks(g, labels, 3)
    view.open("?img=chelsea&tab=leaks&round=2")
    assert percent(view.text(".leak-head b")) == pytest.approx(leak_rate(g, labels), abs=6e-4)
    options = view.page.locator(".leak")
    for edge, text in zip(expected, options.all_inner_texts(), strict=False):
        (x, y), (fx, fy) = edge.target, edge.source
        assert f"{names[int(labels[fy, fx])]}\n→\n{names[int(labels[y, x])]}" in text
        assert f"flow {edge.flow:.2f}" in text
    options.nth(1).click()
    seen = {key: view.state(key) for key in ("stage", "mode", "zoom", "leak", "leaks", "x", "y", "pins")}
    (x, y), (fx, fy) = expected[1].target, expected[1].source
    pins = f"{4 * fx + 2}.{4 * fy + 2}"
    there = {"stage": "affinity", "mode": "row", "zoom": 4, "leak": 2, "leaks": "truth"}
    assert seen == there | {"x": 4 * x + 2, "y": 4 * y + 2, "pins": pins}
    about, share = view.text(".leak-about"), 100 * float(leak(g, labels)[y, x])
    assert about.startswith(f"This cell is {names[int(labels[y, x])]}, but {share:.0f} % of its decision is")
    assert f"gate of {expected[1].gate:.2f}" in about
    view.key("ArrowDown", "ArrowUp", "ArrowUp")
    assert view.state("leak") == 1
    assert options.nth(0).get_attribute("aria-selected") == "true"
    view.key("Escape")
    assert view.page.locator('.leak[aria-selected="true"]').count() == 0
    view.page.locator(".leak-rates button").nth(2).click()
    assert view.state("round") == 3
    view.page.get_by_role("button", name="predicted").click()
    labels = torch.from_numpy(grid_labels(trace, 3, "labels"))
    rate = leak_rate(trace.rounds[3].affinity.propagator, labels)
    assert percent(view.text(".leak-head b")) == pytest.approx(rate, abs=6e-4)
    timing(f"leaks tab: change p50 {np.median(view.page.evaluate('__iaff.timings.change')):.1f} ms")


def test_a_map_over_the_photo_with_its_histogram(view, run_folder):
    """What the cursor reads is Python's; bars light up the cells that they count."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    g = trace.rounds[2].affinity.propagator
    leaks = leak(g, torch.from_numpy(grid_labels(trace, 2, "truth"))).numpy()
    view.open("?img=chelsea&tab=leaks&stage=refined&round=2")
    maps = view.page.get_by_role("group", name="Map over the photo")
    maps.get_by_role("button", name="leak").click()
    assert (view.state("stage"), view.state("over")) == ("affinity", "leak.100")
    assert "leak 0 %" in view.text(".legend")
    y, x = np.unravel_index(np.nanargmax(leaks), leaks.shape)
    view.hover(4 * x + 2, 4 * y + 2)
    assert f"leak {100 * leaks[y, x]:.0f} %" in view.text(".readout")
    box = view.page.locator(".cell-histogram svg").bounding_box()
    assert f"median {100 * np.nanmedian(leaks):.1f} %" in view.text(".plot-note")
    places = [(box["x"] + share * box["width"], box["y"] + box["height"] / 2) for share in (0.3, 0.6)]
    view.page.mouse.move(*places[0])
    view.page.mouse.down()
    view.page.mouse.move(*places[1])
    view.page.mouse.up()
    view.page.mouse.move(5, 5)
    low, high = (float(v.removesuffix(" %")) / 100 for v in view.text(".plot-note").split(":")[0].split(" to "))
    lit = np.array(view.page.evaluate("[...__iaff.picture.main.lit()]"), bool).reshape(leaks.shape)
    np.testing.assert_array_equal(lit, (low <= leaks) & (leaks < high))
    view.page.locator(".cell-histogram svg").focus()
    view.key("Escape")
    assert view.page.evaluate("__iaff.picture.main.lit()") is None
    view.key("ArrowRight")
    assert view.page.evaluate("__iaff.picture.main.lit().reduce((a, b) => a + b)") == (leaks < 0.04).sum()
    view.reload()
    maps.get_by_role("button", name="reach").click()
    view.hover(4 * x + 2, 4 * y + 2)
    view.wait("/reach \\d+ cells/.test(document.querySelector('.readout').textContent)")
    view.wait("!document.querySelector('.legend').innerText.includes('so far')")
    cells = int(reach(g.row(torch.tensor([x]), torch.tensor([y]))[0])[0])
    assert f"reach {cells:,} cells" in view.text(".readout")


def test_a_leak_is_shown_gone_to_and_followed(view, run_folder):
    """Pointing at it shows it; a jump draws its boundary and where one is; it is found again in other rounds."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    ranked = [
        ranked_leaks(trace.rounds[t].affinity.propagator, torch.from_numpy(grid_labels(trace, t, "truth")), 40)
        for t in (2, 3)
    ]
    ends = [[(edge.source, edge.target) for edge in edges] for edges in ranked]
    kept, lost = (next(i for i, e in enumerate(ends[0]) if (e in ends[1]) == there) for there in (True, False))
    view.open("?img=chelsea&tab=leaks&stage=affinity&round=2")
    options, minimap = view.page.locator(".leak"), view.page.locator(".minimap")
    before = view.picture()
    options.nth(kept).hover()
    assert view.picture() != before
    assert minimap.is_hidden()
    options.nth(kept).click()
    assert "true border" in view.text(".legend")
    corner = minimap.bounding_box()
    view.page.mouse.click(corner["x"] + 0.75 * corner["width"], corner["y"] + corner["height"] / 2)
    assert (view.state("cx"), view.state("cy")) == pytest.approx((264, 132), abs=3)
    view.key("]")
    assert view.page.locator('.leak[aria-selected="true"] .rank').inner_text() == str(ends[1].index(ends[0][kept]) + 1)
    view.reload()
    assert view.page.locator('.leak[aria-selected="true"] .rank').inner_text() == str(ends[1].index(ends[0][kept]) + 1)
    view.key("[")
    options.nth(lost).click()
    view.key("]")
    assert view.page.locator('.leak[aria-selected="true"]').count() == 0
    assert view.text(".leak-about").startswith("This edge is not among the 40 largest leaks of round 3.")


def test_leaks_where_there_are_no_edges_to_rank(view, walk_file):
    trace = Trace.load(walk_file)
    view.open("?run=traces&tab=leaks&stage=refined")
    view.wait("/%/.test(document.querySelector('.leak-head b').textContent)")
    labels = torch.from_numpy(grid_labels(trace, 1, "labels"))
    rate = leak_rate(trace.rounds[1].affinity.propagator, labels)
    assert percent(view.text(".leak-head b")) == pytest.approx(rate, abs=6e-4)
    assert "not ranked" in view.text(".leak-about")
    assert view.page.locator(".leak").count() == 0
    assert view.page.get_by_role("button", name="true boundary").is_disabled()


def test_the_tab_of_what_if(view, run_folder):
    """Unedited, its figures are the trace's own; a wall and a label change them; undo and reset bring them back."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    view.open("?img=chelsea&tab=whatif&stage=refined&round=2")
    assert "only training can tell" in view.text(".whatif")
    before = view.text(".paint-answer")
    assert before.startswith("0 pixels changed")
    view.page.mouse.move(*view.point(60, 80))
    view.page.mouse.down()
    view.page.mouse.move(*view.point(280, 90), steps=8)
    view.page.mouse.up()
    view.wait("!document.querySelector('.paint-answer').innerText.startsWith('0 ')")
    w, h = trace.meta["grid"]
    wall = np.array(view.page.evaluate("[...__iaff.edits.wall]")).reshape(h, w) == 1
    assert wall.any(0).sum() > 50
    r = trace.rounds[2]
    alpha = Scan(torch.from_numpy(cut(r.affinity.gates, wall))[None]).propagate(torch.from_numpy(r.alpha_u)[None])[0]
    labels = to_photo(alpha, 264, 352).argmax(0).numpy()
    old = to_photo(torch.from_numpy(r.alpha_p), 264, 352).argmax(0).numpy()
    text = view.text(".paint-answer")
    assert abs(int(text.split()[0].replace(",", "")) - (labels != old).sum()) <= 3
    assert f"{(labels == 1).mean():.1%}".replace("%", " %") in text
    view.page.get_by_role("button", name="Undo").click()
    view.wait("document.querySelector('.paint-answer').innerText.startsWith('0 ')")
    assert view.text(".paint-answer") == before
    view.page.get_by_role("button", name="label", exact=True).click()
    view.page.locator(".paint-classes button", has_text="cat").click()
    view.page.get_by_label("Width of the brush in cells").fill("4")
    view.page.mouse.move(*view.point(20, 20))
    view.page.mouse.down()
    view.page.mouse.move(*view.point(60, 20))
    view.page.mouse.up()
    assert view.page.evaluate("__iaff.edits.label.filter((k) => k === 1).length") > 30
    view.page.get_by_label("Passes of the scan").fill("3")
    assert view.state("passes") == 3
    view.page.get_by_role("button", name="Reset").click()
    view.wait("document.querySelector('.paint-answer').innerText.startsWith('0 ')")
    assert view.text(".paint-answer") == before
    assert view.state("passes") is None


@pytest.mark.skipif(not (SHIPPED / "traces" / "yard.safetensors").exists(), reason="no shipped photo of the yard")
@pytest.mark.slow
def test_what_if_starts_from_the_traces_own_figures(view):
    trace = Trace.load(SHIPPED / "traces" / "yard.safetensors")
    for t, r in trace.rounds.items():
        view.open(f"?run=animals&img=yard&tab=whatif&stage=refined&round={t}")
        last = view.text(".paint-answer tr >> nth=-1")
        assert last.startswith("mIoU")
        assert percent(last) == pytest.approx(r.figures["refined"]["miou"], abs=6e-4)


def test_labels_but_no_walls_on_a_random_walk(view):
    """Of a link with both, the label stays; its map comes when all steps are walked."""
    view.open("?run=traces&tab=whatif&stage=refined&paint=wall-3.3_class1-5.5.4.4")
    assert "Walls are not offered" in view.text(".whatif")
    assert view.state("paint") == "class1-5.5.4.4"
    view.wait("document.querySelector('.paint-answer').textContent.includes('pixels changed')")
    assert view.page.evaluate("__iaff.trace !== __iaff.origin")
    assert view.page.evaluate("__iaff.trace.affinity(1) === __iaff.origin.affinity(1)")
    view.page.evaluate("__iaff.edits.reset()")
    view.page.evaluate("__iaff.edits.stroke(0, 50, 'wall')")
    assert view.page.evaluate("__iaff.edits.empty")


COMPASS = """async ([modules, bytes, p]) => {
  const { Trace } = await import(`${modules}/trace/trace.js`), { compass } = await import(`${modules}/draw/compass.js`);
  const trace = await Trace.parse(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer);
  const g = trace.affinity(1), made = compass(g, 0);
  made.update(g, p);
  const start = performance.now();
  for (let i = 0; i < 200; i++) made.update(g, p);
  const ms = (performance.now() - start) / 200, read = (css, name) =>
    [...made.node.querySelectorAll(css)].map((node) => node.getAttribute(name));
  const said = made.node.getAttribute("aria-label");
  return { ms, gates: read(".gate", "transform"), kept: read(".kept", "fill-opacity"), said };
}"""


def test_the_compass_shows_the_gates(view, run_folder, timing):
    path = run_folder / "traces" / "chelsea.safetensors"
    gates = Trace.load(path).rounds[1].affinity.gates[:, :, 30, 40]
    bytes_of = base64.b64encode(path.read_bytes()).decode()
    got = view.page.evaluate(COMPASS, [view.open_empty(), bytes_of, 30 * 88 + 40])
    widths = np.array([float(text[len("scale(1 ") : -1]) for text in got["gates"]]).reshape(4, 3)
    np.testing.assert_allclose(widths, 8 * np.where(gates < 0.004, 0, gates), atol=0.01)
    np.testing.assert_allclose(np.array(got["kept"], float), 1 - gates.sum(1), atol=0.01)
    assert f"From above: gates {', '.join(f'{v:.2f}' for v in gates[2])}; keeps" in got["said"]
    timing(f"compass: {got['ms']:.3f} ms (aim 1)")
    assert not TIMED or got["ms"] < 3 * 1
