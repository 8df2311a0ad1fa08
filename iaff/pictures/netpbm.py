"""PGM and PPM (netpbm's grey and colour), of any number of grey levels: Pillow reads most of them one by one."""

import re
from typing import NamedTuple

import numpy as np

from iaff.pictures.containers import Damaged

TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*(\d{1,9})(?=\s)")
CHANNELS = {b"P2": 1, b"P3": 3, b"P5": 1, b"P6": 3}


class Header(NamedTuple):
    """What stands before the pixels."""

    width: int
    height: int
    highest: int  # the value of white
    channels: int
    end: int  # where the pixels begin


def netpbm_header(data: bytes) -> Header:
    """The header of a PGM or PPM.

    Raises:
        Damaged: it is malformed.
    """
    at, numbers = 2, []
    for _ in range(3):
        found = TOKEN.match(data, at)
        if not found:
            raise Damaged("its header is malformed")
        numbers.append(int(found[1]))
        at = found.end()
    width, height, highest = numbers
    if not width or not height or not 0 < highest < 65536:
        raise Damaged(f"its header gives {width} x {height} px and {highest} as white")
    return Header(width, height, highest, CHANNELS[data[:2]], at + 1)


def netpbm_pixels(data: bytes, header: Header) -> np.ndarray:
    """The pixels, ``uint8 (H, W)`` or ``(H, W, 3)``, white scaled to 255.

    Raises:
        Damaged: pixels are missing, or above white.
    """
    count = header.width * header.height * header.channels
    if data[:2] in (b"P2", b"P3"):
        values = np.fromstring(data[header.end :].decode("ascii", "replace"), dtype=np.int64, count=count, sep=" ")
    else:
        kind = np.dtype(np.uint8 if header.highest < 256 else ">u2")
        values = np.frombuffer(data, kind, min(count, (len(data) - header.end) // kind.itemsize), header.end)
    if len(values) < count:
        raise Damaged(f"{count - len(values):,} of its {count:,} values are missing")
    if values.max() > header.highest or values.min() < 0:
        raise Damaged(f"it holds the value {values.max()}, but gives {header.highest} as white")
    table = np.round(np.arange(header.highest + 1) * (255 / header.highest)).astype(np.uint8)
    shape = (header.height, header.width, 3)[: 2 + (header.channels == 3)]
    return table[values].reshape(shape)
