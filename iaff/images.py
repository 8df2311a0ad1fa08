"""Photos of any kind -> RGB at the working size, or one sentence that says why not."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iaff.arrays import plain_array
from iaff.decoding import read_photo_safely
from iaff.errors import UserError
from iaff.pictures.decode import prepare
from iaff.pictures.photo import MAX_BYTES, READABLE, SIDE, SMALLEST, SUFFIXES, Photo, is_photo_file
from iaff.places import expanded

__all__ = ["SIDE", "SMALLEST", "SUFFIXES", "Photo", "Source", "is_photo_file", "read_photo"]

Source = str | Path | bytes | np.ndarray | Image.Image | Photo


def read_photo(source: Source, name: str | None = None, side: int = SIDE, smallest: int = SMALLEST) -> Photo:
    """Reads, turns, converts and shrinks a photo.

    EXIF rotation is applied, transparency is laid over white, 16-bit grey is scaled to 8 bit, of an animation the
    first frame is taken; a photo larger than ``side`` px is shrunk, a smaller one stays as it is.

    Args:
        source: a path, the bytes of a file, a PIL image, ``uint8 (H, W, 3)`` or ``(H, W)``, or a :class:`Photo`.
        name: what to call it in errors (default: the path).
        side: the longer side of the result, at most; smallest: its shorter side, at least, px.

    Raises:
        UserError: what was got, what was expected, and what to do.
    """
    if isinstance(source, Photo):
        return source
    if hasattr(source, "__array__") and not isinstance(source, Image.Image):
        return prepare(_from_array(source, name or "The array"), name or "The array", side, smallest)
    if isinstance(source, Image.Image):
        return prepare(source, name or "The picture", side, smallest)
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, name = bytes(source), name or "The photo"
    elif isinstance(source, (str, os.PathLike)):
        data, name = _bytes(expanded(source), name)
    else:
        raise UserError(
            f"{name or 'The photo'}: got {type(source).__name__}, expected a path, the bytes of a file, a PIL image or "
            "a uint8 array (H, W, 3)."
        )
    return read_photo_safely(data, name, side, smallest)


def _from_array(given: Any, name: str) -> Image.Image:
    try:
        array = plain_array(name, given)
    except ValueError as error:
        raise UserError(f"{error}. Give uint8 (H, W, 3) RGB or uint8 (H, W) grey.") from error
    grey, rgb = array.ndim == 2, array.ndim == 3 and array.shape[-1] == 3
    bytes_alone = array.dtype.kind in "iu" and array.size and array.min() >= 0 and array.max() <= 255
    if not bytes_alone or not (grey or rgb):
        raise UserError(
            f"{name}: got {array.dtype} {array.shape}, expected uint8 (H, W, 3) RGB or uint8 (H, W) grey. "
            "Scale values to 0..255 and put the channels last."
        )
    return Image.fromarray(array.astype(np.uint8))


def _bytes(path: Path, name: str | None) -> tuple[bytes, str]:
    name = name or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UserError(
                f"{name}: got {size / 1e6:,.0f} MB, expected at most {MAX_BYTES / 1e6:.0f} MB. Shrink it first, or "
                "save it as JPEG or PNG."
            )
        return path.read_bytes(), name
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Expected {READABLE}; check the path.") from None
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(f"{path} cannot be read: {why}. Expected {READABLE}.") from error
