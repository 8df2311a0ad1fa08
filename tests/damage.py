"""Damage: files of a run, of a trace or of weights with something in them changed, cut or exchanged."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../x.safetensors",
    "\ud800",
    "a" * 5000,
    [],
    [[]],
    [None],
    ["x"],
    {},
    {"a": {}},
    {"": None},
]


def places(content: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every place in a JSON document; of a long list the first three entries."""
    yield path
    entries = (
        content.items() if isinstance(content, dict) else enumerate(content[:3] if isinstance(content, list) else [])
    )
    for key, value in entries:
        yield from places(value, (*path, key))


def changed(content: Any, path: tuple, value: Any) -> Any:
    """A copy of a JSON document with another value at that place."""
    if not path:
        return value
    copy = json.loads(json.dumps(content))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def split_safetensors(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the rest of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined_safetensors(header: Any, rest: bytes) -> bytes:
    """The file of a header, as JSON or as bytes that are to stand there."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + rest


def flipped(data: bytes, generator: np.random.Generator) -> bytes:
    """A copy with one bit changed."""
    copy = bytearray(data)
    copy[generator.integers(len(copy))] ^= 1 << generator.integers(8)
    return bytes(copy)
