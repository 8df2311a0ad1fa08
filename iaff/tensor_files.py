"""Files of tensors that know whether they are whole: safetensors, with a checksum of the file in its header.

A disk or a transfer that changes a byte of weights changes every result after it, and nothing else would say so.
"""

import json
import re
import zlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

CHECKSUM = re.compile(rb'"crc32":"([0-9a-f]{8})"')
NONE_YET = b"0" * 8  # in place of the checksum, while it is computed
LONGEST = 100_000_000  # bytes of a header, as safetensors has it


class Damaged(ValueError):
    """A file is not what was once written."""


def tensor_bytes(tensors: dict[str, Tensor]) -> bytes:
    """The bytes of a file of these tensors."""
    data = bytearray(save(tensors, {"crc32": NONE_YET.decode()}))
    place = _place(data)
    assert place, "it was just written"
    data[place] = f"{zlib.crc32(data):08x}".encode()
    return bytes(data)


def save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Writes a file of tensors; what is raised is what writing raises."""
    path.write_bytes(tensor_bytes(tensors))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file. One without a checksum, as older versions wrote them, is taken as it is.

    Raises:
        OSError: it cannot be read.
        Damaged: it is no safetensors file, is cut, or is not what was once written.
    """
    data = bytearray(path.read_bytes())
    if place := _place(data):
        said, data[place] = bytes(data[place]), NONE_YET
        if zlib.crc32(data) != int(said, 16):
            raise Damaged("its checksum is another than when it was written")
    try:
        return load(bytes(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise Damaged(str(error)) from error


def is_whole(path: Path) -> bool:
    """Whether a file is there and as long as its header says, which is seen without reading it all."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, LONGEST)))
        ends = [about["data_offsets"][1] for name, about in header.items() if name != "__metadata__"]
        return path.stat().st_size == 8 + length + max(ends, default=0)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _place(data: bytearray) -> slice | None:
    """Where the checksum stands in a file's header, if it has one."""
    header = 8 + int.from_bytes(data[:8], "little")
    found = CHECKSUM.search(data, 8, min(header, len(data)))
    return slice(*found.span(1)) if found else None
