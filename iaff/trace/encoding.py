"""How the layers of a trace become bytes: label maps as PNG, photos as JPEG, gates rounded down."""

import base64
import io

import numpy as np
from PIL import Image

THUMBNAIL = 96  # px, height


def encode_png(labels: np.ndarray) -> np.ndarray:
    """``uint8 (rows, columns)`` or RGB -> PNG bytes as a ``uint8 (n,)`` array."""
    buffer = io.BytesIO()
    Image.fromarray(labels).save(buffer, "PNG", optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def decode_png(data: np.ndarray) -> np.ndarray:
    """The inverse of :func:`encode_png`."""
    return np.asarray(Image.open(io.BytesIO(data.tobytes()), formats=["PNG"]))


def encode_superpixels(ids: np.ndarray) -> np.ndarray:
    """Superpixel ids ``int (H, W)``, below 65,536, as the bytes of an RGB PNG."""
    rgb = np.stack([ids % 256, ids // 256, np.zeros_like(ids)], -1)
    return encode_png(rgb.astype(np.uint8))


def encode_photo(image: np.ndarray, quality: int = 88) -> np.ndarray:
    """A photo ``uint8 (H, W, 3)`` as the bytes of a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def decode_photo(data: np.ndarray) -> np.ndarray:
    """The inverse of :func:`encode_photo`, of JPEG or PNG bytes."""
    return np.asarray(Image.open(io.BytesIO(data.tobytes()), formats=["JPEG", "PNG"]).convert("RGB"))


def thumbnail(image: np.ndarray) -> str:
    """A small JPEG of a photo ``uint8 (H, W, 3)`` as a data URI."""
    small = Image.fromarray(image)
    small.thumbnail((10 * THUMBNAIL, THUMBNAIL))
    data = encode_photo(np.asarray(small), quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def palette_png(labels: np.ndarray) -> bytes:
    """Class ids ``uint8 (H, W)`` as a PNG whose colours are VOC's."""
    picture, buffer = Image.fromarray(labels, "P"), io.BytesIO()
    picture.putpalette(palette())
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def palette() -> list[int]:
    """The PASCAL VOC colours: 256 x RGB, the bits of the index spread over the three channels."""
    colours = []
    for index in range(256):
        colours += [sum((index >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3)) for channel in range(3)]
    return colours


def half_down(values: np.ndarray) -> np.ndarray:
    """Non-negative numbers up to 65,504 as float16, rounded towards 0, so that no sum of them ever grows.

    Written with whole numbers: numpy's own conversion rounds to the nearest, and takes ten times as long.
    """
    single = np.ascontiguousarray(values, np.float32)
    normal = (single.view(np.uint32) >> 13) - ((127 - 15) << 10)  # other exponents, and 13 bits of the fraction less
    small = (np.minimum(single, 2**-14) * 2**24).astype(np.uint32)  # below 2^-14 it counts in steps of 2^-24
    return np.where(single < 2**-14, small, normal).astype(np.uint16).view(np.float16)
