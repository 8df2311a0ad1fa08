"""PNG: its pixels without metadata."""

import re
import struct
import zlib
from collections.abc import Iterator

from iaff.pictures.containers import Container

PNG = b"\x89PNG\r\n\x1a\n"
UNPACKED = 1_000_000  # bytes of metadata that are unpacked, at most


def png(data: bytes) -> Container:
    """A PNG of its header, palette, transparency and pixels."""
    found = Container("PNG", b"", ended=False)
    kept, frames, animated, alone = [PNG], 0, False, True  # alone: the picture is none of the frames
    for name, start, end in png_chunks(data):
        body = data[start + 8 : end - 4]
        whole = end <= len(data)
        if name == b"IEND":
            found.ended = True
            break
        if name in (b"IHDR", b"PLTE", b"IDAT") or (name == b"tRNS" and transparent(data[start:end], data[25:26])):
            kept.append(data[start:end])
        elif name == b"tRNS":
            found.notes = ["What is said of its transparency is damaged, and left out."]
        elif not whole:
            break
        elif name == b"acTL":
            animated = True
        elif name == b"fcTL":
            frames, alone = frames + 1, alone and kept[-1][4:8] == b"IDAT"
        elif name == b"eXIf":
            found.exif = body.removeprefix(b"Exif\0\0")
        elif name in (b"iTXt", b"zTXt", b"tEXt"):
            png_text(name, body, found)
    found.data = b"".join((*kept, png_chunk(b"IEND")))
    if animated:
        found.pictures, found.moving = frames + alone, not alone
    return found


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk; the last may end beyond the file."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at, at + 12 + length
        at += 12 + length


def png_chunk(name: bytes, body: bytes = b"") -> bytes:
    """A chunk with its check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def transparent(chunk: bytes, colours: bytes) -> bool:
    """Whether a chunk of transparency is whole, and fits the colours of the header (0 grey, 2 RGB, 3 a palette)."""
    fits = len(chunk) - 12 in {b"\0": {2}, b"\2": {6}, b"\3": range(1, 257)}.get(colours, ())
    return fits and chunk[-4:] == struct.pack(">I", zlib.crc32(chunk[4:-4]))


def png_text(name: bytes, body: bytes, found: Container) -> None:
    """Adds XMP, or the EXIF data that ImageMagick writes as hexadecimal text."""
    keyword, _, rest = body.partition(b"\0")
    if keyword not in (b"XML:com.adobe.xmp", b"Raw profile type exif"):
        return
    packed = name == b"zTXt" or (name == b"iTXt" and rest[:1] == b"\1")
    if name == b"iTXt":  # two flags, then two more texts
        rest = rest[2:].split(b"\0", 2)[-1]
    elif packed:
        rest = rest[1:]
    try:
        text = zlib.decompressobj().decompress(rest, UNPACKED) if packed else rest[:UNPACKED]
    except zlib.error:
        text = b""
    if keyword == b"XML:com.adobe.xmp":
        found.xmp = text
    elif found.exif is None:
        digits = b"".join(text.split()[2:])  # after the profile's name and its length
        exif = bytes.fromhex(digits[: len(digits) // 2 * 2].decode()) if re.fullmatch(rb"[0-9a-fA-F]*", digits) else b""
        found.exif = exif.removeprefix(b"Exif\0\0")
