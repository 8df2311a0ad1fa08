"""What programs ask of runs and their traces. Plain numbers and texts come back; every argument is checked.

The first line of a docstring and its "Args" (one line each) are what clients read. Torch is imported by the questions
that propagate (query, leaks, compare, and labels of the stages unary and refined), at the first of them.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from iaff.errors import UserError
from iaff.explorer.server.answers import checked, within
from iaff.explorer.server.requests import (
    CompareRequest,
    LabelsRequest,
    LeaksRequest,
    Mode,
    QueryRequest,
    RunRequest,
    Stage,
    TraceRequest,
)
from iaff.explorer.server.runs import listing, named, run_of
from iaff.explorer.server.torch_start import start_torch
from iaff.grid import centre
from iaff.run import Run
from iaff.trace import Round, Trace
from iaff.trace.encoding import palette_png

STRONGEST = 10  # cells of an answer that are listed
SCANS = ("right", "left", "down", "up")  # where the scan goes, in the order of the gates


class RunAbout(TypedDict):
    """A run of the explorer."""

    name: str
    classes: list[str]
    rounds: int
    photos: int
    explains: bool


class PhotoAbout(TypedDict):
    """A photo that the run has a trace of."""

    name: str
    title: str
    tags: list[str]


class Cell(TypedDict):
    """A cell of the affinity grid, by the image pixel at its centre."""

    x: int
    y: int
    weight: float | None


class QueryAnswer(TypedDict):
    """A row or column of the affinity, in numbers."""

    mass: float | None
    reach: int
    cells: int
    classes: dict[str, float | None]
    strongest: list[Cell]


class LeakAbout(TypedDict):
    """An edge over which another label comes in; image pixels at the centres of its two cells."""

    x: int
    y: int
    label: str
    from_x: int
    from_y: int
    from_label: str
    scan: str
    gate: float | None
    flow: float | None


class LeaksAnswer(TypedDict):
    """The leaks of a round, largest first."""

    boundary: str
    rate: float | None
    leaks: list[LeakAbout]


class Changes(TypedDict):
    """Pixels whose label differs."""

    gained: int
    lost: int
    flipped: int
    pixels: int


class Queries:
    """The questions to the explorer's runs."""

    def __init__(self, runs: list[Run]):
        self.by_name = named(runs)

    def runs(self) -> list[RunAbout]:
        """The runs that the explorer has open.

        Returns:
            of each: its name, its classes (background first), the number of its finished rounds, of its photos, and whether it explains own photos.
        """  # noqa: E501  (a client reads each entry from one line)
        answer = []
        for about in listing(list(self.by_name.values())):
            run = self.by_name[about["name"]]
            try:
                rounds, photos = len(run.figures()["rounds"]), len(run.traces())
            except UserError:  # damaged while it is open: who asks for its figures is told; the others are still there
                rounds = photos = 0
            answer.append(
                RunAbout(
                    name=about["name"],
                    classes=about["classes"],
                    rounds=rounds,
                    photos=photos,
                    explains=about["explains"],
                )
            )
        return answer

    def photos(self, run: str) -> list[PhotoAbout]:
        """The photos that a run has traces of.

        Args:
            run: name of a run, see runs.

        Returns:
            of each: name (what the other questions call photo), title and tags.
        """
        return [
            PhotoAbout(name=entry["name"], title=entry.get("title") or entry["name"], tags=entry.get("tags") or [])
            for entry in self._run(checked(RunRequest, {"run": run})).traces()
        ]

    def figures(self, run: str) -> dict[str, Any]:
        """What was measured of a run after each of its rounds, over its photos.

        Args:
            run: name of a run, see runs.

        Returns:
            its figures.json: mIoU, precision, coverage, leak and the like are shares 0..1, reach is in grid cells.
        """
        return plain(self._run(checked(RunRequest, {"run": run})).figures())

    def query(self, run: str, photo: str, round: int, x: int, y: int, mode: Mode = "row") -> QueryAnswer:
        """Asks the affinity of a round about one pixel: who decides it (row), or where its label goes (column).

        Args:
            run: name of a run, see runs.
            photo: name of one of its photos, see photos.
            round: from 1.
            x: column of the pixel, image px, from 0 at the left.
            y: row of the pixel, image px, from 0 at the top.
            mode: row or column of the affinity.

        Returns:
            mass: sum of the row (1) or column.
            reach: the fewest grid cells that hold 90 % of the mass, of so many cells.
            classes: share 0..1 of each class in the row (by the unary map) or column (by the refined map).
            strongest: the cells of largest weight, by the image pixel at their centre.
        """
        place = {"run": run, "photo": photo, "round": round, "x": x, "y": y, "mode": mode}
        request = checked(QueryRequest, place)
        start_torch()
        asked = self._round(request, request.round)
        width, height = asked.trace.meta["size"]
        x, y = within("x", request.x, 0, width - 1), within("y", request.y, 0, height - 1)
        values, alpha = (
            (asked.affinity.row(x, y), asked.alpha_u) if mode == "row" else (asked.affinity.column(x, y), asked.alpha_p)
        )
        import torch

        from iaff.propagation import reach

        mass = float(values.sum())
        shares = (alpha * values).sum((1, 2)) / max(mass, 1e-12)
        return QueryAnswer(
            mass=number(mass),
            reach=int(reach(torch.from_numpy(values))),
            cells=values.size,
            classes={name: number(share) for name, share in zip(asked.trace.classes, shares, strict=True)},
            strongest=strongest(values, asked.trace),
        )

    def leaks(self, run: str, photo: str, round: int, most: int = 10) -> LeaksAnswer:
        """Where the affinity lets other labels in: over the true boundary, without truth over the refined map's.

        Args:
            run: name of a run, see runs.
            photo: name of one of its photos, see photos.
            round: from 1.
            most: how many edges to list, 1 to 200; there are none for a random walk, whose labels take no single edge.

        Returns:
            boundary: truth or labels.
            rate: mean share 0..1 of a cell's decision that other labels make.
            leaks: edges, most flow first: the pixel and its label, where the other label comes from, the direction of the scan, its gate 0..1, and the label mass that flows.
        """  # noqa: E501
        request = checked(LeaksRequest, {"run": run, "photo": photo, "round": round, "most": most})
        start_torch()
        asked = self._round(request, request.round)
        import torch

        from iaff.method.superpixels import on_grid
        from iaff.propagation import Scan, leak_rate, ranked_leaks

        truth, g = asked.trace.labels("truth"), asked.affinity.propagator
        ids = np.array(asked.trace.meta["class_ids"], np.uint8)
        labels = torch.from_numpy(ids[asked.alpha_p.argmax(0)] if truth is None else truth.copy())
        labels = labels if truth is None else on_grid(labels, asked.trace.stride)
        ranked = ranked_leaks(g, labels, request.most) if isinstance(g, Scan) else []
        names = self._names(request, asked.trace)
        leaks = []
        for leak in ranked:
            (x, y), (u, v) = leak.target, leak.source
            here, there = pixel(x, y, asked.trace), pixel(u, v, asked.trace)
            leaks.append(
                LeakAbout(
                    x=here["x"],
                    y=here["y"],
                    label=names(int(labels[y, x])),
                    from_x=there["x"],
                    from_y=there["y"],
                    from_label=names(int(labels[v, u])),
                    scan=SCANS[leak.direction],
                    gate=number(leak.gate),
                    flow=number(leak.flow),
                )
            )
        boundary = "labels" if truth is None else "truth"
        return LeaksAnswer(boundary=boundary, rate=number(leak_rate(g, labels)), leaks=leaks)

    def compare(self, run: str, photo: str, round_a: int, round_b: int) -> Changes:
        """What the refined labels of a photo gained and lost from the earlier of two rounds to the later.

        Args:
            run: name of a run, see runs.
            photo: name of one of its photos, see photos.
            round_a: one round, from 1.
            round_b: the other, from 1; which of them comes first in the call does not matter.

        Returns:
            image pixels that became an object (gained), became background (lost), or another object (flipped), of so many pixels.
        """  # noqa: E501
        request = checked(CompareRequest, {"run": run, "photo": photo, "round_a": round_a, "round_b": round_b})
        keys = sorted(("round_a", "round_b"), key=lambda key: getattr(request, key))
        before, now = (label_map(self._round(request, getattr(request, key), key), "refined") for key in keys)
        was, is_now = before > 0, now > 0
        return Changes(
            gained=int((is_now & ~was).sum()),
            lost=int((was & ~is_now).sum()),
            flipped=int((was & is_now & (before != now)).sum()),
            pixels=now.size,
        )

    def trace_file(self, run: str, photo: str) -> Path:
        """Where the trace of one of a run's photos lies."""
        return self._trace_file(checked(TraceRequest, {"run": run, "photo": photo}))

    def label_png(self, run: str, photo: str, round: int, stage: Stage) -> bytes:
        """A label map as a palette PNG of the photo's size: class ids, 255 unknown or void."""
        request = checked(LabelsRequest, {"run": run, "photo": photo, "round": round, "stage": stage})
        return palette_png(label_map(self._round(request, request.round), request.stage))

    def _run(self, request: RunRequest) -> Run:
        return run_of(request.run, self.by_name)

    def _trace_file(self, request: TraceRequest) -> Path:
        path = self._run(request).trace_path(request.photo)
        if not path.is_file():
            raise UserError(f"The trace of {request.photo!r} is not there (any more). Ask photos again.")
        return path

    def _round(self, request: TraceRequest, t: int, key: str = "round") -> Round:
        path = self._trace_file(request)
        stamp = path.stat().st_mtime_ns
        rounds = len(_trace(path, stamp).meta["rounds"])
        if not rounds:
            raise UserError(f"The trace of {request.photo!r} has no round yet; ask again when the run has trained one.")
        return _round(path, stamp, within(key, t, 1, rounds))

    def _names(self, request: RunRequest, trace: Trace):
        """Class id -> name: the trace's own classes, else the run's (truth may show classes that are no tag)."""
        own, all_classes = dict(zip(trace.meta["class_ids"], trace.classes, strict=True)), self._run(request).classes
        return lambda i: own.get(i) or (all_classes[i] if i < len(all_classes) else f"class {i}")


@lru_cache(maxsize=4)
def _trace(path: Path, stamp: int) -> Trace:
    return Trace.load(path)


@lru_cache(maxsize=8)
def _round(path: Path, stamp: int, t: int) -> Round:
    """Kept, so that the next question need not propagate again; ``stamp`` changes when the file is written."""
    return _trace(path, stamp).rounds[t]


def label_map(asked: Round, stage: Stage) -> np.ndarray:
    """Class ids ``uint8 (H, W)`` of a stage at the photo's size, 255 unknown or void; UserError without one."""
    trace = asked.trace
    width, height = trace.meta["size"]
    if stage in ("unary", "refined"):
        start_torch()
        import torch

        from iaff.method.metrics import to_photo

        alpha = asked.alpha_u if stage == "unary" else asked.alpha_p
        ids = np.array(trace.meta["class_ids"], np.uint8)
        return ids[to_photo(torch.from_numpy(alpha), height, width, trace.stride).argmax(0).numpy()]
    labels = asked.confident if stage == "confident" else trace.labels(stage)
    if labels is None:
        raise UserError(f"Got stage = {stage!r}, which this trace lacks; unary and refined are always there.")
    if stage == "truth":
        return labels
    return labels.repeat(trace.stride, 0).repeat(trace.stride, 1)[:height, :width]


def strongest(values: np.ndarray, trace: Trace) -> list[Cell]:
    """The cells of largest value of a map ``(h, w)``, largest first; none of value 0."""
    best = np.argsort(-values, axis=None, kind="stable")[:STRONGEST]
    rows, columns = np.unravel_index(best, values.shape)
    return [
        Cell(**pixel(int(c), int(r), trace), weight=number(float(values[r, c])))
        for r, c in zip(rows, columns, strict=True)
        if values[r, c] > 0
    ]


def pixel(column: int, row: int, trace: Trace) -> dict[str, int]:
    """The image pixel at the centre of a grid cell, by its keys."""
    width, height = trace.meta["size"]
    x, y = centre(row, column, height, width, trace.stride)
    return {"x": int(x), "y": int(y)}


def number(value: float) -> float | None:
    """Six decimals; None for what JSON has no number for."""
    return round(float(value), 6) if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """A JSON document with None in place of NaN and infinity."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
