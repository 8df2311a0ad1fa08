"""Gives memory back to the system. The C library keeps what was freed, in a pool for each thread that asked; of large
computations in turns that is half a gigabyte that nobody uses."""

import ctypes
from contextlib import suppress
from functools import cache

ARENA_MAX, ARENAS = -8, 2  # mallopt's name for the number of pools; Python's threads run one at a time anyway


def few_pools() -> None:
    """Threads that begin from now on share a few pools. Does nothing where the C library is not glibc."""
    with suppress(OSError, AttributeError):
        _library().mallopt(ARENA_MAX, ARENAS)


def give_back() -> None:
    """Returns what is free, in some milliseconds. Does nothing where the C library is not glibc."""
    with suppress(OSError, AttributeError):
        _library().malloc_trim(0)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL("libc.so.6")
