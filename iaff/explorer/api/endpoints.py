"""The explorer for programs: named, typed endpoints for ``gradio_client``, plain HTTP and, with ``--mcp``, MCP.

Clients read types from the annotations, and descriptions from the docstrings' first line and "Args" (one line each).
"""

import asyncio
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import gradio as gr

from iaff.errors import UserError
from iaff.explorer.api.inputs import Refused, Upload
from iaff.explorer.api.queries import Queries
from iaff.explorer.server.answers import checked
from iaff.explorer.server.askers import asker
from iaff.explorer.server.client_files import ClientFiles
from iaff.explorer.server.jobs import JobQueue
from iaff.explorer.server.lane import Lane
from iaff.explorer.server.requests import Stage, SubmitRequest
from iaff.explorer.server.runs import named
from iaff.explorer.server.uploads import queued
from iaff.run import Run

LOOK = 0.05  # s between looks at a job


def add_api(runs: list[Run], queue: JobQueue, client_files: ClientFiles) -> None:
    """Adds the endpoints to the page that is being built; ``client_files`` has what is uploaded and fetched."""
    queries = Queries(runs)
    lane = Lane("questions", most=400, of_address=200)
    for ask in (
        queries.runs,
        queries.photos,
        queries.figures,
        queries.query,
        queries.leaks,
        queries.compare,
        *files(queries, client_files),
    ):
        gr.api(spoken(ask, lane), queue=False)
    add_explain(runs, queue, client_files)


def files(queries: Queries, client_files: ClientFiles) -> list[Callable]:
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
        return gr.FileData(
            path=str(client_files.keep_shared(data, "trace.safetensors", asker().address)),
            orig_name=f"{photo}.safetensors",
        )

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
        path = client_files.keep_shared(png, "labels.png", asker().address)
        return gr.FileData(path=str(path), orig_name=f"{photo}_{stage}_{int(round)}.png")

    return [trace, labels]


def spoken(function: Callable, lane: Lane) -> Callable:
    """A function that is answered in turn, and whose UserErrors reach the client as they are; what else goes wrong is
    the log's alone."""

    @wraps(function)
    async def answer(*args, **kwargs):
        try:
            return await lane.ask(lambda: function(*args, **kwargs), asker())
        except UserError as error:
            raise Refused(error) from error
        except Exception:
            traceback.print_exc()
            raise Refused(
                UserError("An error in iaff; the server's log has the details. Ask something else.")
            ) from None

    return answer


def add_explain(runs: list[Run], queue: JobQueue, client_files: ClientFiles) -> None:
    """Adds ``explain(photo, tags=None, run=None) -> trace file``, which takes its turn with the browsers' photos."""
    by_name = named(runs)
    classes = sorted({name for run in runs for name in run.classes[1:]})
    photo = Upload(label="Photo", visible=False)
    photo.uploads = client_files.folder
    tags = gr.Dropdown(classes, multiselect=True, value=None, allow_custom_value=True, label="Tags", visible=False)
    run = gr.Textbox(value=next(iter(by_name), ""), label="Run", visible=False)
    trace = gr.File(label="Trace", visible=False)

    async def explain(photo: str, tags: list[str] | None = None, run: str = run.value) -> str:
        """A photo through all rounds of a run, as a trace file (safetensors).

        Args:
            photo: the picture, at most 50 MB, uploaded to this server, or, up to 10 MB, as data:image/jpeg;base64,...
            tags: the classes in it; empty says that none is; left out, those that the run is sure of, if any.
            run: name of one of the explorer's runs.

        Returns:
            the file; iaff.Trace.load reads it.
        """
        asked = {"run": run, "path": photo, "name": Path(photo or "").name, "tags": tags}
        try:
            return str(await _explain(checked(SubmitRequest, asked), by_name, queue, client_files))
        except UserError as error:
            raise Refused(error) from error

    # one job each in the queue, beside those of the browsers, which bounds them
    button = gr.Button(visible=False)
    button.click(explain, [photo, tags, run], trace, api_name="explain", concurrency_limit=None, show_progress="hidden")


async def _explain(request: SubmitRequest, runs: dict[str, Run], queue: JobQueue, client_files: ClientFiles) -> Path:
    """The trace's file. It waits without a thread."""
    who = asker()
    token = (await asyncio.to_thread(queued, request, runs, queue, client_files, who)).token
    try:
        while not queue.find(token).ended.is_set():  # each look keeps the job alive
            await asyncio.sleep(LOOK)
        job = queue.find(token)
        if job.state != "done":
            raise UserError(job.error or "The photo was cancelled.")
        return await asyncio.to_thread(client_files.keep, queue.take(token), "trace.safetensors", who.address)
    finally:
        queue.cancel(token)  # unless its trace was taken
