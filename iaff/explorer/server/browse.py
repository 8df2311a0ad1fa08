"""The photos of a run's data set: ``browse``, ``photo_thumb``, ``open_photo``.

Figures come from the run's ``images.csv``; pictures, tags and truth from the data set that it was trained on, or from
the run's traces where a photo has one. An id that is not in ``images.csv`` names nothing, so that no other file can be
read.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from iaff.config import Data
from iaff.data import Dataset, open_split
from iaff.errors import UserError
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.askers import asker
from iaff.explorer.server.jobs import JobQueue, Sample
from iaff.explorer.server.requests import BrowseRequest, OpenPhotoRequest, PhotoRequest
from iaff.explorer.server.runs import named, run_of
from iaff.run import Run
from iaff.trace.encoding import thumbnail

MOST_ROWS = 200  # at once
NO_WEIGHTS = "This run has no weights: photos of its data set cannot be computed. Choose a run that has kept them."


@dataclass(frozen=True)
class Table:
    """``images.csv``: rounds, photos, and figures ``float (rounds, photos)`` by name, NaN where there is none."""

    rounds: list[int]
    ids: list[str]
    figures: dict[str, np.ndarray]

    def index(self, name: str) -> int:
        """Where a photo stands; UserError where it does not."""
        try:
            return self.ids.index(name)
        except ValueError:
            raise UserError(f"This run has no photo {name[:80]!r}. Choose one of its list.") from None


def table_of(run: Run) -> Table:
    """The run's photos and their figures so far.

    Raises:
        UserError: there is no ``images.csv``, or it cannot be read.
    """
    path = run.inside("images.csv")
    try:
        about = path.stat()
    except OSError:
        raise UserError(
            f"The run {run.name} has no images.csv (yet). Expected the figures of its photos, which training writes "
            "after each round; wait for the first one."
        ) from None
    return _table(run.dir, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=4)
def _table(folder: Path, changed: int, size: int) -> Table:
    lines = Run(folder, {}).images()
    rounds = sorted({int(line["round"]) for line in lines})
    ids = list(dict.fromkeys(line["image"] for line in lines))
    names = [name for name in (lines[0] if lines else ()) if name not in ("round", "image")]
    figures = {name: np.full((len(rounds), len(ids)), np.nan) for name in names}
    row, column = {t: i for i, t in enumerate(rounds)}, {name: i for i, name in enumerate(ids)}
    for line in lines:
        at = row[int(line["round"])], column[line["image"]]
        for name in names:
            if line[name]:
                figures[name][at] = float(line[name])
    return Table(rounds, ids, figures)


@dataclass(frozen=True)
class Sort:
    """An order of the photos, by a figure: the first of ``columns`` that the run has (of two: their difference).

    With ``falls``, photos are ordered by how far the figure fell below its best earlier round.
    """

    label: str
    columns: dict[str, tuple[str, ...]]  # what the figure is called -> columns of images.csv
    largest: bool = False
    falls: bool = False

    def series(self, figures: dict[str, np.ndarray]) -> tuple[str, np.ndarray] | None:
        """The figure's name and its values ``(rounds, photos)``; None where the run has none."""
        for name, columns in self.columns.items():
            if all(column in figures for column in columns):
                first, *less = (figures[column] for column in columns)
                return name, first - less[0] if less else first
        return None


SORTS = {
    "changed": Sort("changed most", {"changed pixels": ("changed",)}, largest=True),
    "worse": Sort(
        "got worse",
        {"mIoU of the refined map": ("miou_refined",), "agreement of unary and refined map": ("agreement",)},
        falls=True,
    ),
    "agreement": Sort("lowest agreement", {"agreement of unary and refined map": ("agreement",)}),
    "coverage": Sort("lowest coverage", {"share of confident pixels": ("coverage",)}),
    "loss": Sort(
        "largest object loss",
        {"object share that the affinity took away": ("foreground_unary", "foreground_refined")},
        largest=True,
    ),
}


def sorts_of(table: Table, r: int) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
    """The orders that there are figures for in a round (by its index).

    Returns:
        by key: the figure's name, its ``series`` over the rounds, and the ``values (photos,)`` to sort by.
    """
    found = {}
    for key, sort in SORTS.items():
        known = sort.series(table.figures)
        if known is None or (sort.falls and r == 0):
            continue
        name, series = known
        values = series[r] - _best(series[:r]) if sort.falls else series[r]
        if np.isfinite(values).any():
            found[key] = f"{name} against its best round before" if sort.falls else name, series, values
    return found


def _best(series: np.ndarray) -> np.ndarray:
    """The largest of each column; NaN where a column has none."""
    best = np.where(np.isnan(series), -np.inf, series).max(0)
    return np.where(np.isfinite(best), best, np.nan)


class Photos:
    """The photos of a run's table, by id: from its data set, or from its own traces."""

    def __init__(self, run: Run):
        self.run = run
        self.traces = {entry["name"]: entry for entry in run.traces()}

    @property
    def source(self) -> "Source":
        """The data set.

        Raises:
            UserError: the run does not say which it is or where it lies, or it cannot be opened.
        """
        about = self.run.config.get("data")
        try:
            data = Data.model_validate(about)
        except ValidationError:
            raise UserError(
                f"The run {self.run.name} does not say which photos it was trained on: got data = {about!r} in its "
                "config.json. Restore the settings that training wrote."
            ) from None
        if data.kind != "shapes" and not data.root:
            raise UserError(
                f"The run {self.run.name} does not say where its photos lie: got no data.root, expected the folder "
                f"of its data set ({data.kind}). Start the explorer with --data DIR."
            )
        choice = self.run.config.get("seed", 0) if data.choice is None else data.choice
        source = _source(data.kind, data.root, data.train, data.classes, data.train_size, choice)
        if source.data.classes != self.run.classes:
            raise UserError(
                f"The data set has the classes {', '.join(source.data.classes[1:])}; expected those of the run "
                f"{self.run.name}: {', '.join(self.run.classes[1:])}. Start the explorer with the --data DIR of its "
                "training."
            )
        return source

    def missing(self, ids: list[str]) -> str | None:
        """Why some of these photos have no picture, or None."""
        if all(name in self.traces for name in ids):
            return None
        try:
            _ = self.source
        except UserError as error:
            return str(error)
        return None

    def tags(self, ids: list[str]) -> list[list[str] | None]:
        """The names of each photo's tags; None where they are not known."""
        known = {name: entry.get("tags") for name, entry in self.traces.items()}
        if self.missing(ids) is None and any(name not in known for name in ids):
            known = self.source.tags | known
        return [known.get(name) for name in ids]


@dataclass(frozen=True)
class Source:
    """An open data set, the places of its ids, and the names of each photo's tags."""

    data: Dataset
    places: dict[str, int]
    tags: dict[str, list[str]]

    def place(self, name: str) -> int:
        """Where a photo stands; UserError where it does not."""
        if name not in self.places:
            raise UserError(
                f"The data set has no photo {name[:80]!r}: got {len(self.places):,} others, expected those that the "
                "run was trained on. Start the explorer with the --data DIR of its training."
            )
        return self.places[name]

    def sample(self, name: str) -> Sample:
        """A photo with its tags, and its truth where the data set has any."""
        i = self.place(name)
        try:
            truth = self.data.mask(i)
        except UserError:
            truth = None
        return Sample(self.data.image(i), self.data.tags(i), truth)


@dataclass(frozen=True)
class DataSetPhoto:
    """A photo of a data set, for a job: decoded when its turn has come."""

    source: Source
    id: str

    def read(self) -> Sample:
        return self.source.sample(self.id)

    def release(self) -> None:
        """Nothing is held."""


@lru_cache(maxsize=4)
def _source(kind: str, root: str, split: str, classes: tuple[str, ...], size: int, seed: int) -> Source:
    data = open_split(kind, root, split, classes or None, size, seed)
    names = np.array(data.classes[1:])
    tags = {name: names[data.tags(i)].tolist() for i, name in enumerate(data.ids)}
    return Source(data, {name: i for i, name in enumerate(data.ids)}, tags)


def data_set(runs: list[Run], queue: JobQueue) -> list[Handler]:
    """The browser of the runs' photos: ``browse``, ``photo_thumb``, ``open_photo``."""
    by_name = named(runs)

    @answering(BrowseRequest)
    def browse(request: BrowseRequest) -> dict[str, Any]:
        return page(run_of(request.run, by_name), request)

    @answering(PhotoRequest)
    def photo_thumb(request: PhotoRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        table_of(run).index(request.id)
        source = Photos(run).source
        return {"thumb": thumbnail(source.data.image(source.place(request.id)))}

    @answering(OpenPhotoRequest)
    def open_photo(request: OpenPhotoRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        table_of(run).index(request.id)
        if not run.finished_rounds():
            raise UserError(NO_WEIGHTS)
        source = Photos(run).source
        source.place(request.id)  # one that it lacks is refused at once
        photo = DataSetPhoto(source, request.id)
        return {"job": queue.submit(run, photo, request.id, request.tags, asker()).token}

    return [browse, photo_thumb, open_photo]


def page(run: Run, request: BrowseRequest) -> dict[str, Any]:
    """One page of the run's photos, as ``browse`` answers it.

    Returns:
        ``rows``: ``id``, ``tags``, ``trace`` (the name of its trace in the run, if any), ``value`` (what it is sorted
        by), ``series`` (the figure over the rounds) and ``figures`` of the round; ``total``, ``rounds``, ``round``,
        ``sorts``, ``sort``, ``scale`` (the largest value or fall, to draw it), ``classes`` ([name, count]), ``opens``
        (whether photos without a trace can be opened), and ``missing``: why there are no pictures.
    """
    table, photos = table_of(run), Photos(run)
    if not table.ids:
        raise UserError(f"{run.dir / 'images.csv'} lists no photo. Wait for the first round, or restore it.")
    t = request.round if request.round in table.rounds else table.rounds[-1]
    r = table.rounds.index(t)
    sorts = sorts_of(table, r)
    key = request.sort if request.sort in sorts else next(iter(sorts), None)
    if key is None:
        raise UserError(f"{run.dir / 'images.csv'} has no figure to sort by in round {t}. Restore what training wrote.")
    _, series, values = sorts[key]
    order = np.argsort(-values if SORTS[key].largest else values, kind="stable")
    tags = photos.tags(table.ids)
    kept = [i for i in order.tolist() if _wanted(request, table.ids[i], tags[i])]
    offset, count = request.offset, MOST_ROWS if request.count is None else min(MOST_ROWS, request.count)
    return {
        "rows": [_row(table, photos, r, i, series, values, tags[i]) for i in kept[offset : offset + count]],
        "total": len(kept),
        "rounds": table.rounds,
        "round": t,
        "sorts": [
            {"key": k, "label": SORTS[k].label, "figure": name, "falls": SORTS[k].falls}
            for k, (name, _, _) in sorts.items()
        ],
        "sort": key,
        "scale": number(np.nanmax(-values if SORTS[key].falls else values)),
        "classes": _counts(tags),
        "opens": run.finished_rounds() > 0,
        "missing": photos.missing(table.ids),
    }


def _wanted(request: BrowseRequest, name: str, tags: list[str] | None) -> bool:
    if request.cls and request.cls not in (tags or ()):
        return False
    return request.search.strip().lower() in name.lower()


def _row(
    table: Table, photos: Photos, r: int, i: int, series: np.ndarray, values: np.ndarray, tags: list[str] | None
) -> dict[str, Any]:
    name = table.ids[i]
    return {
        "id": name,
        "tags": tags,
        "trace": name if name in photos.traces else None,
        "value": number(values[i]),
        "series": [number(v) for v in series[:, i]],
        "figures": {key: number(column[r, i]) for key, column in table.figures.items()},
    }


def number(value: float) -> float | None:
    """A figure of four digits for JSON, which knows no NaN."""
    return round(float(value), 4) if np.isfinite(value) else None


def _counts(tags: list[list[str] | None]) -> list[tuple[str, int]]:
    """Each tag and how many photos have it, the most frequent first."""
    return Counter(name for row in tags for name in row or ()).most_common()
