"""Times the explorer: ``python -m training.bench.explorer [--run DIR] [--json FILE] [--switches N]``.

Starts ``iaff`` and drives headless Chromium with real mouse and key events. What is timed: ``README.md`` beside this.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from iaff.errors import UserError
from iaff.places import GALLERY, SHIPPED, expanded
from iaff.run import Run

from ..storage import first_line
from .browser import App, Session, chromium, heap, running_app
from .events import PAUSE, Values, events, open_page, places, value, watch
from .measure import machine
from .sparse import sparse

STARTS = 3
WHILE = 10  # s from the first picture to the first photo of the user's
MOVES = 200  # of the mouse, for each figure
STEP = 100  # image switches between two looks at the memory
PROPAGATORS = {  # name, linear
    "walk": ("random walk", True),
    "pamr": ("PAMR", True),
    "similarity": ("similarity", True),
    "crf": ("dense CRF", False),
}


def starts(runs: list[Path], session: Session) -> Values:
    """From nothing to the first picture; Chromium itself is running already."""
    whole, page_alone = [], []
    for _ in range(STARTS):
        with running_app(runs) as app, session.page() as page:
            answered = time.time()
            page.goto(app.url)
            page.wait_for_selector(".iaff[data-ready]", timeout=60000)
            shown = page.evaluate(
                "(performance.timeOrigin + performance.getEntriesByName('iaff-first-picture')[0].startTime) / 1000"
            )
            whole.append(shown - app.start)
            page_alone.append(shown - answered)
    return {
        "process start -> first picture": value("s", 8, whole),
        "server answers -> first picture": value("s", 3, page_alone),
    }


def own_photos(run: Path, session: Session) -> Values:
    """Two photos of the user's: chosen -> its last round is shown. The first when the page has been open for a while,
    in which the server has made PyTorch ready."""
    first, second = [], []
    for _ in range(STARTS):
        with running_app([run]) as app, session.page() as page:
            page.goto(app.url)
            page.wait_for_selector(".iaff[data-ready]", timeout=60000)
            page.wait_for_timeout(WHILE * 1000)
            for times, photo in ((first, "cow.jpg"), (second, "pasture.jpg")):
                start = time.perf_counter()
                page.set_input_files("input[type=file]", GALLERY / photo)
                page.wait_for_function(
                    "(name) => __iaff.origin && __iaff.userPhotos.find(__iaff.current.name)?.name === name", arg=photo
                )
                times.append(time.perf_counter() - start)
    return {
        f"own photo, the first, {WHILE} s after the page": value("s", 2.5, first),
        "own photo, the next": value("s", None, second),
    }


def hover(page, app: App, name: str, aim: float, query: str, panes: int = 1) -> Values:
    """Mouse moved over the photo: event -> last draw call."""
    open_page(page, app, query)
    if (found := page.locator(".frame .over").count()) != panes:
        raise UserError(f"{name}: got {found} panes, expected {panes}; does the link ?{query} still mean them?")
    watch(page, "pointermove")
    for x, y in places(page, MOVES):
        page.mouse.move(x, y)
        page.wait_for_timeout(PAUSE)
    handled, waits = events(page, "drawn")
    return {
        f"hover, {name}": value("ms", aim, handled),
        f"hover, {name}: wait for the event before that": value("ms", None, waits),
    }


def switches(page, app: App, rounds: int) -> Values:
    """Keys pressed with the mouse over the photo: event -> shown, with all that the page around it has to do."""

    def press(keys: list[str]) -> list[float]:
        watch(page, "keydown")
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(4 * PAUSE)
        return events(page, "shown")[0]

    open_page(page, app, "stage=unary&round=1")
    page.mouse.move(*next(places(page, 1)))
    there_and_back = ["]"] * (rounds - 1) + ["["] * (rounds - 1)
    by_round, by_layer = [], []
    for stage in "45678":
        press([stage])
        by_round += press(there_and_back * 2)
    for _ in range(rounds):
        by_layer += press(list("12345678"))
        press(["]"])
    return {"round switch": value("ms", 50, by_round), "layer switch": value("ms", 50, by_layer)}


def server(page, app: App, photos: int) -> Values:
    """Another propagator for each photo: change -> what it answered is drawn. PyTorch has been made ready by then."""
    open_page(page, app, "stage=refined&round=1")
    figures = {"server parameter, the first": value("ms", None, ask(page, "walk", "last"))}
    for stage, which, says in (("affinity", "first", "first steps"), ("refined", "last", "refined map")):
        open_page(page, app, f"stage={stage}&round=1")
        times = {by: [] for by, (_, linear) in PROPAGATORS.items() if linear or stage == "refined"}
        for _ in range(photos):
            next_photo(page)
            for by, values in times.items():
                values += ask(page, by, which)
        for by, values in times.items():
            name, linear = PROPAGATORS[by]
            walks_on = linear and stage == "refined"  # in a worker, after the answer is there
            figures[f"server parameter, {name}: {says}"] = value("ms", None if walks_on else 150, values)
    return figures


def ask(page, by: str, which: str) -> list[float]:
    """ms until that propagator's "first" or "last" drawing; nothing where the server said no (the CRF is optional)."""
    times = []
    if page.evaluate("(by) => __probe.ask(by)", by):
        page.wait_for_function("(which) => __probe.answered(which) !== null", arg=which)
        if which == "last":
            page.wait_for_function("__iaff.trace !== __iaff.origin && __iaff.trace.refined(__iaff.state.round)")
        page.wait_for_timeout(2 * PAUSE)
        times.append(page.evaluate("(which) => __probe.answered(which)", which))
    page.evaluate("__iaff.store.set({ by: null })")
    return times


def next_photo(page) -> None:
    """Chooses the next photo and waits until it is drawn."""
    page.keyboard.press(".")
    page.wait_for_function("__iaff.trace && __iaff.trace.meta.name === __iaff.state.img")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def photos(page, app: App, session: Session, count: int) -> tuple[Values, list[dict[str, float]]]:
    """Image switches with the mouse over the photo, and the memory of the page as they go on."""
    open_page(page, app, "stage=affinity&round=1")
    page.mouse.move(*next(places(page, 1)))
    times, memory = [], [{"switches": 0, **heap(page, session)}]
    while (done := memory[-1]["switches"]) < count:
        watch(page, "keydown")
        for _ in range(min(STEP, count - done)):
            next_photo(page)
        times += events(page, "shown")[0]
        memory.append({"switches": min(done + STEP, count), **heap(page, session)})
    return {"image switch": value("ms", 300, times)}, memory


def slope(memory: list[dict[str, float]], key: str) -> float | None:
    """MB per 100 image switches, by least squares, once the caches are full (from the second look on)."""
    steady = memory[1:]
    if len(steady) < 2:
        return None
    return 100 * float(np.polyfit([m["switches"] for m in steady], [m[key] for m in steady], 1)[0])


def measure(folder: Path, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures of one run's explorer."""
    run = Run.load(folder)
    last = min((len(run.figures()["rounds"]) or 1), run.finished_rounds() or 1)
    four = f"stage=affinity&round={last}&panes=4&p2=refined...&p3=affinity.1..&p4=refined.1.."
    with chromium() as session:
        say("starting the app")
        figures = starts([folder], session)
        if run.finished_rounds():
            say("taking in photos")
            figures |= own_photos(folder, session)
        with running_app([folder]) as app, session.page() as page:
            say("hovering")
            for stage in ("affinity", "refined"):
                figures |= hover(page, app, stage, 8, f"stage={stage}&round={last}")
            figures |= hover(page, app, "four panes", 16, four, panes=4)
            say("asking sparse affinities")
            with session.page() as fresh:  # the traces that are dropped on it stay among its photos
                figures |= sparse(fresh, app)
            say("switching rounds and layers")
            figures |= switches(page, app, last)
            say("asking the server")
            figures |= server(page, app, len(run.traces()))
            say(f"switching photos {count} times")
            switched, memory = photos(page, app, session, count)
        figures |= switched
        outside = session.outside
        about = machine() | {"chromium": session.version}
    return {
        "machine": about,
        "run": run.name,
        "figures": figures,
        "requests that leave the machine": outside,
        "memory": memory,
        "slopes": {key: slope(memory, key) for key in memory[0] if key != "switches"},
    }


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    lines = [", ".join(f"{k} {v}" for k, v in result["machine"].items()), ""]
    lines += ["| | aim (p90) | p50 | p90 | samples |", "|---|---|---|---|---|"]
    for name, f in result["figures"].items():
        aim = f"{f['aim']} {f['unit']}" if f["aim"] else ""
        shares = [f"{f[q]:.1f} {f['unit']}" if q in f else "not measured" for q in ("p50", "p90")]
        lines.append(f"| {name} | {aim} | {' | '.join(shares)} | {f['count']} |")
    lines.append(f"| requests that leave the machine | 0 | {len(result['requests that leave the machine'])} | | |")
    keys = list(result["slopes"])
    lines += ["", f"| after image switches | {' | '.join(keys)} |", "|---" * (len(keys) + 1) + "|"]
    lines += [f"| {m['switches']} | {' | '.join(f'{m[key]:.1f}' for key in keys)} |" for m in result["memory"]]
    slopes = ["too few" if (s := result["slopes"][key]) is None else f"{s:+.2f}" for key in keys]
    return "\n".join([*lines, f"| slope per 100 | {' | '.join(slopes)} |"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.bench.explorer", description=first_line(__doc__))
    parser.add_argument(
        "--run", type=expanded, default=SHIPPED, help="the run that is shown (default: the shipped one)"
    )
    parser.add_argument("--json", type=expanded, help="write all values here")
    parser.add_argument("--switches", type=int, default=500, help="image switches, for time and memory")
    arguments = parser.parse_args()
    try:
        result = measure(arguments.run, arguments.switches, lambda text: print(f"... {text}", file=sys.stderr))
    except UserError as error:
        sys.exit(f"training.bench.explorer: {error}")
    print(table(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result) + "\n", "utf-8")


if __name__ == "__main__":
    main()
