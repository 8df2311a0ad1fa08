"""Files of tensors that know whether they are whole: safetensors, with a checksum of the file in its header.

A disk or a transfer that changes a byte of weights changes every result after it, and nothing else would say so. What a
training writes also says which part of a run it is (``weights/unary_1``), so that no file can take another's place.
"""

import re
import zlib
from pathlib import Path
from textwrap import shorten

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from iaff.json_text import parse_json

CHECKSUM = re.compile(rb'"crc32":"([0-9a-f]{8})"')
NONE_YET = b"0" * 8  # in place of the checksum, while it is computed


class Damaged(ValueError):
    """A file is not what was once written."""


def tensor_bytes(tensors: dict[str, Tensor], part: str = "") -> bytes:
    """The bytes of a file of these tensors; ``part`` says which of a run it is, see :func:`part_of`."""
    about = {"part": part} if part else {}
    data = bytearray(save(tensors, {"crc32": NONE_YET.decode(), **about}))
    place = _place(data)
    assert place, "it was just written"
    data[place] = f"{zlib.crc32(data):08x}".encode()
    return bytes(data)


def save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Writes a file of tensors; what is raised is what writing raises."""
    path.write_bytes(tensor_bytes(tensors, part_of(path)))


def part_of(path: Path) -> str:
    """What a file of a run is called in it: its folder there and its name, without endings."""
    return f"{path.parent.name}/{path.name.partition('.')[0]}"


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file. One without a checksum, as older versions wrote them, is taken as it is.

    Raises:
        OSError: it cannot be read.
        Damaged: it is no safetensors file, is cut, is not what was once written, or is another part of a run.
    """
    data = bytearray(path.read_bytes())
    place = _place(data)
    if place:
        said, data[place] = bytes(data[place]), NONE_YET
        if zlib.crc32(data) != int(said, 16):
            raise Damaged("its checksum is another than when it was written")
    try:
        tensors = load(bytes(data))
        about = parse_json(bytes(data[8 : 8 + int.from_bytes(data[:8], "little")])).get("__metadata__") or {}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise Damaged(shorten(str(error), 200)) from error
    if not place and about.keys() - {"format"}:  # a key of another name, which other programs write, says nothing
        raise Damaged("its checksum is not there")
    if about.get("part", part_of(path)) != part_of(path):
        raise Damaged(f"it was written as {about['part']}")
    return tensors


def _place(data: bytearray) -> slice | None:
    """Where the checksum stands in a file's header, if it has one."""
    header = 8 + int.from_bytes(data[:8], "little")
    found = CHECKSUM.search(data, 8, min(header, len(data)))
    return slice(*found.span(1)) if found else None
