"""Photos of any kind -> RGB at the working size, or one sentence that says why not."""

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, ImageSequence

from iaff.errors import UserError
from iaff.places import expanded

SIDE = 352  # px, the longer side that networks and traces work at
SMALLEST = 32  # px, the shorter side at working size
MAX_PIXELS = 64_000_000  # of a file, before it is shrunk
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
READABLE = "a photo as JPEG, PNG, WebP, GIF, BMP, TIFF or PPM"


@dataclass(frozen=True)
class Photo:
    """A photo as the networks take it."""

    pixels: np.ndarray  # uint8 (H, W, 3) RGB, longer side at most SIDE px
    size: tuple[int, int]  # (width, height) of the source, px, after its EXIF rotation
    notes: tuple[str, ...] = ()  # what was done to it that the eye might miss
    orientation: int = 1  # that EXIF gives the stored pixels, 1..8; 1: as they are


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
    if isinstance(source, np.ndarray):
        return _prepare(_from_array(source, name or "The array"), name or "The array", side, smallest)
    if isinstance(source, Image.Image):
        return _prepare(source, name or "The picture", side, smallest)
    data, name = (source, name or "The photo") if isinstance(source, bytes) else _bytes(expanded(source), name)
    return _prepare(_open(data, name), name, side, smallest)


def _from_array(array: np.ndarray, name: str) -> Image.Image:
    grey, rgb = array.ndim == 2, array.ndim == 3 and array.shape[-1] == 3
    if array.dtype != np.uint8 or not (grey or rgb) or 0 in array.shape:
        raise UserError(
            f"{name}: got {array.dtype} {array.shape}, expected uint8 (H, W, 3) RGB or uint8 (H, W) grey. "
            "Scale values to 0..255 and put the channels last."
        )
    return Image.fromarray(array)


def _bytes(path: Path, name: str | None) -> tuple[bytes, str]:
    try:
        return path.read_bytes(), name or str(path)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Expected {READABLE}; check the path.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}. Expected {READABLE}.") from error


def _open(data: bytes, name: str) -> Image.Image:
    if not data:
        raise UserError(f"{name} is empty (0 bytes). Expected {READABLE}; save or copy it again.")
    if data[4:8] == b"ftyp":  # the container of HEIC, HEIF, AVIF and of films
        kind = data[8:12].decode("ascii", "replace").strip()
        raise UserError(
            f"{name}: got a file of type {kind!r} (HEIC, AVIF or a film). Expected {READABLE}; export it so."
        )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{name}: got far more than {MAX_PIXELS:,} pixels, which is the most. Shrink it first."
        ) from error
    except Exception as error:  # a broken header: Pillow's readers raise whatever they stumble upon
        raise UserError(
            f"{name} is not a picture that can be read. Got {_looks(data)}; expected {READABLE}."
        ) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UserError(
            f"{name}: got {width:,} x {height:,} px ({width * height / 1e6:.0f} million pixels), "
            f"expected at most {MAX_PIXELS / 1e6:.0f} million. Shrink it first."
        )
    return image


def _looks(data: bytes) -> str:
    """What an unreadable file seems to be, in words."""
    head = data[:64].decode("utf-8", "ignore")
    text = len(head) > 8 and all(c.isprintable() or c in "\t\r\n" for c in head)
    return f"text ({head[:24]!r} ...)" if text else f"{len(data):,} bytes of another or a damaged kind"


def _prepare(image: Image.Image, name: str, side: int, smallest: int) -> Photo:
    notes = []
    if getattr(image, "is_animated", False):
        notes.append("The first frame of an animation.")
        image = next(iter(ImageSequence.Iterator(image)))
    full = image.size
    image.draft(None, (4 * side, 4 * side))  # JPEG only: decodes a large photo at a fraction of its size
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        image = _rgb(ImageOps.exif_transpose(image), notes)
    except UserError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon
        what = "is cut short or damaged" if isinstance(error, (OSError, struct.error)) else "is damaged"
        raise UserError(f"{name} {what} ({error}). Expected {READABLE}, whole; copy or export it again.") from error
    turned = (image.width > image.height) != (full[0] > full[1])
    size = (full[1], full[0]) if turned else full
    _check_shape(size, name, side, smallest)
    if max(image.size) > side:
        scale = side / max(size)
        small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        image = image.resize(small, Image.Resampling.LANCZOS, reducing_gap=3)
        notes.append(f"Shrunk from {size[0]} x {size[1]} px.")
    return Photo(np.array(image), size, tuple(notes), orientation if orientation in range(1, 9) else 1)


def _check_shape(size: tuple[int, int], name: str, side: int, smallest: int) -> None:
    width, height = size
    shorter = min(size) * min(1, side / max(size))
    if shorter < smallest:
        raise UserError(
            f"{name}: got {width} x {height} px, which leaves {max(1, round(shorter))} px for the shorter side at the "
            f"working size of {side} px; expected at least {smallest}. Crop it, or give a larger photo."
        )


def _rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Any mode of Pillow as RGB."""
    if image.mode.startswith("I;16") or image.mode == "I":
        notes.append("16-bit grey, scaled to 8 bit.")
        return Image.fromarray((np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise UserError("Got a picture of floating-point numbers; expected 8 or 16 bit a channel. Export it so.")
    if image.mode == "P" or "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        if np.asarray(image.getchannel("A")).min() < 255:
            notes.append("Transparency is laid over white.")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode == "CMYK":
        notes.append("Converted from CMYK without its colour profile.")
    return image.convert("RGB")
