"""Pictures of strangers are decoded in a process of their own, which may take so long and so much memory, and no more.

A file of a few megabytes can keep a decoder busy for minutes, or ask it for gigabytes: a JPEG of thousands of scans, a
PNG of packed nothing. No check of its header finds them all, and no thread can be stopped. A process can, and nothing
that breaks in it breaks the program that asked.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from iaff.errors import UserError
from iaff.pictures.photo import MEMORY, SIDE, SMALLEST, Photo
from iaff.pictures.worker import photo_of, read_message, write_message

SECONDS = 4  # that a photo may take
STARTING = 60  # s that the process may take to start, on a slow disk
AT_ONCE = 2  # processes that decode
POLL = 0.05  # s between two looks whether anybody still waits

START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from iaff.pictures.worker import main; main()"


class Stopped(Exception):
    """Nobody waits for the photo any more."""


def read_photo_safely(
    data: bytes,
    name: str,
    side: int = SIDE,
    smallest: int = SMALLEST,
    cancelled: Callable[[], bool] = lambda: False,
) -> Photo:
    """As :func:`iaff.images.read_photo` of a file's bytes, for bytes that nobody vouches for; from any thread.

    Args:
        name: what to call it in errors.
        side: the longer side of the result, at most; smallest: its shorter side, at least, px.
        cancelled: asked about every 50 ms; once it says True, the decoder is ended.

    Raises:
        UserError: it is no photo that can be read, or it takes more time or memory than a photo may.
        Stopped: ``cancelled`` said so.
    """
    with _a_decoder(cancelled) as decoder:
        return decoder.decode(data, name, side, smallest, cancelled)


class _Decoder:
    """One process, which decodes one photo after the other."""

    def __init__(self):
        command = [sys.executable, "-I", "-c", START, json.dumps(list(map(str, sys.path)))]
        one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **one_thread},
            )
        except OSError as error:
            raise UserError(_not_started(error.strerror or str(error))) from error
        assert self.process.stdin
        assert self.process.stdout
        self.questions, self.answers = self.process.stdin, self.process.stdout
        self.ready = False

    def decode(self, data: bytes, name: str, side: int, smallest: int, cancelled: Callable[[], bool]) -> Photo:
        if not self.ready:
            if self._wait(lambda: read_message(self.answers), STARTING, cancelled) is None:
                self.end()
                raise UserError(_not_started("it ended at once, or took too long"))
            self.ready = True
        question = {"name": name, "side": side, "smallest": smallest}

        def exchange() -> tuple[dict, bytes] | None:
            write_message(self.questions, question, data)
            return read_message(self.answers)

        start = time.monotonic()
        answer = self._wait(exchange, SECONDS, cancelled)
        if answer is None:
            self.end()
            if time.monotonic() - start > SECONDS:
                raise UserError(
                    f"{name}: decoding it takes longer than {SECONDS} s, which no photo should. Export it again as "
                    "JPEG or PNG, or shrink it first."
                )
            raise UserError(
                f"{name} broke its decoder: it is damaged. Open it in another program, and export it again."
            )
        about, pixels = answer
        if "memory" in about:
            raise UserError(
                f"{name}: decoding it needs more than {MEMORY / 1e6:.0f} MB of memory, which no photo should. "
                "Export it again as JPEG or PNG, or shrink it first."
            )
        if "error" in about:
            raise UserError(about["error"])
        return photo_of(about, pixels)

    def end(self) -> None:
        with suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.questions, self.answers):
            with suppress(OSError):
                pipe.close()

    def _wait(
        self, exchange: Callable[[], tuple[dict, bytes] | None], seconds: float, cancelled: Callable[[], bool]
    ) -> tuple[dict, bytes] | None:
        """What ``exchange`` returns; None where the process broke, or was ended since it took too long.

        Pipes of every system can be read by a thread, and a thread that reads ends with the process. Whatever stops
        the waiting, an interruption too, ends the process: its answer must not be taken for that to the next question.
        """
        answers = []

        def run() -> None:
            with suppress(OSError, ValueError):  # the process has gone, and its pipes with it
                answers.append(exchange())

        thread = threading.Thread(target=run, daemon=True, name="decoding")
        thread.start()
        late = time.monotonic() + seconds
        try:
            while thread.is_alive():
                thread.join(POLL)
                if cancelled():
                    raise Stopped
                if thread.is_alive() and time.monotonic() > late:
                    self.process.kill()
                    thread.join()
        except BaseException:
            self.end()
            raise
        return answers[0] if answers else None


def _not_started(why: str) -> str:
    return (
        f"The process that decodes photos does not start ({why}). Expected Python at {sys.executable}, and memory for "
        "one more process; end other programs, or see iaff doctor."
    )


_free: list[_Decoder] = []
_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def _a_decoder(cancelled: Callable[[], bool]) -> Iterator[_Decoder]:
    """Waits for its turn, and takes a decoder that is free, or starts one; if it lives on, it is kept for the next."""
    turns = _turns
    while not turns.acquire(timeout=POLL):
        if cancelled():
            raise Stopped
    try:
        decoder = _free.pop() if _free else _Decoder()
        if decoder.process.poll() is not None:  # it was ended from outside
            decoder.end()
            decoder = _Decoder()
        try:
            yield decoder
        finally:
            if decoder.process.poll() is None:
                _free.append(decoder)
    finally:
        turns.release()


def _forget() -> None:
    """A forked process must not write into the pipes of the one that it was forked from."""
    global _free, _turns
    _free, _turns = [], threading.BoundedSemaphore(AT_ONCE)


def _end() -> None:
    while _free:
        _free.pop().end()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
