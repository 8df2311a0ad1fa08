"""A picture's bytes -> RGB at the working size, or one sentence that says why not. In this very process."""

import io
import struct

import numpy as np
from PIL import Image, ImageOps, ImageSequence

from iaff.errors import UserError
from iaff.pictures.photo import MAX_PIXELS, Photo

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
READABLE = "a photo as JPEG, PNG, WebP, GIF, BMP, TIFF or PPM"


def decode(data: bytes, name: str, side: int, smallest: int) -> Photo:
    """The photo in a file's bytes; arguments and errors are those of :func:`iaff.images.read_photo`."""
    return prepare(_open(data, name), name, side, smallest)


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


def prepare(image: Image.Image, name: str, side: int, smallest: int) -> Photo:
    notes = []
    if getattr(image, "is_animated", False):
        notes.append("The first frame of an animation.")
        image = next(iter(ImageSequence.Iterator(image)))
    full = image.size
    image.draft(None, (4 * side, 4 * side))  # JPEG only: decodes a large photo at a fraction of its size
    try:
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
    return Photo(np.array(image), size, tuple(notes))


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
