"""Which bytes of a picture's file are its pixels: a file of these alone is what gets decoded.

Comments, colour profiles, thumbnails, EXIF, XMP and the like are left out before any decoder sees them. However broken
they are, or however far they unpack, the pixels are read.
"""

import re
import struct
from dataclasses import dataclass, field

import numpy as np

from iaff.pictures.tags import ORIENTATION, TagFile

UNREADABLE = "Its EXIF data cannot be read: whether it is to be turned is not known."
ENDLESS = "Its end mark is missing; its pixels are complete."
UNPACKED = 1_000_000  # bytes of metadata that are unpacked, at most
MOST_BLOCKS = 500_000  # of a GIF that are walked through to count its frames


class Unsupported(ValueError):
    """A picture of a kind that is not read, or would be read wrongly; the message says which."""


class Damaged(ValueError):
    """A file of a kind that is read lacks what it must have; the message says what."""


@dataclass
class Container:
    """The pixels of a file, and what is known of the picture without decoding it."""

    kind: str  # Pillow's name of the format
    data: bytes  # a file of one picture, without metadata
    exif: bytes | None = None  # as TIFF's header begins it
    xmp: bytes = b""
    pictures: int = 1  # in the file; the first is taken
    moving: bool = False  # they are frames
    more: bool = False  # there may be more than were counted
    ended: bool = True  # it has the mark that ends such a file
    size: tuple[int, int] | None = None  # (width, height) in px, where opening it takes the memory of all pixels
    turn: int = 1  # its orientation, where a tag of the file itself says it
    layout: str = ""  # of the pixels, in words, where there are many
    bits: int = 0  # of each channel, where a tag says it
    inverted: bool = False  # white is the least value, which Pillow forgets beyond 8 bit
    numbers: np.dtype | None = None  # what the values of grey are, where Pillow's mode does not say it
    notes: list[str] = field(default_factory=list)

    def count_note(self) -> list[str]:
        """That there are other pictures."""
        if self.pictures < 2:
            return []
        what, least = "frames" if self.moving else "pictures", "at least " if self.more else ""
        return [f"The first of {least}{self.pictures:,} {what}."]

    def orientation(self) -> tuple[int, list[str]]:
        """How the picture is to be turned, as EXIF counts it, 1 where it is not; and a note where that is unknown."""
        if self.exif is not None:
            try:
                file = TagFile(self.exif)
                tags = file.read(file.first)
            except (ValueError, struct.error):
                return 1, [UNREADABLE]
            if ORIENTATION in tags.entries:
                return checked_orientation(tags.number(ORIENTATION, 0))
            if tags.cut:
                return 1, [UNREADABLE]
        if self.turn != 1:
            return self.turn, []
        found = re.search(rb'tiff:Orientation(?:="|>)(\d)', self.xmp[:UNPACKED])
        return checked_orientation(int(found[1])) if found else (1, [])


def checked_orientation(value: int) -> tuple[int, list[str]]:
    """An orientation as EXIF counts it, and a note where it is none."""
    if 1 <= value <= 8:
        return value, []
    return 1, [f"Its orientation is given as {value}, expected 1 to 8: it is not turned."]


def gif(data: bytes) -> Container:
    """A GIF of its first frame, and the block before it that says which colour is transparent.

    Raises:
        Damaged: there is no frame.
    """
    flags = data[10] if len(data) > 12 else 0
    at = 13 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    kept, control, first, frames, blocks = [data[:at]], b"", b"", 0, 0
    while at + 1 < len(data) and blocks < MOST_BLOCKS:
        start, kind = at, data[at]
        if kind == 0x21:  # an extension
            at += 2
        elif kind == 0x2C and at + 9 < len(data):  # a frame
            flags, frames = data[at + 9], frames + 1
            at += 11 + (3 << (flags & 7) + 1 if flags & 128 else 0)
        else:  # the end, or nothing that is known
            break
        while at < len(data) and data[at] and blocks < MOST_BLOCKS:
            at, blocks = at + 1 + data[at], blocks + 1
        at, blocks = at + 1, blocks + 1
        if kind == 0x21 and data[start + 1] == 0xF9 and not frames:
            control = data[start:at]
        if kind == 0x2C and not first:
            first = data[start:at]
    if not first:
        raise Damaged("it has no frame")
    kept += [control, first, b";"]
    return Container("GIF", b"".join(kept), None, b"", frames, moving=True, more=blocks >= MOST_BLOCKS)


def webp(data: bytes) -> Container:
    """A WebP of its pixels, of an animation with its first frame alone."""
    found, kept, frames, at = Container("WEBP", b"", moving=True), [], 0, 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        chunk = data[at : at + 8 + length + length % 2]
        at += len(chunk)
        frames += name == b"ANMF"
        found.size = found.size or webp_size(name, chunk[8:])
        if name == b"VP8X":  # without the flags of profile, EXIF and XMP
            chunk = chunk[:8] + bytes([chunk[8] & ~0x2C]) + chunk[9:] if length else chunk
        if name == b"EXIF":
            found.exif = chunk[8:].removeprefix(b"Exif\0\0")
        elif name == b"XMP ":
            found.xmp = chunk[8:]
        elif name in (b"VP8X", b"ANIM", b"ALPH", b"VP8 ", b"VP8L") or (name == b"ANMF" and frames == 1):
            kept.append(chunk)
    body = b"".join((b"WEBP", *kept))
    found.data, found.pictures = b"RIFF" + struct.pack("<I", len(body)) + body, max(1, frames)
    return found


def webp_size(name: bytes, body: bytes) -> tuple[int, int] | None:
    """(width, height) in px, where it is this chunk that says it."""
    if name == b"VP8X" and len(body) >= 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L" and len(body) >= 5:
        both = int.from_bytes(body[1:5], "little")
        return 1 + (both & 0x3FFF), 1 + (both >> 14 & 0x3FFF)
    if name == b"VP8 " and len(body) >= 10:
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


def avif(data: bytes) -> bytes:
    """An AVIF without EXIF data: other boxes say how it is to be turned, and broken EXIF data stops the decoder."""
    return re.sub(rb"(infe[\2\3]...(?:..|....)..)Exif", rb"\1none", data, flags=re.DOTALL)
