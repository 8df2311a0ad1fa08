"""What a photo is to the networks, and which files may be one."""

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

SIDE = 352  # px, the longer side that networks and traces work at
SMALLEST = 32  # px, the shorter side at working size
MAX_PIXELS = 64_000_000  # of a file, before it is shrunk
MAX_BYTES = 100_000_000  # of a file
MEMORY = 500_000_000  # bytes that decoding one may take
MAX_WEBP = 30_000_000  # px: WebP's decoder takes 16 bytes for each
READABLE = "a photo as JPEG, PNG, WebP, GIF, BMP, TIFF or PPM"

# By these names photos are found in a folder; HEIC among them, so that it is refused by name and not passed over.
SUFFIXES = frozenset(
    f".{ending}"
    for endings in (
        ("jpg", "jpeg", "jpe", "jif", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff"),
        ("ppm", "pgm", "pbm", "pnm", "avif", "heic", "heif", "hif", "jp2", "j2k", "jpf", "jpx"),
    )
    for ending in endings
)


def is_photo_file(path: PurePath) -> bool:
    """Whether a file's name says that it is a photo: hidden files, as the ``._a.jpg`` of macOS, are none."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


@dataclass(frozen=True)
class Photo:
    """A photo as the networks take it."""

    pixels: np.ndarray  # uint8 (H, W, 3) RGB, longer side at most SIDE px
    size: tuple[int, int]  # (width, height) of the source, px, after its EXIF rotation
    notes: tuple[str, ...] = ()  # what was done to it that the eye might miss
    orientation: int = 1  # of the stored pixels, as EXIF counts it (1: upright), which was undone
