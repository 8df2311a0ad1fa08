"""JPEG (ITU-T T.81): its pixels without metadata, and whether a file that lacks its end is whole."""

import struct
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from iaff.pictures.containers import Container, Damaged
from iaff.pictures.tags import TagFile

END = b"\xff\xd9"
LAST = 8  # bytes, without which a picture must be another
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
NEEDED = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD}


def jpeg(data: bytes) -> Container:
    """A JPEG of what decides the pixels: frame, tables, scans, and the two segments that say which colours they are.

    Raises:
        Damaged: there is no scan.
    """
    kept, exif, xmp, pictures = [data[:2]], [], b"", 1
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : end]
        if marker == 0xE1 and body.startswith(b"Exif\0"):
            exif.append(body[6:])
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            xmp = body
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            pictures = mpf_pictures(data, start + 8)
        colours = (marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14) or (
            marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12
        )
        if colours or marker in NEEDED:
            kept.append(data[start:end])
    ended = END in kept[-1]
    return Container("JPEG", b"".join(kept), b"".join(exif) if exif else None, xmp, pictures, ended=ended)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to the first scan, which is taken to reach to the end of the file."""
    at = 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data) or data[at + 1] == 0xD9:
            raise Damaged("it has no scan")
        marker = data[at + 1]
        if marker == 0xDA:
            yield marker, at, len(data)
            return
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # no segment, or one of no length
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        yield marker, at, end
        at = end


def mpf_pictures(data: bytes, start: int) -> int:
    """How many pictures a file of several holds (CIPA DC-007), counting those that are there; ``start`` of its tags."""
    try:
        file = TagFile(data[start : start + 65_536])
        tags = file.read(file.first)
        table = struct.unpack_from(f"{file.order}I", tags.entries[0xB002], 8)[0]
        places = [
            struct.unpack_from(f"{file.order}I", file.data, table + 16 * i + 8)[0]
            for i in range(min(tags.number(0xB001, 1), 1000))
        ]
    except (ValueError, KeyError, struct.error):
        return 1
    return 1 + sum(place > 0 and data.startswith(b"\xff\xd8", start + place) for place in places)


def with_end(data: bytes, decode: Callable[[bytes], Image.Image]) -> Image.Image | None:
    """The picture in a JPEG that lacks its end mark; None unless it is certain that all of its pixels are there.

    A decoder makes up what is missing. But pixels that are all there are the same whatever follows them, and are others
    if the last bytes are. So it is decoded three times: followed by the end, followed by noise, and ending in noise.
    """
    body = data.rstrip(b"\0")  # a download that was cut may be filled up with zeros
    body = body + b"\0" if body.endswith(b"\xff") and len(body) < len(data) else body.rstrip(b"\xff")
    if not all_scans(body):
        return None
    noise = np.random.default_rng(0).integers(1, 255, (8, 4096), np.uint8)
    follow = b"".join(part.tobytes() + bytes([0xFF, 0xD0 + i]) for i, part in enumerate(noise))  # with restart marks
    try:
        image, followed = decode(body + END), decode(body + follow + END)
        if image.tobytes() != followed.tobytes():
            return None
        spoilt = decode(body[:-LAST] + follow + END)
    except OSError:
        return None
    return None if image.tobytes() == spoilt.tobytes() else image


def all_scans(data: bytes) -> bool:
    """Whether a progressive JPEG has every bit of every coefficient: it is refined from scan to scan."""
    frame = next((start for marker, start, _ in jpeg_segments(data) if marker in FRAMES), None)
    if frame is None:
        return False
    wanted = {data[frame + 10 + 3 * i] for i in range(data[frame + 9])}
    coarse = {(component, k) for component in wanted for k in range(64)}
    at = data.find(b"\xff\xda")
    while at >= 0:
        count = data[at + 4]
        first, last, bits = data[at + 5 + 2 * count : at + 8 + 2 * count]
        done = {(component, k) for component in data[at + 5 : at + 5 + 2 * count : 2] for k in range(first, last + 1)}
        coarse = coarse | done if bits & 15 else coarse - done
        at = data.find(b"\xff\xda", at + 2)
    return not coarse & {(component, k) for component in wanted for k in range(64)}
