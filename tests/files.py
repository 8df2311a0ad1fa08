"""Picture files byte by byte, for what no program writes: TIFF of any tags, PNG of any chunks, JPEG of any segments."""

import struct
import zlib

import numpy as np

TAGS = {"size": 256, "bits": 258, "compression": 259, "colours": 262, "samples": 277, "planes": 284, "format": 339}
TAGS |= {"kind": 254, "orientation": 274, "subsampling": 530, "extra": 338}


def tiff(
    pixels: bytes,
    width: int,
    height: int,
    order: str = "<",
    pages: int = 1,
    rest: bytes = b"",
    strips: int | list[int] = 1,
    **tags: int | list[int],
) -> bytes:
    """A TIFF of one or more directories that all show the same.

    Args:
        rest: entries of 12 bytes each, beside those that are needed.
        strips: how many of equal size, each one channel; or the places of some, each as long as ``pixels``.
    """
    if isinstance(strips, list):
        places, size, rows = strips, len(pixels), height // len(strips)
    else:
        size, rows = len(pixels) // strips, height
        places = [8 + i * size for i in range(strips)]
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(pixels)) + pixels
    for page in range(pages):
        values = {256: width, 257: height, 273: places, 278: rows, 279: [size] * len(places)}
        values |= {TAGS[name]: value for name, value in tags.items()}
        entries, far = [], b""
        after = len(data) + 2 + 12 * len(values) + len(rest) + 4
        for tag, value in sorted(values.items()):
            numbers = value if isinstance(value, (list, tuple)) else [value]
            kind, form = (4, "I") if tag < 258 or tag in (273, 278, 279) else (3, "H")
            packed = struct.pack(f"{order}{len(numbers)}{form}", *numbers)
            if len(packed) > 4:
                packed, far = struct.pack(order + "I", after + len(far)), far + packed
            entries.append(struct.pack(order + "HHI", tag, kind, len(numbers)) + packed.ljust(4, b"\0"))
        following = after + len(far) if page + 1 < pages else 0
        count = struct.pack(order + "H", len(values) + len(rest) // 12)
        data += count + b"".join(entries) + rest + struct.pack(order + "I", following) + far
    return data


def tiff_of(array: np.ndarray, order: str = "<", compressed: bool = False, **tags) -> bytes:
    """A TIFF of an array (H, W) or (H, W, C), with the bytes in the given order."""
    pixels = array.astype(array.dtype.newbyteorder(order)).tobytes()
    samples = 1 if array.ndim == 2 else array.shape[2]
    form = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    about = {"bits": [8 * array.dtype.itemsize] * samples, "colours": 1 if samples == 1 else 2, "samples": samples}
    about |= {"format": form, "compression": 8 if compressed else 1, **tags}
    return tiff(zlib.compress(pixels) if compressed else pixels, *array.shape[1::-1], order, **about)


def png_chunk(name: bytes, body: bytes = b"", wrong: bool = False) -> bytes:
    """A chunk, perhaps with a wrong check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ wrong)


def png_of(array: np.ndarray, *chunks: bytes, colours: int | None = None) -> bytes:
    """A PNG of an array of 8 or 16 bit, with chunks between the header and the pixels."""
    channels = 1 if array.ndim == 2 else array.shape[2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels] if colours is None else colours
    header = struct.pack(">IIBBBBB", *array.shape[1::-1], 8 * array.dtype.itemsize, kind, 0, 0, 0)
    rows = array.astype(array.dtype.newbyteorder(">")).reshape(len(array), -1)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", pixels), png_chunk(b"IEND"))
    )


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def exif(orientation: int, kind: int = 3) -> bytes:
    """EXIF data of nothing but an orientation."""
    value = struct.pack("<H" if kind == 3 else "<I", orientation).ljust(4, b"\0")
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", 274, kind, 1) + value + bytes(4)


def zeros(size: int) -> bytes:
    """So many zeros, packed."""
    packer, block = zlib.compressobj(9), bytes(10_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
