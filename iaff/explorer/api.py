"""The explorer for programs: the endpoint ``/explain``, for ``gradio_client`` and plain HTTP."""

import os
import tempfile
from pathlib import Path

import gradio as gr

from iaff.errors import UserError
from iaff.explorer.handlers import named, read_upload, run_of
from iaff.explorer.jobs import Desk
from iaff.run import Run


def add_api(runs: list[Run], desk: Desk, uploads: Path) -> None:
    """Adds ``explain(photo, tags=None, run=None) -> trace file`` to the page that is being built."""
    by_name = named(runs)
    classes = sorted({name for run in runs for name in run.classes[1:]})
    photo = gr.File(label="Photo", visible=False)
    tags = gr.Dropdown(classes, multiselect=True, value=None, allow_custom_value=True, label="Tags", visible=False)
    run = gr.Textbox(value=next(iter(by_name), ""), label="Run", visible=False)
    trace = gr.File(label="Trace", visible=False)

    def explain(photo: str, tags: list[str] | None, run: str) -> str:
        """A photo through all rounds of a run, as a trace file (safetensors).

        Args:
            photo: the picture, at most 50 MB.
            tags: the classes in it; empty says that none is; None takes what the classifier proposes.
            run: name of one of the explorer's runs.
        """
        try:
            return str(_explain(photo, tags, run_of({"run": run}, by_name), desk, uploads))
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    # one job each in the desk's own queue, beside those of the browsers
    button = gr.Button(visible=False)
    button.click(explain, [photo, tags, run], trace, api_name="explain", concurrency_limit=8, show_progress="hidden")


def _explain(photo: str | None, tags: list[str] | None, run: Run, desk: Desk, uploads: Path) -> Path:
    data = read_upload(photo or "", uploads)
    if data is None:
        raise UserError("The photo is not there (any more). Send it again.")
    token = desk.submit(run, data, Path(photo).name, tags).token
    while not desk.find(token).ended.wait(1):
        pass  # each look keeps the job alive
    job = desk.find(token)
    if job.state != "done":
        desk.cancel(token)
        raise UserError(job.error or "The photo was cancelled.")
    handle, path = tempfile.mkstemp(suffix=".safetensors", prefix="trace-", dir=uploads)
    with os.fdopen(handle, "wb") as file:
        file.write(desk.take(token))
    return Path(path)
