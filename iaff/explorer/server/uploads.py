"""Photos that were uploaded: each becomes a job, which is asked about, taken as a trace, or cancelled."""

import base64
import contextlib
from pathlib import Path
from typing import Any

from iaff.errors import UserError
from iaff.explorer.files import sweep
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.jobs import Job, JobQueue
from iaff.explorer.server.requests import JobRequest, SubmitRequest
from iaff.explorer.server.runs import named, run_of
from iaff.run import Run


class UploadGone(UserError):
    """The uploaded file is not there any more: sent once more, it would be."""


def uploaded_photos(runs: list[Run], queue: JobQueue, folder: Path) -> list[Handler]:
    """The way of a photo: ``submit``, ``progress``, ``take``, ``cancel``; ``folder`` is that of uploads."""
    by_name = named(runs)

    @answering(SubmitRequest)
    def submit(request: SubmitRequest) -> dict[str, Any]:
        try:
            return {"job": queued(request, by_name, queue, folder).token}
        except UploadGone as error:
            return {"ok": False, "gone": True, "error": str(error)}

    @answering(JobRequest)
    def progress(request: JobRequest) -> dict[str, Any]:
        job = queue.find(request.job)
        error = {"error": job.error} if job.error else {}
        return {"state": job.state, "ahead": queue.ahead(job), "stage": job.stage, "share": job.share, **error}

    @answering(JobRequest)
    def take(request: JobRequest) -> dict[str, Any]:
        return {"trace": base64.b64encode(queue.take(request.job)).decode()}

    @answering(JobRequest)
    def cancel(request: JobRequest) -> dict[str, Any]:
        queue.cancel(request.job)
        return {}

    return [submit, progress, take, cancel]


def queued(request: SubmitRequest, runs: dict[str, Run], queue: JobQueue, folder: Path) -> Job:
    """The job that an uploaded photo becomes.

    Raises:
        UploadGone: the upload is not there any more.
        UserError: there is no such run, the path is no upload's, or the queue is full.
    """
    run = run_of(request.run, runs)
    data = read_upload(request.path, folder)
    if data is None:
        raise UploadGone("The photo is no longer there. Send it again.")
    return queue.submit(run, data, request.name[:120], request.tags)


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
