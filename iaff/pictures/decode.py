"""A picture's bytes -> RGB at the working size, or one sentence that says why not. In this very process."""

import io
import struct

import numpy as np
from PIL import Image, ImageFile, features

from iaff.errors import UserError
from iaff.pictures import containers, jpeg, png
from iaff.pictures.containers import ENDLESS, UNREADABLE, Container, Damaged, Unsupported, checked_orientation
from iaff.pictures.netpbm import netpbm_header, netpbm_pixels
from iaff.pictures.photo import MAX_PIXELS, MAX_WEBP, READABLE, Photo
from iaff.pictures.rgb import NUMBERS, deep_colours, deep_rawmode, grey, halved, to_rgb
from iaff.pictures.tags import ORIENTATION
from iaff.pictures.tiff import native, tiff

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf"}
JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")


def decode(data: bytes, name: str, side: int, smallest: int) -> Photo:
    """The photo in a file's bytes; arguments and errors are those of :func:`iaff.images.read_photo`."""
    if not data:
        raise UserError(f"{name} is empty (0 bytes). Expected {READABLE}; save or copy it again.")
    try:
        if data[:2] in (b"P2", b"P3", b"P5", b"P6"):
            return _netpbm(data, name, side, smallest)
        found = container(data)
        if found.size:
            _check_pixels(found.size, name, MAX_WEBP)
        image = _open(found)
    except (UserError, MemoryError):
        raise
    except Unsupported as error:
        raise _unsupported(name, error) from error
    except Damaged as error:
        raise _damaged(name, error) from error
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{name}: got far more than {MAX_PIXELS:,} pixels, which is the most. Shrink it first."
        ) from error
    except Exception as error:  # a broken header: Pillow's readers raise whatever they stumble upon
        raise UserError(
            f"{name} is not a picture that can be read. Got {_looks(data)}; expected {READABLE}."
        ) from error
    _check_pixels(image.size, name)
    return prepare(image, name, side, smallest, found)


def container(data: bytes) -> Container:
    """What kind of file it is, and its pixels.

    Raises:
        Unsupported: it is of a kind that is not read.
        Damaged: it lacks what such a file must have.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return jpeg.jpeg(data)
    if data.startswith(png.PNG):
        return png.png(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return containers.gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return containers.webp(data)
    if data[:2] in (b"II", b"MM"):
        return tiff(data)
    if data[4:8] == b"ftyp":
        return _film(data)
    if data.startswith(JPEG_2000):
        return Container("JPEG2000", _with(data, "jpg_2000", "JPEG 2000"))
    if data[:2] == b"BM":
        return Container("BMP", data)
    return Container("PPM", data)


def _film(data: bytes) -> Container:
    """AVIF lies in the same container as HEIC and films do."""
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, min(int.from_bytes(data[:4], "big"), 256), 4))}
    if brands & {b"avif", b"avis"}:
        return Container("AVIF", containers.avif(_with(data, "avif", "AVIF")), moving=b"avis" in brands)
    kind = data[8:12].decode("ascii", "replace").strip()
    raise Unsupported(f"a file of type {kind!r} ({'HEIC' if brands & HEIC else 'a film'})")


def _with(data: bytes, feature: str, kind: str) -> bytes:
    if not features.check(feature):
        raise Unsupported(f"{kind}, for which this Pillow has no decoder (another build of the package pillow has)")
    return data


def _open(found: Container) -> ImageFile.ImageFile:
    try:
        image = Image.open(io.BytesIO(found.data), formats=[found.kind])
    except Image.DecompressionBombError:
        raise
    except Exception as error:
        if found.layout:
            raise Unsupported(f"{found.layout}, which is not read, or is damaged") from error
        raise
    if found.kind == "AVIF":
        found.pictures = getattr(image, "n_frames", 1)
    if found.kind == "TIFF":
        image.tile = [native(tile) for tile in image.tile]
    return image


def _netpbm(data: bytes, name: str, side: int, smallest: int) -> Photo:
    header = netpbm_header(data)
    _check_pixels((header.width, header.height), name)
    pixels = netpbm_pixels(data, header)
    found = Container("PPM", b"")
    if header.highest != 255:
        found.notes.append(f"Scaled from 0..{header.highest}, which the file gives as its range, to 8 bit.")
    return prepare(Image.fromarray(pixels), name, side, smallest, found)


def prepare(image: Image.Image, name: str, side: int, smallest: int, found: Container | None = None) -> Photo:
    """A picture that is opened as a photo.

    Args:
        found: the file that it was opened from; None where it came as a picture.

    Raises:
        UserError: it is damaged, of a mode that cannot be converted, or of a strange shape.
    """
    _check_pixels(image.size, name)
    notes, full = [] if found is None else found.count_note(), image.size
    try:
        if found is None:
            image.load()
            if getattr(image, "is_animated", False):
                notes.append("One of several pictures in its file.")
            image = in_8_bit(image, notes)
        else:
            image = _decoded(image, found, side, notes)
        turn = _orientation(image, found, notes)
        size = (full[1], full[0]) if turn >= 5 else full
        _check_shape(size, name, side, smallest)
        rgb = _shrunk(image, full, side, notes)
    except (UserError, MemoryError):
        raise
    except Unsupported as error:
        raise _unsupported(name, error) from error
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon
        raise _damaged(name, error) from error
    if turn in TURNS:
        rgb = rgb.transpose(TURNS[turn])
    if max(rgb.size) < max(size):
        notes.append(f"Shrunk from {size[0]} x {size[1]} px.")
    return Photo(np.array(rgb), size, tuple(notes), turn)


def in_8_bit(image: Image.Image, notes: list[str], found: Container | None = None) -> Image.Image:
    """A picture of numbers as grey; any other as it is."""
    if image.mode in NUMBERS or (found and found.numbers is not None):
        return grey(image, notes, found)
    return image


def _decoded(image: Image.Image, found: Container, side: int, notes: list[str]) -> Image.Image:
    """The pixels of a file, in a mode of 8 bit."""
    image.draft(None, (4 * side, 4 * side))  # JPEG only: decodes a large photo at a fraction of its size
    raw = deep_rawmode(image)
    if found.kind == "JPEG" and not found.ended:
        whole = jpeg.with_end(found.data, lambda data: _draft(data, side))
        if whole is None:
            raise OSError("its end is missing")
        image = whole
    else:
        image.load()
    notes += found.notes
    if not found.ended:
        notes.append(ENDLESS)
    if raw and (halved(image) or "transparency" in image.info):
        return deep_colours(image, _open(found), raw, notes)
    return in_8_bit(image, notes, found)


def _draft(data: bytes, side: int) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    image.draft(None, (4 * side, 4 * side))
    image.load()
    return image


def _orientation(image: Image.Image, found: Container | None, notes: list[str]) -> int:
    """How the picture is to be turned, as EXIF counts it; a note says where that is unknown."""
    if found is not None and found.kind != "AVIF":
        turn, words = found.orientation()
    else:
        try:
            turn, words = checked_orientation(image.getexif().get(ORIENTATION, 1))
        except Exception:  # Pillow's readers raise whatever they stumble upon
            turn, words = 1, [UNREADABLE]
    notes += words
    return turn


def _shrunk(image: Image.Image, full: tuple[int, int], side: int, notes: list[str]) -> Image.Image:
    """RGB, its longer side at most ``side`` px, of a picture that was decoded from one of the size ``full``."""
    if max(image.size) <= side:
        return to_rgb(image, 1, notes)
    scale = side / max(full)
    small = (max(1, round(full[0] * scale)), max(1, round(full[1] * scale)))
    # First by a whole factor, which is quick, then by a third at most: what Pillow does for reducing_gap=3.
    factor = max(1, int(min(image.width / small[0], image.height / small[1]) / 3))
    rgb = to_rgb(image, factor, notes)
    box = (0, 0, image.width / factor, image.height / factor)
    return rgb.resize(small, Image.Resampling.LANCZOS, box=box)


def _check_pixels(size: tuple[int, int], name: str, most: int = MAX_PIXELS) -> None:
    width, height = size
    if width * height > most:
        raise UserError(
            f"{name}: got {width:,} x {height:,} px ({width * height / 1e6:.0f} million pixels), "
            f"expected at most {most / 1e6:.0f} million. Shrink it first."
        )


def _check_shape(size: tuple[int, int], name: str, side: int, smallest: int) -> None:
    width, height = size
    shorter = min(size) * min(1, side / max(size))
    if shorter < smallest:
        raise UserError(
            f"{name}: got {width} x {height} px, which leaves {max(1, round(shorter))} px for the shorter side at the "
            f"working size of {side} px; expected at least {smallest}. Crop it, or give a larger photo."
        )


def _looks(data: bytes) -> str:
    """What an unreadable file seems to be, in words."""
    head = data[:64].decode("utf-8", "ignore")
    text = len(head) > 8 and all(c.isprintable() or c in "\t\r\n" for c in head)
    return f"text ({head[:24]!r} ...)" if text else f"{len(data):,} bytes of another or a damaged kind"


def _unsupported(name: str, error: Unsupported) -> UserError:
    return UserError(f"{name}: got {error}. Expected {READABLE}; export it as JPEG, or as PNG of 8 bit.")


def _damaged(name: str, error: Exception) -> UserError:
    what = "is cut short or damaged" if isinstance(error, (OSError, struct.error, Damaged)) else "is damaged"
    return UserError(f"{name} {what} ({error}). Expected {READABLE}, whole; copy or export it again.")
