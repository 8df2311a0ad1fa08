"""Pixels of any mode of Pillow as RGB of 8 bit."""

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageFile

from iaff.pictures.containers import Container, Unsupported

BAND = 2_000_000  # px that are converted at a time, so that a large picture is never twice in memory
NUMBERS = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
FLAT = 1 / 4  # of the range 0..2^k - 1: values that fill less of it do not begin at black


def to_rgb(image: Image.Image, factor: int, notes: list[str]) -> Image.Image:
    """RGB, shrunk by a whole factor in both directions; transparency is laid over white.

    Args:
        image: of any mode but ``NUMBERS``.
        notes: what was done is added to them.

    Raises:
        Unsupported: its mode cannot be converted.
    """
    convert, words = conversion(image)
    result, any_clear = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor))), False
    rows = max(1, BAND // image.width // factor) * factor
    for top in range(0, image.height, rows):
        part, clear = convert(image.crop((0, top, image.width, min(top + rows, image.height))))
        any_clear |= clear
        result.paste(part.reduce(factor) if factor > 1 else part, (0, top // factor))
    notes += words
    if any_clear:
        notes.append("Transparency is laid over white.")
    return result


def conversion(image: Image.Image) -> tuple[Callable[[Image.Image], tuple[Image.Image, bool]], list[str]]:
    """How to convert parts of a picture (to RGB, and whether something was transparent), and what is to be said."""
    mode = image.mode
    if mode in ("La", "RGBa"):  # colours that are multiplied by their opacity
        straight = {"La": "LA", "RGBa": "RGBA"}[mode]
        return lambda part: over_white(part.convert(straight)), []
    if mode in ("LA", "PA", "RGBA", "P") or "transparency" in image.info:
        return over_white, []
    if mode == "LAB":
        return lab_conversion(), []
    if mode not in ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"):
        raise Unsupported(f"pixels of mode {mode}")
    words = ["Converted from CMYK without its colour profile."] if mode == "CMYK" else []
    return lambda part: (part.convert("RGB"), False), words


def over_white(part: Image.Image) -> tuple[Image.Image, bool]:
    """A picture that may be transparent as RGB, and whether it was."""
    part = part.convert("RGBA")
    if np.asarray(part.getchannel("A")).min() == 255:
        return part.convert("RGB"), False
    return Image.alpha_composite(Image.new("RGBA", part.size, "white"), part).convert("RGB"), True


def lab_conversion() -> Callable[[Image.Image], tuple[Image.Image, bool]]:
    """CIELAB to RGB, by the colour management that Pillow may have been built with."""
    try:
        from PIL import ImageCms

        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(*profiles, "LAB", "RGB")
    except Exception as error:  # Pillow raises whatever it lacks
        raise Unsupported("pixels of mode LAB, for which this Pillow lacks LittleCMS") from error
    return lambda part: (ImageCms.applyTransform(part, transform) or part, False)


def grey(image: Image.Image, notes: list[str], found: Container | None = None) -> Image.Image:
    """Grey of more than 8 bit, or of floating-point numbers, as ``L``, scaled by its own range, which is said.

    Args:
        image: of one of the modes ``NUMBERS``, or ``L``.
        found: the file that it comes from, which may say more of its numbers than the mode does.

    Raises:
        Unsupported: some values are no numbers.
    """
    values, kind = np.asarray(image), found.numbers if found else None
    if kind is not None:
        values = values.view(kind) if kind.itemsize == values.itemsize else values.astype(kind)
    strange = values.size - int(np.isfinite(values).sum())
    if strange:
        raise Unsupported(f"floating-point numbers, of which {strange:,} are NaN or infinite")
    low, high = own_range(float(values.min()), float(values.max()), whole=values.dtype.kind != "f")
    bits = f"{(found and found.bits) or 8 * values.itemsize} bit"
    what = "floating-point numbers" if values.dtype.kind == "f" else bits
    notes.append(f"Grey of {what}, scaled by its own range {low:.10g}..{high:.10g}.")
    result = Image.new("L", image.size)
    for top, part in bands(values):
        part = scaled(part, low, high)
        result.paste(Image.fromarray(255 - part if found and found.inverted else part), (0, top))
    clear = values == image.info.get("transparency", math.nan)  # one value may be
    if clear.any():
        result.paste(255, (0, 0), Image.fromarray(clear))
        notes.append("Transparency is laid over white.")
    return result


def own_range(lowest: float, highest: float, whole: bool) -> tuple[float, float]:
    """What becomes black and what white, of pixels between these values.

    Whole numbers from 0: the range of the bits that they need, 0..4095 of values up to 4000; numbers 0..1 stay that.
    Where values are negative, or fill less than a quarter of it, or are other floating-point numbers: their own extent.
    """
    top = max(1.0, 2.0 ** math.ceil(math.log2(max(highest, 0) + 1)) - 1)
    natural = lowest >= 0 and (whole or highest <= 1) and (highest - lowest >= FLAT * top or highest == lowest)
    return (0.0, top) if natural else (lowest, highest)


def scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """``uint8``: low as 0, high as 255."""
    scale = 255 / (high - low) if high > low else 0
    return np.rint(np.clip((values.astype(np.float64) - low) * scale, 0, 255)).astype(np.uint8)


def bands(values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, rows) of an array, a part at a time."""
    rows = max(1, BAND // values.shape[1])
    for top in range(0, len(values), rows):
        yield top, values[top : top + rows]


def deep_rawmode(image: Image.Image) -> str | None:
    """How a file that is opened, but not decoded, stores colours of 16 bit; None where it does not."""
    args = image.tile[0].args if isinstance(image, ImageFile.ImageFile) and image.tile else ""
    raw = args if isinstance(args, str) else str((*(args or ()), "")[0])
    return raw if raw[-4:-1] == ";16" and image.mode not in NUMBERS else None


def halved(image: Image.Image) -> bool:
    """Whether no colour of a picture reaches half of 255."""
    colours = [image.getchannel(band) for band in image.getbands() if band != "A"]
    return all(np.asarray(colour).max() < 128 for colour in colours)


def deep_colours(upper: Image.Image, lower: ImageFile.ImageFile, raw: str, notes: list[str]) -> Image.Image:
    """Colours of 16 bit, of which Pillow keeps the upper eight: scaled by their own range, which is said.

    Args:
        upper: the picture, decoded; lower: the same, not yet decoded; raw: as :func:`deep_rawmode`.

    Raises:
        Unsupported: they are multiplied by their opacity, of which the lower eight bits cannot be had.
    """
    if raw.startswith("RGBa"):
        raise Unsupported("dark colours of 16 bit, multiplied by their opacity")
    # The same decoder, told that the bytes lie the other way round, gives the lower eight bits; of two channels, told
    # that they are four, it gives all.
    least_last = raw[-1] == "B" or (raw[-1] == "N" and sys.byteorder == "big")
    swapped = "RGBA" if raw == "LA;16B" else raw[:-1] + ("L" if least_last else "B")
    for i, tile in enumerate(lower.tile):
        args = (swapped, *tile.args[1:]) if isinstance(tile.args, tuple) else swapped
        lower.tile[i] = tile._replace(args=args)
    high, low = np.asarray(upper), np.asarray(lower)
    if raw == "LA;16B":
        high, low = low[..., [0, 0, 0, 2]], low[..., [1, 1, 1, 3]]
    values = high.astype(np.uint16) << 8 | low
    opacity = values[..., 3] if upper.mode == "RGBA" else np.full(values.shape[:2], 65535, np.uint16)
    if "transparency" in upper.info:  # one colour is
        opacity[(values == upper.info["transparency"]).all(-1)] = 0
    colours = values if upper.mode == "CMYK" else values[..., :3]
    top = own_range(0, float(colours.max()), whole=True)[1]
    if top < 65535:
        notes.append(f"Colours of 16 bit, scaled by their own range 0..{top:.0f}.")
    result = scaled(colours, 0, top)
    if upper.mode == "CMYK":
        return Image.frombytes("CMYK", upper.size, result.tobytes())
    if opacity.min() == 65535:
        return Image.fromarray(result)
    alpha = scaled(opacity, 0, top if opacity.max() <= top else 65535)
    return Image.fromarray(np.dstack((result, alpha)))
