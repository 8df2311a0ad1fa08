"""The photos of a run's data set: ``browse``, ``photo_thumb``, ``open_photo``.

Figures come from the run's ``images.csv``, or from the table of a split that was evaluated; pictures, tags and truth
from the data set, or from the run's traces where a photo has one. An id that is not in the table names nothing, so that
no other file can be read.
"""

from collections import Counter
from typing import Any

import numpy as np

from iaff.errors import UserError
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.askers import asker
from iaff.explorer.server.jobs import JobQueue
from iaff.explorer.server.photo_source import DataSetPhoto, Photos, Source
from iaff.explorer.server.photo_table import comparisons, figures_of, table_of
from iaff.explorer.server.requests import BrowseRequest, OpenPhotoRequest, PhotoRequest
from iaff.explorer.server.runs import named, run_of
from iaff.run import Run
from iaff.trace.encoding import thumbnail

MOST_ROWS = 200  # at once
NO_WEIGHTS = "This run has no weights: photos of its data set cannot be computed. Choose a run that has kept them."


def data_set(runs: list[Run], queue: JobQueue) -> list[Handler]:
    """The browser of the runs' photos: ``browse``, ``photo_thumb``, ``open_photo``."""
    by_name = named(runs)

    @answering(BrowseRequest)
    def browse(request: BrowseRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        return page(run, request, {name: other for name, other in by_name.items() if other is not run})

    @answering(PhotoRequest)
    def photo_thumb(request: PhotoRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        source = _source_of(run, request.id)
        return {"thumb": thumbnail(source.data.image(source.place(request.id)))}

    @answering(OpenPhotoRequest)
    def open_photo(request: OpenPhotoRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        source = _source_of(run, request.id)
        if not run.finished_rounds():
            raise UserError(NO_WEIGHTS)
        source.place(request.id)  # one that it lacks is refused at once
        photo = DataSetPhoto(source, request.id)
        return {"job": queue.submit(run, photo, request.id, request.tags, asker()).token}

    return [browse, photo_thumb, open_photo]


def page(run: Run, request: BrowseRequest, others: dict[str, Run]) -> dict[str, Any]:
    """One page of the run's photos, as ``browse`` answers it; ``others``: runs to compare with, by name.

    Returns:
        ``rows``: ``id``, ``title``, ``tags``, ``trace`` (the name of its trace in the run, if any), ``value`` (what it
        is sorted by) and ``series`` (the figure over the rounds); ``points``: ``[id, title, x, y]`` of all photos that
        are found, where another figure is asked for; ``total``, ``rounds``, ``round``, ``sorts``, ``sort``,
        ``comparisons`` ([key, label]), ``against``, ``plot``, ``splits``, ``split``, ``scale`` (the largest amount, to
        draw it), ``classes`` ([name, count]), ``opens`` (whether photos without a trace can be opened), and
        ``missing``: why there are no pictures.
    """
    split = _split(run, request.split)
    table, photos = table_of(run, split), Photos(run, split)
    path = run.images_path(split)
    if not table.ids:
        raise UserError(f"{path} lists no photo. Wait for the first round, or restore it.")
    r = table.round_index(request.round)
    figures = figures_of(table, r)
    key = request.sort if request.sort in figures else next(iter(figures), None)
    if key is None:
        raise UserError(f"{path} has no figure to sort by in round {table.rounds[r]}. Restore what training wrote.")
    figure = figures[key]
    series = figure.series(table)
    assert series is not None
    choices = comparisons(table, figure, r, others, split)
    against = choices.get(request.against or "")
    values = series[r] - against.values if against else series[r]
    order = np.argsort(-values if figure.largest != request.reversed else values, kind="stable")
    tags = photos.tags(table.ids)
    kept = [i for i in order.tolist() if _wanted(request, table.ids[i], photos, tags[i])]
    offset, count = request.offset, MOST_ROWS if request.count is None else min(MOST_ROWS, request.count)
    plot = figures.get(request.plot or "")
    second = plot.series(table) if plot else None
    return {
        "rows": [
            {
                "id": table.ids[i],
                "title": photos.title(table.ids[i]),
                "tags": tags[i],
                "trace": table.ids[i] if table.ids[i] in photos.traces else None,
                "value": number(values[i]),
                "series": [number(v) for v in series[:, i]],
            }
            for i in kept[offset : offset + count]
        ],
        "points": [] if second is None or offset else _points(table.ids, photos, kept, values, second[r]),
        "total": len(kept),
        "rounds": table.rounds,
        "round": table.rounds[r],
        "sorts": [{"key": k, "label": f.label, "meaning": f.meaning} for k, f in figures.items()],
        "sort": key,
        "comparisons": [(k, choice.label) for k, choice in choices.items()],
        "against": request.against if against else None,
        "plot": request.plot if plot else None,
        "splits": run.splits(),
        "split": split or None,
        "scale": number(np.nanmax(np.abs(values))),
        "classes": _counts(tags),
        "opens": run.finished_rounds() > 0,
        "missing": photos.missing(table.ids),
    }


def _split(run: Run, wish: str | None) -> str:
    """A split that was evaluated, or "" for the training photos: those of a run that has no others' table, too."""
    splits = run.splits()
    if wish in splits:
        return wish
    return "" if run.images_path().is_file() or not splits else splits[0]


def _source_of(run: Run, name: str) -> Source:
    """The data set of a photo that one of the run's tables lists."""
    splits = ["", *run.splits()] if run.images_path().is_file() else run.splits() or [""]
    found = [split for split in splits if name in table_of(run, split).ids]
    if not found:
        table_of(run, splits[0]).index(name)  # which says so
    return Photos(run, found[0]).source


def _wanted(request: BrowseRequest, name: str, photos: Photos, tags: list[str] | None) -> bool:
    if request.cls and request.cls not in (tags or ()):
        return False
    words = request.search.strip().lower()
    return words in name.lower() or words in photos.title(name).lower()


def _points(
    ids: list[str], photos: Photos, kept: list[int], xs: np.ndarray, ys: np.ndarray
) -> list[tuple[str, str, float, float]]:
    """The photos that have both figures, in their order."""
    both = [i for i in kept if np.isfinite(xs[i]) and np.isfinite(ys[i])]
    return [(ids[i], photos.title(ids[i]), round(float(xs[i]), 4), round(float(ys[i]), 4)) for i in both]


def number(value: float) -> float | None:
    """A figure of four digits for JSON, which knows no NaN."""
    return round(float(value), 4) if np.isfinite(value) else None


def _counts(tags: list[list[str] | None]) -> list[tuple[str, int]]:
    """Each tag and how many photos have it, the most frequent first."""
    return Counter(name for row in tags for name in row or ()).most_common()
