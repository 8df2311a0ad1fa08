"""What a photo is to the networks, and which files may be one."""

from dataclasses import dataclass

import numpy as np

SIDE = 352  # px, the longer side that networks and traces work at
SMALLEST = 32  # px, the shorter side at working size
MAX_PIXELS = 64_000_000  # of a file, before it is shrunk
MAX_BYTES = 100_000_000  # of a file


@dataclass(frozen=True)
class Photo:
    """A photo as the networks take it."""

    pixels: np.ndarray  # uint8 (H, W, 3) RGB, longer side at most SIDE px
    size: tuple[int, int]  # (width, height) of the source, px, after its EXIF rotation
    notes: tuple[str, ...] = ()  # what was done to it that the eye might miss
