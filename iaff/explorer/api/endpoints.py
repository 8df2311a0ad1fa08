"""The explorer for programs: named, typed endpoints for ``gradio_client``, plain HTTP and, with ``--mcp``, MCP.

Clients read types from the annotations, and descriptions from the docstrings' first line and "Args" (one line each).
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from urllib.parse import unquote, urlsplit

import gradio as gr

from iaff.errors import UserError
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
UPLOADED = "/gradio_api/file="  # where the server has what was uploaded to it


class Refused(gr.Error):
    """What a client did wrong, in our words, with no traceback in the log."""

    def __init__(self, error: UserError):
        super().__init__(str(error), print_exception=False)

    def __str__(self) -> str:
        return self.message


class Upload(gr.File):
    """A file that was sent to this server: other addresses are never fetched."""

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        place = str(url_or_file_path or "")
        if not urlsplit(place).scheme.startswith("http"):
            return await super().async_move_resource_to_block_cache(url_or_file_path)
        if UPLOADED not in place:
            shown = place[:100]
            raise Refused(UserError(f"Got the address {shown}, which is not fetched. Upload the photo to the server."))
        return unquote(place.split(UPLOADED, 1)[1])  # where it lies is checked when it is read


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
        path = queries.trace_file(run, photo)
        return gr.FileData(path=str(path), orig_name=f"{photo}.safetensors")

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
        path = client_files.keep(png, "labels.png", asker().address)
        return gr.FileData(path=str(path), orig_name=f"{photo}_{stage}_{int(round)}.png")

    return [trace, labels]


def spoken(function: Callable, lane: Lane) -> Callable:
    """A function that is answered in turn, and whose UserErrors reach the client as they are."""

    @wraps(function)
    async def answer(*args, **kwargs):
        try:
            return await lane.ask(lambda: function(*args, **kwargs), asker())
        except UserError as error:
            raise Refused(error) from error

    return answer


def add_explain(runs: list[Run], queue: JobQueue, client_files: ClientFiles) -> None:
    """Adds ``explain(photo, tags=None, run=None) -> trace file``, which takes its turn with the browsers' photos."""
    by_name = named(runs)
    classes = sorted({name for run in runs for name in run.classes[1:]})
    photo = Upload(label="Photo", visible=False)
    tags = gr.Dropdown(classes, multiselect=True, value=None, allow_custom_value=True, label="Tags", visible=False)
    run = gr.Textbox(value=next(iter(by_name), ""), label="Run", visible=False)
    trace = gr.File(label="Trace", visible=False)

    async def explain(photo: str, tags: list[str] | None = None, run: str = run.value) -> str:
        """A photo through all rounds of a run, as a trace file (safetensors).

        Args:
            photo: the picture, at most 50 MB, uploaded to this server, or, up to 10 MB, as data:image/jpeg;base64,...
            tags: the classes in it; empty says that none is; left out, the classifier proposes them.
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
