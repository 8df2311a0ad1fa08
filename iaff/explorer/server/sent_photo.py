"""The photo of a question, decoded: another propagator, or another parameter, is asked about the same photo."""

from functools import lru_cache

import numpy as np

from iaff.decoding import read_photo_safely

LARGEST_SIDE = 2048  # px; what is larger is refused before it is decoded


@lru_cache(maxsize=2)
def decoded(data: bytes) -> np.ndarray:
    """A JPEG or PNG file's pixels, ``uint8 (H, W, 3)``; not to be written to.

    Raises:
        UserError: it is no photo that can be read.
    """
    return read_photo_safely(data, "The photo", side=LARGEST_SIDE, smallest=1).pixels
