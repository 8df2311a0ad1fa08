"""The figures of a run's photos, by photo and round, and the orders that they give."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from iaff.errors import UserError
from iaff.run import Run
from iaff.run_table import IOU

BEST = "best"  # compare with the best round before
ROUND, RUN = "round.", "run."  # compare with that round, with that run


@dataclass(frozen=True)
class Table:
    """A table of photos: rounds, ids, and figures ``float (rounds, photos)`` by column, NaN where there is none."""

    rounds: list[int]
    ids: list[str]
    columns: dict[str, np.ndarray]

    def index(self, name: str) -> int:
        """Where a photo stands; UserError where it does not."""
        try:
            return self.ids.index(name)
        except ValueError:
            raise UserError(f"This run has no photo {name[:80]!r}. Choose one of its list.") from None

    def round_index(self, t: int | None) -> int:
        """Where round ``t`` stands, or the last where there is no such round."""
        return self.rounds.index(t) if t in self.rounds else len(self.rounds) - 1


def table_of(run: Run, split: str = "") -> Table:
    """The run's photos and their figures so far; ``split``: one that was evaluated, "" for the training photos.

    Raises:
        UserError: there is no such table, or it cannot be read.
    """
    path = run.images_path(split)
    try:
        about = path.stat()
    except OSError:
        raise UserError(
            f"The run {run.name} has no {path.name} (yet). Expected the figures of its photos, which training writes "
            "after each round; wait for the first one."
        ) from None
    return _table(run.dir, split, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=8)
def _table(folder: Path, split: str, changed: int, size: int) -> Table:
    lines = Run(folder, {}).images(split)
    rounds = sorted({int(line["round"]) for line in lines})
    ids = list(dict.fromkeys(line["image"] for line in lines))
    names = [name for name in (lines[0] if lines else ()) if name not in ("round", "image")]
    columns = {name: np.full((len(rounds), len(ids)), np.nan) for name in names}
    row, column = {t: i for i, t in enumerate(rounds)}, {name: i for i, name in enumerate(ids)}
    for line in lines:
        at = row[int(line["round"])], column[line["image"]]
        for name in names:
            if line[name]:
                columns[name][at] = float(line[name])
    return Table(rounds, ids, columns)


@dataclass(frozen=True)
class Figure:
    """What photos are ordered by: columns of the table (of two: their difference)."""

    label: str
    meaning: str
    columns: tuple[str, ...]
    largest: bool = False  # what stands first: photos where more went wrong

    def series(self, table: Table) -> np.ndarray | None:
        """Its values ``(rounds, photos)``; None where the table has none."""
        if any(column not in table.columns for column in self.columns):
            return None
        first, *less = (table.columns[column] for column in self.columns)
        return first - less[0] if less else first


FIGURES = {
    "changed": Figure("changed pixels", "share of the pixels whose label changed", ("changed",), largest=True),
    "miou": Figure("mIoU", "of the refined map, over the photo's classes", ("miou_refined",)),
    "leak": Figure("leak", "share of a pixel's decision that other true classes make", ("leak",), largest=True),
    "agreement": Figure("agreement", "of the unary and the refined map", ("agreement",)),
    "coverage": Figure("coverage", "share of confident pixels", ("coverage",)),
    "precision": Figure("precision", "of the confident regions", ("precision",)),
    "loss": Figure(
        "object loss",
        "object share that the affinity took away",
        ("foreground_unary", "foreground_refined"),
        largest=True,
    ),
}


def figures_of(table: Table, r: int) -> dict[str, Figure]:
    """The figures, by key, of which the table has any value in a round (by its index)."""
    classes = [column.removeprefix(IOU) for column in table.columns if column.startswith(IOU)]
    ious = {f"iou.{name}": Figure(f"IoU of {name}", "of the refined map", (IOU + name,)) for name in classes}
    known = {key: (figure, figure.series(table)) for key, figure in (FIGURES | ious).items()}
    return {key: figure for key, (figure, series) in known.items() if series is not None and _any(series[r])}


@dataclass(frozen=True)
class Against:
    """What a figure is compared with: its ``values (photos,)`` are subtracted."""

    label: str
    values: np.ndarray


def comparisons(table: Table, figure: Figure, r: int, others: dict[str, Run], split: str = "") -> dict[str, Against]:
    """What there is to compare a figure with, by key.

    Args:
        r: the round (its index). others: other runs by name, of which those with the same photos count, in the same
            round or their last.
    """
    series = figure.series(table)
    assert series is not None
    found = {BEST: Against("its best round before", _best(series[:r], figure.largest))} if r else {}
    found |= {f"{ROUND}{t}": Against(f"round {t}", series[i]) for i, t in enumerate(table.rounds) if i != r}
    for name, run in others.items():
        try:
            other = table_of(run, split)
        except UserError:
            continue  # it has no such table
        theirs = figure.series(other)
        if theirs is not None and other.rounds:
            at = other.round_index(table.rounds[r])
            place = {photo: i for i, photo in enumerate(other.ids)}
            values = [theirs[at, place[photo]] if photo in place else np.nan for photo in table.ids]
            found[f"{RUN}{name}"] = Against(f"run {name}, round {other.rounds[at]}", np.array(values))
    return {key: against for key, against in found.items() if _any(series[r] - against.values)}


def _best(series: np.ndarray, largest: bool) -> np.ndarray:
    """The best of each column, where the largest (or the smallest) is what went wrong; NaN where a column has none."""
    worst = np.inf if largest else -np.inf
    known = np.where(np.isnan(series), worst, series)
    best = known.min(0) if largest else known.max(0)
    return np.where(np.isfinite(best), best, np.nan)


def _any(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).any())
