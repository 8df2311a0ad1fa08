"""Photos that were uploaded: each becomes a job, which is asked about, taken as a trace, or cancelled."""

import base64
from typing import Any

from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.askers import Asker, asker
from iaff.explorer.server.client_files import ClientFiles, UploadGone
from iaff.explorer.server.full import Full
from iaff.explorer.server.jobs import Job, JobQueue
from iaff.explorer.server.requests import JobRequest, SubmitRequest
from iaff.explorer.server.runs import named, run_of
from iaff.run import Run


def uploaded_photos(runs: list[Run], queue: JobQueue, files: ClientFiles) -> list[Handler]:
    """The way of a photo: ``submit``, ``progress``, ``take``, ``cancel``; ``files`` has what was uploaded."""
    by_name = named(runs)

    @answering(SubmitRequest)
    def submit(request: SubmitRequest) -> dict[str, Any]:
        try:
            return {"job": queued(request, by_name, queue, files, asker()).token}
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


def queued(request: SubmitRequest, runs: dict[str, Run], queue: JobQueue, files: ClientFiles, who: Asker) -> Job:
    """The job that an uploaded photo becomes.

    Raises:
        UploadGone: the upload is not there any more.
        Full: too many photos wait already.
        UserError: there is no such run, or the path is no upload's.
    """
    run = run_of(request.run, runs)
    files.sweep()
    photo = files.claim(request.path, who.address)
    try:
        return queue.submit(run, photo, request.name[:120], request.tags, who)
    except Full:
        photo.put_back()
        raise
