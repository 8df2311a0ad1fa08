"""Any photo and, if known, its tags, through a run: ``iaff.explain``."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from iaff.errors import UserError
from iaff.images import Photo, Source, read_photo
from iaff.inference import Predictor
from iaff.places import SHIPPED
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.record import Progress, trace_photo

LOADING = Lock()


def explain(
    photo: Source,
    tags: Sequence[str] | None = None,
    run: Run | str | Path | None = None,
    progress: Progress = lambda stage, share: None,
    name: str | None = None,
) -> Trace:
    """One photo through all rounds of a run.

    Args:
        photo: a path, the bytes of a file, a PIL image or ``uint8 (H, W, 3)``; shrunk to 352 px.
        tags: names of the classes in it; an empty list says that none is; None takes what the run claims
            (:mod:`iaff.method.tag_rule`), which may be none.
        run: a run or its folder; default: the shipped one.
        progress: called with (what is done next, share done 0..1).
        name: what to call the photo (default: its file name).

    Raises:
        UserError: the photo cannot be read, a tag is unknown, or the run cannot be used.
    """
    run = run if isinstance(run, Run) else Run.load(run or SHIPPED)
    if name is None:
        name = Path(photo).name if isinstance(photo, (str, Path)) else "photo"
    chosen = None if tags is None else tag_vector(tags, run)
    picture = read_photo(photo, name if isinstance(photo, bytes) else None)
    progress("Opening the networks", 0)
    return explain_photo(predictor_of(run), picture, chosen, name, progress)


def explain_photo(predictor: Predictor, photo: Photo, tags: np.ndarray | None, name: str, progress: Progress) -> Trace:
    """As :func:`explain`, of a photo that is read, with tags ``bool (C,)``."""
    about = {"name": name, "title": name, "original_size": list(photo.size)}
    if photo.notes:
        about["note"] = " ".join(photo.notes)
    return trace_photo(predictor, photo.pixels, tags, progress=progress, **about)


def tag_vector(tags: Sequence[str], run: Run) -> np.ndarray:
    """Names of tags -> ``bool (C,)``.

    Raises:
        UserError: a tag is none of the run's classes.
    """
    classes = run.classes[1:]
    if isinstance(tags, str):
        tags = [tags]
    for tag in tags:
        if tag not in classes:
            raise UserError(f"Got the tag {tag!r}; the run {run.name} knows: {', '.join(classes)}.")
    return np.array([name in tags for name in classes], bool)


def predictor_of(run: Run) -> Predictor:
    """The run's networks, loaded once as long as no round is added, however many ask at the same time."""
    with LOADING:
        return _predictor(run.dir.resolve(), run.finished_rounds(), run.changed())


@lru_cache(maxsize=2)
def _predictor(folder: Path, rounds: int, changed: float) -> Predictor:
    return Predictor(Run.load(folder))
