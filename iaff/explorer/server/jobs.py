"""Photos in the explorer, uploaded ones and those of the data set: traces are computed one after the other, in one
thread, and handed over once.

Nothing is kept: a waiting photo lies on disk, and is let go when its job leaves the queue; the trace goes when the
browser has taken it or has not asked for it any more. A job is known by a token that only its sender has. Askers take
turns, so that who sends many photos delays another's single one by one or two.
"""

import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from iaff.decoding import Stopped, read_photo_safely
from iaff.errors import UserError
from iaff.explorer.server.answers import told
from iaff.explorer.server.askers import Asker, Turns
from iaff.explorer.server.full import Full
from iaff.explorer.server.memory import give_back
from iaff.explorer.server.torch_start import start_torch
from iaff.run import Run

FORGOTTEN = 30  # s without a question after which a job is dropped
MOST_OF_PAGE = 40  # photos that wait; a page sends at most 20 at once
MOST_OF_ADDRESS = 100
MOST_WAITING = 200
MOST_RESULTS = 200_000_000  # bytes of traces that are done and were not taken


class Cancelled(Exception):
    """Ends a computation whose photo nobody waits for."""


@dataclass(frozen=True)
class Sample:
    """A photo of the data set: ``uint8 (H, W, 3)``, its tags ``bool (C,)``, and its truth ``uint8 (H, W)``, if any."""

    image: np.ndarray
    tags: np.ndarray
    truth: np.ndarray | None


class Kept(Protocol):
    """A photo that is read when its turn has come."""

    def read(self) -> bytes | Sample: ...

    def release(self) -> None:
        """It is needed no more; more than once does no harm."""


@dataclass
class Job:
    """One photo on its way to a trace; without ``tags``, the data set or the classifier says which there are."""

    run: Run
    data: bytes | Kept | None
    name: str
    tags: list[str] | None
    who: Asker = field(default_factory=Asker)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: str = "waiting"  # running, done, failed, cancelled
    stage: str = "Waiting"
    share: float = 0
    error: str = ""
    trace: bytes | None = None
    asked: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)

    def unwanted(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.state == "cancelled" or self.asked < time.monotonic() - FORGOTTEN


def compute(job: Job, progress: Callable[[str, float], None]) -> bytes:
    """The trace's bytes. Imports torch on first use."""
    assert job.data is not None, "it is let go when the job has ended"
    data = job.data if isinstance(job.data, bytes) else job.data.read()
    if not isinstance(data, Sample):
        progress("Reading the photo", 0)
        photo = read_photo_safely(data, job.name, cancelled=job.unwanted)
    if "torch" not in sys.modules:
        progress("Starting PyTorch (once)", 0)
    start_torch()
    from iaff.explaining import explain

    if isinstance(data, Sample):
        return explain_sample(job, data, progress)
    return explain(photo, job.tags, job.run, progress, job.name).to_bytes()


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
        self.turns = Turns()
        self.change = threading.Condition()
        self.worker: threading.Thread | None = None

    def submit(self, run: Run, data: bytes | Kept, name: str, tags: list[str] | None, who: Asker | None = None) -> Job:
        """Queues a photo.

        Raises:
            Full: too many photos wait already.
        """
        job = Job(run, data, name, tags, who or Asker())
        with self.change:
            self._forget()
            self._check_room(job.who)
            self.jobs[job.token] = job
            if self.worker is None:
                self.worker = threading.Thread(target=self._serve, daemon=True, name="traces")
                self.worker.start()
            self.change.notify()
        return job

    def _check_room(self, who: Asker) -> None:
        waiting = [job.who for job in self.jobs.values() if job.state == "waiting"]
        of_address = [other for other in waiting if other.address == who.address]
        of_page = of_address.count(who)
        for count, most in ((of_page, MOST_OF_PAGE), (len(of_address), MOST_OF_ADDRESS), (len(waiting), MOST_WAITING)):
            if count >= most:
                raise Full(f"{most} photos wait already, which is the most. Try again in a minute.")

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
        """How many photos come before this one, unless others come that have waited less often."""
        with self.change:
            line = [other for other in self.jobs.values() if other.state == "running"] + self._line()
            return next((i for i, other in enumerate(line) if other is job), 0)

    def _line(self) -> list[Job]:
        """The waiting jobs in the order in which they are served."""
        return self.turns.order([job for job in self.jobs.values() if job.state == "waiting"], lambda job: job.who)

    def take(self, token: str) -> bytes:
        """The finished trace; the queue forgets it.

        Raises:
            UserError: unknown, or not done.
        """
        job = self.find(token)
        if job.trace is None:
            raise UserError(f"This photo's trace is not there: its state is {job.state!r}. Wait until it is 'done'.")
        trace = job.trace
        with self.change:
            self.jobs.pop(token, None)
        _let_go(job)
        return trace

    def cancel(self, token: str) -> None:
        """Drops a job, running or not; unknown tokens are ignored."""
        with self.change:
            job = self.jobs.pop(token, None)
            if job is None:
                return
            running = job.state == "running"
            if running or job.state == "waiting":
                _end(job, "cancelled")
            if not running:  # else the worker may be reading the photo, and lets it go
                _let_go(job)

    def _forget(self) -> None:
        """Drops what nobody has asked about for a while."""
        late = time.monotonic() - FORGOTTEN
        for token in [t for t, job in self.jobs.items() if job.asked < late]:
            self.cancel(token)

    def _next(self) -> Job:
        with self.change:
            while True:
                self._forget()
                for job in self._line()[:1]:
                    job.state = "running"
                    self.turns.serve(job.who)
                    return job
                self.change.wait(FORGOTTEN)

    def _serve(self) -> None:
        while True:
            self._run(self._next())
            give_back()

    def _run(self, job: Job) -> None:
        def progress(stage: str, share: float) -> None:
            if job.unwanted():
                raise Cancelled
            job.stage, job.share = stage, share

        try:
            trace = self.work(job, progress)
            self._make_room(len(trace))
            job.trace = trace
            _end(job, "done")
        except (Cancelled, Stopped):
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
        with self.change:
            if job.token not in self.jobs:  # cancelled meanwhile
                _let_go(job)

    def _make_room(self, size: int) -> None:
        """Drops the oldest traces that nobody took, so that another fits."""
        with self.change:
            done = [job for job in self.jobs.values() if job.trace is not None]
            total = size + sum(len(job.trace or b"") for job in done)
            for job in done:
                if total <= MOST_RESULTS:
                    break
                total -= len(job.trace or b"")
                job.state = "cancelled"
                _end(job, "cancelled")


def _end(job: Job, state: str) -> None:
    if job.state != "cancelled":
        job.state = state
    if job.state == "cancelled":
        job.trace = None
    job.ended.set()


def _let_go(job: Job) -> None:
    """The photo is needed no more."""
    data, job.data = job.data, None
    if data is not None and not isinstance(data, bytes):
        data.release()
