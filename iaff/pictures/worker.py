"""The process that decodes pictures of strangers: ``iaff.decoding`` starts it, and ends it where it takes too long.

It is asked on its standard input and answers on its standard output, one photo after the other: a line of JSON, then
as many bytes as that line says.
"""

import json
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import IO

import numpy as np

from iaff.errors import UserError
from iaff.pictures.decode import decode
from iaff.pictures.photo import MEMORY, Photo


def main() -> None:
    """Answers until its input ends, which is when whoever asks has gone."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a decoder prints must not come among the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that asks
    warnings.simplefilter("ignore")  # Pillow's: whoever asks is told by notes and errors
    limit_memory()
    write_message(answers, {"ready": True})
    while (asked := read_message(questions)) is not None:
        about, data = asked
        write_message(answers, *answer(about, data))


def answer(about: dict, data: bytes) -> tuple[dict, bytes]:
    """The answer to one question: an error's sentence, or what a photo is, and its pixels."""
    name = about["name"]
    try:
        photo = decode(data, name, about["side"], about["smallest"])
    except UserError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {"memory": True}, b""
    about = {"size": photo.size, "shape": photo.pixels.shape, "notes": photo.notes, "orientation": photo.orientation}
    return about, photo.pixels.tobytes()


def photo_of(about: dict, data: bytes) -> Photo:
    """The photo of an answer."""
    pixels = np.frombuffer(data, np.uint8).reshape(about["shape"]).copy()
    return Photo(pixels, tuple(about["size"]), tuple(about["notes"]), about["orientation"])


def write_message(stream: IO[bytes], about: dict, data: bytes = b"") -> None:
    """A line of JSON, and the bytes that belong to it."""
    stream.write(json.dumps({**about, "bytes": len(data)}).encode() + b"\n")
    stream.write(data)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict, bytes] | None:
    """What :func:`write_message` wrote; None where the other side has gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    about = json.loads(line)
    data = stream.read(about["bytes"])
    return (about, data) if len(data) == about["bytes"] else None


def limit_memory() -> None:
    """Lets allocations fail that go beyond what the process has taken to start, and ``MEMORY``.

    Where the system knows no such limit, that of time is left.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", "rb") as file:
            limit = int(file.read().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
