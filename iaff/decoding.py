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
from collections.abc import Callable
from contextlib import suppress

from iaff.errors import UserError
from iaff.pictures.photo import SIDE, SMALLEST, Photo
from iaff.pictures.worker import MEMORY, photo_of, read_message, write_message

SECONDS = 5  # that a photo may take
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
    with _Turn(cancelled) as decoder:
        return decoder.decode(data, name, side, smallest, cancelled)


class _Decoder:
    """One process, which decodes one photo after the other."""

    def __init__(self):
        command = [sys.executable, "-I", "-c", START, json.dumps(sys.path)]
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
            raise UserError(
                f"The process that decodes photos cannot be started ({error.strerror or error}). Expected Python at "
                f"{sys.executable}, and memory for one more process; end other programs."
            ) from error
        self.ready = False

    def decode(self, data: bytes, name: str, side: int, smallest: int, cancelled: Callable[[], bool]) -> Photo:
        if not self.ready:
            self._wait(self._reply, STARTING, name, cancelled)
            self.ready = True
        question = {"name": name, "side": side, "smallest": smallest}
        reply = self._wait(lambda: self._asked(question, data), SECONDS, name, cancelled)
        if reply is None:
            self.end()
            raise UserError(
                f"{name} broke its decoder: it is damaged. Open it in another program, and export it again."
            )
        about, pixels = reply
        if "memory" in about:
            raise UserError(
                f"{name}: decoding it needs more than {MEMORY / 1e6:.0f} MB of memory, which no photo should. Export it "
                "again as JPEG or PNG, or shrink it first."
            )
        if "error" in about:
            raise UserError(about["error"])
        return photo_of(about, pixels)

    def end(self) -> None:
        with suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                pipe.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def _asked(self, question: dict, data: bytes) -> tuple[dict, bytes] | None:
        write_message(self.process.stdin, question, data)
        return self._reply()

    def _reply(self) -> tuple[dict, bytes] | None:
        return read_message(self.process.stdout)

    def _wait(self, exchange: Callable, seconds: float, name: str, cancelled: Callable[[], bool]):
        """What ``exchange`` returns, or None where the process broke; ends the process where it takes too long.

        Pipes of every system can be read by a thread, and a thread that reads ends with the process.
        """
        results = []

        def run() -> None:
            with suppress(OSError, ValueError):  # the process has gone, and its pipe with it
                results.append(exchange())

        thread = threading.Thread(target=run, daemon=True, name="decoding")
        thread.start()
        late = time.monotonic() + seconds
        while thread.is_alive():
            thread.join(POLL)
            if cancelled():
                self.process.kill()
                thread.join()
                self.end()
                raise Stopped(name)
            if thread.is_alive() and time.monotonic() > late:
                self.process.kill()
                thread.join()
                self.end()
                raise UserError(
                    f"{name}: decoding it takes longer than {seconds} s, which no photo should. Export it again as JPEG "
                    "or PNG, or shrink it first."
                )
        return results[0] if results else None


class _Turn:
    """Waits for a decoder that is free, or starts one; those that live on are kept for the next."""

    free: list[_Decoder] = []
    turns = threading.BoundedSemaphore(AT_ONCE)

    def __init__(self, cancelled: Callable[[], bool]):
        self.cancelled = cancelled

    def __enter__(self) -> _Decoder:
        while not self.turns.acquire(timeout=POLL):
            if self.cancelled():
                raise Stopped
        try:
            self.decoder = self.free.pop() if self.free else _Decoder()
        except BaseException:
            self.turns.release()
            raise
        return self.decoder

    def __exit__(self, *error) -> None:
        if self.decoder.alive:
            self.free.append(self.decoder)
        self.turns.release()


def _forget() -> None:
    """A forked process must not write into the pipes of the one that it was forked from."""
    _Turn.free, _Turn.turns = [], threading.BoundedSemaphore(AT_ONCE)


def _end() -> None:
    while _Turn.free:
        _Turn.free.pop().end()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
