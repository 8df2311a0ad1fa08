"""The charts per round: the run's figures, this photo's beside them, and those of a run that is compared."""

import pytest

from iaff.run import Run
from iaff.trace import Trace
from tests.ui.places import SHIPPED

FIRST = "document.querySelector('.iaff-charts .plot')"
DATA = f"{FIRST}.data.filter(d => d.mode === 'lines+markers').map(d => [d.name, d.line.dash, [...d.y]])"
UNARY, REFINED = [50.6, 53.0, 54.8], [53.7, 55.3, 57.2]  # of the made-up run


@pytest.fixture
def charts(view):
    """``charts(query)`` opens the page and waits until the charts are drawn and in sight."""

    def open_charts(query: str = ""):
        view.open(query)
        view.page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
        view.page.evaluate("document.querySelector('.iaff-charts').scrollIntoView()")
        view.wait("document.querySelector('.iaff-charts').__charts.near")
        return view

    return open_charts


def drawn(view, *dashes: str) -> dict[tuple[str, str], list[float]]:
    """Lines of the first chart by (name, dash), once just these dashes are there."""
    expected = sorted(dashes)
    view.wait(
        f"JSON.stringify([...new Set({FIRST}.data.filter(d => d.mode === 'lines+markers')"
        f".map(d => d.line.dash))].sort()) === JSON.stringify({expected})"
    )
    return {(name, dash): y for name, dash, y in view.page.evaluate(DATA)}


def of_photo(run_folder, name: str) -> list[float]:
    rounds = Trace.load(run_folder / "traces" / f"{name}.safetensors").meta["rounds"]
    return [100 * r["figures"]["refined"]["miou"] for r in rounds]


def test_charts_show_the_figures_and_choose_the_round(charts):
    view = charts("?stage=unary")
    assert "tune split, 300 photos" in view.text(".source")
    assert view.page.locator(".iaff-charts .charts figure").count() == 8
    assert drawn(view, "solid", "dash")["unary", "solid"] == pytest.approx(UNARY)
    before = view.page.evaluate("getComputedStyle(document.querySelector('.iaff-charts .plot'), '::before').left")
    view.page.evaluate(f"{FIRST}.emit('plotly_click', {{points: [{{x: 2.9}}]}})")
    assert (view.state("round"), view.state("stage")) == (3, "unary")
    after = view.page.evaluate("getComputedStyle(document.querySelector('.iaff-charts .plot'), '::before').left")
    assert float(after[:-2]) > float(before[:-2]), "the mark goes along"


def test_the_mark_lies_on_the_round(charts):
    view = charts("?stage=unary&round=2")
    mark, point = view.page.evaluate(
        """(() => {
          const plot = document.querySelector(".iaff-charts .plot"), style = getComputedStyle(plot, "::before");
          const point = plot.querySelectorAll(".points path")[1].getBoundingClientRect();
          const middle = parseFloat(style.left) + parseFloat(style.width) / 2;
          return [middle, point.x + point.width / 2 - plot.getBoundingClientRect().x];
        })()"""
    )
    assert mark == pytest.approx(point, abs=1.5)


def test_this_photos_figures_stand_beside_the_runs(charts, run_folder):
    view = charts("?stage=unary")
    lines = drawn(view, "solid", "dash")
    assert lines["refined", "solid"] == pytest.approx(REFINED)
    assert lines["refined", "dash"] == pytest.approx(of_photo(run_folder, "chelsea"))
    view.page.click(".iaff-charts .choice button:has-text('this photo')")
    assert set(drawn(view, "dash")) == {("unary", "dash"), ("refined", "dash")}
    view.key(".")
    view.wait("__iaff.trace.meta.name === 'astronaut'")
    expected = of_photo(run_folder, "astronaut")
    view.wait(f"Math.abs({FIRST}.data[1].y[0] - {expected[0]}) < 1e-6")
    assert drawn(view, "dash")["refined", "dash"] == pytest.approx(expected)
    view.page.click(".iaff-charts .choice button:has-text('run')")
    assert drawn(view, "solid")["refined", "solid"] == pytest.approx(REFINED)


def test_a_run_in_another_pane_is_drawn_too(charts):
    view = charts("?stage=unary&panes=2&p2=...animals")
    shipped = Run.load(SHIPPED).figures()["rounds"]
    found = drawn(view, "solid", "dash", "dot")["refined", "dot"]
    assert found == pytest.approx([100 * r["refined"]["miou_tags"] for r in shipped])
    assert "run animals" in view.text(".iaff-charts .sources")
    view.page.evaluate("__iaff.store.set({ p2: null })")
    drawn(view, "solid", "dash")
    assert "animals" not in view.text(".iaff-charts .sources")


def test_one_class_and_the_propagators(charts):
    """The class of the view's filter stands in place of the mean, here and in the link; a split's propagators below."""
    view = charts("?run=animals&img=cow&stage=refined&figs=run&cls=cow")
    shipped = Run.load(SHIPPED).figures()["rounds"]
    iou = [100 * r["refined"]["iou_tags"]["cow"] for r in shipped]
    assert drawn(view, "solid")["refined", "solid"] == pytest.approx(iou)
    assert view.text(".iaff-charts figcaption >> nth=0").startswith("IoU of cow")
    assert view.page.locator(".iaff-charts .tables figure").count() == 1  # of tune
    view.page.locator(".iaff-charts .choice select").select_option("sheep")
    view.wait("location.search.includes('cls=sheep')")
    view.wait("document.querySelector('.iaff-charts figcaption').textContent.startsWith('IoU of sheep')")
    view.page.locator(".iaff-charts .choice select").select_option("")
    view.wait("document.querySelector('.iaff-charts figcaption').textContent.startsWith('Quality of the labels')")
    assert view.state("cls") is None

    view.page.evaluate("__iaff.store.set({ run: 'synthetic', img: null })")
    view.page.wait_for_selector(".iaff-charts .tables table")
    assert view.page.locator(".iaff-charts .choice select").is_hidden(), "its figures are of no class"
    cells = "[...document.querySelectorAll('.tables tr')].map((row) => [...row.children].map((one) => one.textContent))"
    assert view.page.evaluate(cells) == [
        ["", "no tags", "proposed tags", "with tags", "ms a photo"],
        ["none (alpha^u)", "50.0", "52.0", "54.8", "0"],
        ["the run's own affinity", "53.0", "51.0", "57.2", "20"],
    ]
    assert view.page.locator(".tables .best").all_text_contents() == ["52.0", "53.0", "57.2"]
    assert "val split, 1,200 photos" in view.text(".tables figcaption")


def test_a_run_that_grows(charts):
    view = charts("?stage=unary&round=2")
    view.page.evaluate(
        """(() => {
          const charts = document.querySelector(".iaff-charts").__charts, ask = charts.client.server.figures;
          charts.client.server = { figures: async (request) => {
            const answer = await ask(request), last = answer.figures.rounds.at(-1);
            answer.figures.rounds.push({ ...last, round: 4, refined: { miou_tags: 0.6 } });
            return answer;
          }};
          __iaff.current.grown.send();
        })()"""
    )
    view.wait(f"{FIRST}.data[1].y.length === 4")
    assert drawn(view, "solid", "dash")["refined", "solid"] == pytest.approx([*REFINED, 60])
    assert "4 rounds" in view.text(".source")
