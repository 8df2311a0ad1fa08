"""What the browser asks Python for. Every function takes one JSON object, checks it, and answers with ``ok``.

A function that raises answers the browser with ``undefined`` and no word, so errors are returned.
"""

import base64
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iaff.errors import UserError
from iaff.explorer.files import address, sweep
from iaff.explorer.server.jobs import Desk
from iaff.run import Run, unused

Handler = Callable[[Any], dict[str, Any]]


def named(runs: list[Run]) -> dict[str, Run]:
    """The runs, each by a name of its own: of those that are called alike, the second is "name (2)"."""
    found: dict[str, Run] = {}
    for run in runs:
        found[unused(run.name, found, "{} ({})")] = run
    return found


def listing(runs: list[Run]) -> list[dict[str, Any]]:
    """What the page must know of each run: name, classes, where its traces lie, if any, and what it can do so far."""
    return [
        {
            "name": name,
            "traces": address(run.dir / "traces"),
            "listed": (run.dir / "traces" / "index.json").is_file(),
            "classes": list(run.classes),
            **abilities(run),
        }
        for name, run in named(runs).items()
    ]


def abilities(run: Run) -> dict[str, bool]:
    """Whether a run has weights for own photos, and a table of its data set's photos; both may still come."""
    return {"explains": run.finished_rounds() > 0, "browses": (run.dir / "images.csv").is_file()}


def answering(function: Handler) -> Handler:
    """A handler whose UserErrors, and those of a malformed request, become answers."""

    def answer(request: Any) -> dict[str, Any]:
        try:
            if not isinstance(request, dict):
                raise UserError(f"Got {type(request).__name__}, expected one JSON object.")
            return {"ok": True, **function(request)}
        except UserError as error:
            return {"ok": False, "error": str(error)}

    answer.__name__ = function.__name__
    return answer


def text(request: dict, key: str) -> str:
    """A string of a request; UserError where it is none."""
    value = request.get(key)
    if not isinstance(value, str):
        raise UserError(f"Got {key} = {value!r}, expected a text.")
    return value


def run_of(request: dict, runs: dict[str, Run]) -> Run:
    """The run that a request names; UserError where there is none of that name."""
    name = request.get("run")
    if not isinstance(name, str) or name not in runs:
        raise UserError(f"No run of that name; the explorer has: {', '.join(runs)}.")
    return runs[name]


def run_figures(runs: list[Run]) -> Handler:
    """``figures({run})``, read at each call: the run may still be training.

    It answers with ``figures``; ``rounds``, how many are planned, None where nobody said; ``stamp``, which changes
    when traces are written; and the run's abilities.
    """
    by_name = named(runs)

    @answering
    def figures(request: dict) -> dict[str, Any]:
        run = run_of(request, by_name)
        planned = Run.load(run.dir).config.get("rounds")  # a training may be told to go on
        return {"figures": run.figures(), "rounds": planned, "stamp": stamp(run), **abilities(run)}

    return figures


def stamp(run: Run) -> str:
    """When the run's traces were last written; empty before the first."""
    try:
        return str((run.dir / "traces" / "index.json").stat().st_mtime_ns)
    except OSError:
        return ""


def own_photos(runs: list[Run], desk: Desk, uploads: Path) -> list[Handler]:
    """The way of an own photo: ``submit``, ``progress``, ``take``, ``cancel``; ``uploads`` is the folder of uploads."""
    by_name = named(runs)

    @answering
    def submit(request: dict) -> dict[str, Any]:
        run, name = run_of(request, by_name), text(request, "name")
        data = read_upload(text(request, "path"), uploads)
        if data is None:
            return {"ok": False, "gone": True, "error": "The photo is no longer there. Send it again."}
        return {"job": desk.submit(run, data, name[:120], tags_of(request)).token}

    @answering
    def progress(request: dict) -> dict[str, Any]:
        job = desk.find(text(request, "job"))
        error = {"error": job.error} if job.error else {}
        return {"state": job.state, "ahead": desk.ahead(job), "stage": job.stage, "share": job.share, **error}

    @answering
    def take(request: dict) -> dict[str, Any]:
        return {"trace": base64.b64encode(desk.take(text(request, "job"))).decode()}

    @answering
    def cancel(request: dict) -> dict[str, Any]:
        desk.cancel(text(request, "job"))
        return {}

    return [submit, progress, take, cancel]


def tags_of(request: dict) -> list[str] | None:
    """The tags of a request, or None where the classifier shall propose them."""
    tags = request.get("tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise UserError(f"Got tags = {tags!r}, expected a list of class names, or null.")
    return tags


def read_upload(path: str, folder: Path) -> bytes | None:
    """An uploaded file's bytes; the file is deleted. None where it is gone.

    Raises:
        UserError: the path lies outside the folder of uploads.
    """
    try:
        file = Path(path).resolve()
        inside = file.is_relative_to(folder.resolve()) and not file.is_dir()
    except (OSError, ValueError):
        inside = False
    if not inside:
        raise UserError("Got a path that is not an upload's. Upload the photo, then give the path that came back.")
    sweep(folder)
    try:
        data = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        file.unlink()
    return data
