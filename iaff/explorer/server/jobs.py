"""Photos in the explorer, uploaded ones and those of the data set: traces are computed one after the other, in one
thread, and handed over once.

Nothing is kept: the photo's bytes leave memory when its trace is done, the trace when the browser has taken it or
has not asked for it any more. A job is known by a token that only its sender has.
"""

import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from iaff.errors import UserError
from iaff.explorer.server.answers import told
from iaff.run import Run

FORGOTTEN = 30  # s without a question after which a job is dropped
MOST_WAITING = 50


class Cancelled(Exception):
    """Ends a computation whose photo nobody waits for."""


@dataclass(frozen=True)
class Sample:
    """A photo of the data set: ``uint8 (H, W, 3)``, its tags ``bool (C,)``, and its truth ``uint8 (H, W)``, if any."""

    image: np.ndarray
    tags: np.ndarray
    truth: np.ndarray | None


@dataclass
class Job:
    """One photo on its way to a trace; without ``tags``, the data set or the classifier says which there are."""

    run: Run
    data: bytes | Sample | None
    name: str
    tags: list[str] | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: str = "waiting"  # running, done, failed, cancelled
    stage: str = "Waiting"
    share: float = 0
    error: str = ""
    trace: bytes | None = None
    asked: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)


def compute(job: Job, progress: Callable[[str, float], None]) -> bytes:
    """The trace's bytes. Imports torch on first use."""
    if "torch" not in sys.modules:
        progress("Starting PyTorch (once)", 0)
    from iaff.explaining import explain

    if isinstance(job.data, Sample):
        return explain_sample(job, job.data, progress)
    assert job.data is not None, "it is let go when the job has ended"
    return explain(job.data, job.tags, job.run, progress, job.name).to_bytes()


def explain_sample(job: Job, sample: Sample, progress: Callable[[str, float], None]) -> bytes:
    """The trace of a data set's photo, as training sees it: at its size, and with its truth."""
    from iaff.explaining import predictor_of, tag_vector
    from iaff.trace.record import trace_photo

    tags = sample.tags if job.tags is None else tag_vector(job.tags, job.run)
    progress("Opening the networks", 0)
    trace = trace_photo(
        predictor_of(job.run), sample.image, tags, sample.truth, progress, name=job.name, title=job.name
    )
    return trace.to_bytes()


class JobQueue:
    """The queue and its one worker; every method may be called from any thread."""

    def __init__(self, work: Callable[[Job, Callable], bytes] = compute):
        self.work = work
        self.jobs: dict[str, Job] = {}  # in order of arrival
        self.change = threading.Condition()
        self.worker: threading.Thread | None = None

    def submit(self, run: Run, data: bytes | Sample, name: str, tags: list[str] | None) -> Job:
        """Queues a photo.

        Raises:
            UserError: too many photos wait already.
        """
        job = Job(run, data, name, tags)
        with self.change:
            self._forget()
            if sum(other.state == "waiting" for other in self.jobs.values()) >= MOST_WAITING:
                raise UserError(f"{MOST_WAITING} photos wait already, which is the most. Try again in a minute.")
            self.jobs[job.token] = job
            if self.worker is None:
                self.worker = threading.Thread(target=self._serve, daemon=True, name="traces")
                self.worker.start()
            self.change.notify()
        return job

    def find(self, token: str) -> Job:
        """The job of that token.

        Raises:
            UserError: there is none (any more).
        """
        with self.change:
            job = self.jobs.get(token)
            if job is None:
                raise UserError("This photo is not known here (any more). Send it again.")
            job.asked = time.monotonic()
            return job

    def ahead(self, job: Job) -> int:
        """How many photos come before this one."""
        with self.change:
            tokens = [t for t, other in self.jobs.items() if other.state in ("waiting", "running")]
            return tokens.index(job.token) if job.token in tokens else 0

    def take(self, token: str) -> bytes:
        """The finished trace; the queue forgets it.

        Raises:
            UserError: unknown, or not done.
        """
        job = self.find(token)
        if job.trace is None:
            raise UserError(f"This photo's trace is not there: its state is {job.state!r}. Wait until it is 'done'.")
        with self.change:
            self.jobs.pop(token, None)
        return job.trace

    def cancel(self, token: str) -> None:
        """Drops a job, running or not; unknown tokens are ignored."""
        with self.change:
            job = self.jobs.pop(token, None)
            if job and job.state in ("waiting", "running"):
                _end(job, "cancelled")

    def _forget(self) -> None:
        """Drops what nobody has asked about for a while."""
        late = time.monotonic() - FORGOTTEN
        for token in [t for t, job in self.jobs.items() if job.asked < late]:
            self.cancel(token)

    def _next(self) -> Job:
        with self.change:
            while True:
                self._forget()
                for job in self.jobs.values():
                    if job.state == "waiting":
                        job.state = "running"
                        return job
                self.change.wait(FORGOTTEN)

    def _serve(self) -> None:
        while True:
            self._run(self._next())

    def _run(self, job: Job) -> None:
        def progress(stage: str, share: float) -> None:
            if job.state == "cancelled" or job.asked < time.monotonic() - FORGOTTEN:
                raise Cancelled
            job.stage, job.share = stage, share

        try:
            job.trace = self.work(job, progress)
            _end(job, "done")
        except Cancelled:
            _end(job, "cancelled")
        except UserError as error:
            job.error = told(error)
            _end(job, "failed")
        except Exception:  # the server lives on, whatever one photo does; the log tells us, the page a sentence
            traceback.print_exc()
            job.error = (
                "The photo could not be explained: an error in iaff. The server's log has the details; try another."
            )
            _end(job, "failed")


def _end(job: Job, state: str) -> None:
    if job.state != "cancelled":
        job.state = state
    job.data = None
    if job.state == "cancelled":
        job.trace = None
    job.ended.set()
