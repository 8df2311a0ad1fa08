"""Real events on the explorer's page, and the figures that come of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .browser import App

PAUSE = 25  # ms between events

Values = dict[str, dict[str, Any]]  # by figure: unit, aim (or None) and all values


def value(unit: str, aim: float | None, values: list[float]) -> dict[str, Any]:
    """One figure, as the JSON has it."""
    shares = {f"p{q}": float(np.percentile(values, q)) for q in (50, 90)} if values else {}
    return {"unit": unit, "aim": aim, **shares, "count": len(values), "values": [round(v, 3) for v in values]}


def open_page(page, app: App, query: str) -> None:
    """The page, once its charts are drawn as well: their script is loaded in the background."""
    page.goto(f"{app.url}?{query}")
    page.wait_for_selector(".iaff[data-ready]", timeout=30000)
    page.wait_for_selector(".iaff-charts[data-ready]", timeout=30000)


def places(page, count: int) -> Iterator[tuple[float, float]]:
    """Positions all over the panes, in turn."""
    panes = page.locator(".frame .over")
    boxes = [panes.nth(i).bounding_box() for i in range(panes.count())]
    for i in range(count):
        box = boxes[i % len(boxes)]
        yield box["x"] + 1 + (i * 37.7) % (box["width"] - 2), box["y"] + 1 + (i * 53.3) % (box["height"] - 2)


def watch(page, kind: str) -> None:
    """From now on, events of that kind are samples."""
    page.evaluate("(kind) => __probe.take(kind)", kind)


def events(page, until: str) -> tuple[list[float], list[float]]:
    """ms from each event's hand-over to ``until`` ("drawn" or "shown"), and how long it had waited for that."""
    samples = [s for s in page.evaluate("__probe.take('')") if s["drawn"]]
    ends = [max(s["drawn"], s[until]) - s["start"] for s in samples]
    return ends, [s["start"] - s["stamp"] for s in samples]
