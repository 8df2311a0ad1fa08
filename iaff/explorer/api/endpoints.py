"""The explorer for programs: named, typed endpoints for ``gradio_client``, plain HTTP and, with ``--mcp``, MCP.

Clients read types from the annotations, and descriptions from the docstrings' first line and "Args" (one line each).
"""

import contextlib
import hashlib
import os
import tempfile
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import gradio as gr

from iaff.errors import UserError
from iaff.explorer.api.inputs import Refused, Upload
from iaff.explorer.api.queries import Queries
from iaff.explorer.server.answers import checked
from iaff.explorer.server.jobs import JobQueue
from iaff.explorer.server.requests import Stage, SubmitRequest
from iaff.explorer.server.runs import named
from iaff.explorer.server.uploads import queued
from iaff.run import Run


def add_api(runs: list[Run], queue: JobQueue, uploads: Path) -> None:
    """Adds the endpoints to the page that is being built; ``uploads`` is the folder of uploads."""
    queries = Queries(runs)
    for ask in (
        queries.runs,
        queries.photos,
        queries.figures,
        queries.query,
        queries.leaks,
        queries.compare,
        *files(queries, uploads),
    ):
        gr.api(spoken(ask), queue=False)
    add_explain(runs, queue, uploads)


def files(queries: Queries, uploads: Path) -> list[Callable]:
    """The endpoints that answer with a file."""

    def trace(run: str, photo: str) -> gr.FileData:
        """The trace of one of a run's photos: all maps, gates and figures of all rounds, as a safetensors file.

        Args:
            run: name of a run, see runs.
            photo: name of one of its photos, see photos.

        Returns:
            the file; iaff.Trace.load reads it.
        """
        data = queries.trace_file(run, photo).read_bytes()
        return gr.FileData(path=str(shared(data, ".safetensors", uploads)), orig_name=f"{photo}.safetensors")

    def labels(run: str, photo: str, round: int, stage: Stage = "refined") -> gr.FileData:
        """A label map of one photo as a palette PNG of the photo's size: the run's class numbers, 255 unknown or void.

        Args:
            run: name of a run, see runs.
            photo: name of one of its photos, see photos.
            round: from 1; seeds and truth are the same in all.
            stage: seeds, unary (labels of the unary map), confident (regions), refined (labels of the refined map) or truth.

        Returns:
            the PNG.
        """  # noqa: E501  (a client reads each entry from one line)
        png = queries.label_png(run, photo, round, stage)
        return gr.FileData(path=str(shared(png, ".png", uploads)), orig_name=f"{photo}_{stage}_{int(round)}.png")

    return [trace, labels]


def kept(data: bytes, suffix: str, folder: Path) -> Path:
    """Writes a file for a client to fetch; it is swept after a while."""
    handle, path = tempfile.mkstemp(suffix=suffix, prefix="answer-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return Path(path)


def shared(data: bytes, suffix: str, folder: Path) -> Path:
    """As :func:`kept`, and the same file for everyone who asks for the same."""
    path = folder / f"answer-{hashlib.sha256(data).hexdigest()[:32]}{suffix}"
    with contextlib.suppress(OSError):
        os.utime(path)  # it is asked for, so it stays
        return path
    return kept(data, suffix, folder).replace(path)


def spoken(function: Callable) -> Callable:
    """A function whose UserErrors reach the client as they are; what else goes wrong is the log's alone."""

    @wraps(function)
    def answer(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except UserError as error:
            raise Refused(error) from error
        except Exception:
            traceback.print_exc()
            raise Refused(
                UserError("An error in iaff; the server's log has the details. Ask something else.")
            ) from None

    return answer


def add_explain(runs: list[Run], queue: JobQueue, uploads: Path) -> None:
    """Adds ``explain(photo, tags=None, run=None) -> trace file``, which takes its turn with the browsers' photos."""
    by_name = named(runs)
    classes = sorted({name for run in runs for name in run.classes[1:]})
    photo = Upload(label="Photo", visible=False)
    photo.uploads = uploads
    tags = gr.Dropdown(classes, multiselect=True, value=None, allow_custom_value=True, label="Tags", visible=False)
    run = gr.Textbox(value=next(iter(by_name), ""), label="Run", visible=False)
    trace = gr.File(label="Trace", visible=False)

    def explain(photo: str, tags: list[str] | None = None, run: str = run.value) -> str:
        """A photo through all rounds of a run, as a trace file (safetensors).

        Args:
            photo: the picture, at most 50 MB, uploaded to this server, or as data:image/jpeg;base64,...
            tags: the classes in it; empty says that none is; left out, the classifier proposes them.
            run: name of one of the explorer's runs.

        Returns:
            the file; iaff.Trace.load reads it.
        """
        asked = {"run": run, "path": photo, "name": Path(photo or "").name, "tags": tags}
        return str(_explain(checked(SubmitRequest, asked), by_name, queue, uploads))

    # one job each in the queue, beside those of the browsers
    button = gr.Button(visible=False)
    button.click(
        spoken(explain), [photo, tags, run], trace, api_name="explain", concurrency_limit=8, show_progress="hidden"
    )


def _explain(request: SubmitRequest, runs: dict[str, Run], queue: JobQueue, uploads: Path) -> Path:
    token = queued(request, runs, queue, uploads).token
    while not queue.find(token).ended.wait(1):
        pass  # each look keeps the job alive
    job = queue.find(token)
    if job.state != "done":
        queue.cancel(token)
        raise UserError(job.error or "The photo was cancelled.")
    return kept(queue.take(token), ".safetensors", uploads)
