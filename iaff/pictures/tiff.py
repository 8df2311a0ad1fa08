"""TIFF: the one directory that holds the picture, and which layouts of it Pillow reads right."""

from typing import Any

import numpy as np

from iaff.pictures.containers import Container, Damaged, Unsupported, checked_orientation
from iaff.pictures.tags import MOST_DIRECTORIES, ORIENTATION, TagFile, Tags

# What decides the pixels: size, bits, compression, colours, where they lie; of JPEG within TIFF and of YCbCr too.
KEPT = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 338, 339}
    | {347, *range(512, 522), 529, 530, 531, 532}
)
KIND, BITS, COMPRESSION, COLOURS, SAMPLES, PLANES, FORMAT = 254, 258, 259, 262, 277, 284, 339
WIDTH, HEIGHT, STRIPS, ROWS, TILE_WIDTH, TILE_HEIGHT, TILES = 256, 257, 273, 278, 322, 323, 324
YCBCR, CIELAB = 6, 8  # of COLOURS
WORDS = {1: "whole numbers", 2: "whole numbers with a sign", 3: "floating-point numbers"}  # of FORMAT
REDUCED, MASK = 1, 4  # of KIND: a smaller copy of another picture; where another picture is transparent
NUMBERS = {(8, 2): np.dtype(np.int8), (16, 2): np.dtype(np.int16), (32, 1): np.dtype(np.uint32)}  # of BITS and FORMAT


def tiff(data: bytes) -> Container:
    """A TIFF of one directory: the first that is no smaller copy and no mask.

    Raises:
        Unsupported: there is none, or Pillow would read its layout wrongly.
        Damaged: it has no directory of tags, or strips are missing.
        ValueError: it is no TIFF.
    """
    file = TagFile(data)
    chain = list(file.chain())
    if not chain:
        raise Damaged("it has no directory of tags")
    full = [tags for tags in chain if not tags.number(KIND, 0) & (REDUCED | MASK)]
    if not full:
        raise Unsupported("a preview without its picture, as a camera's raw files begin")
    tags = full[0]
    check_layout(tags)
    kept = KEPT - {PLANES} if tags.number(SAMPLES, 1) == 1 else KEPT
    found = Container("TIFF", file.written(tags, kept), pictures=len(full), more=len(chain) >= MOST_DIRECTORIES)
    if ORIENTATION in tags.entries:
        found.turn, notes = checked_orientation(tags.number(ORIENTATION, 0))
        found.notes += notes
    found.layout, found.bits, found.inverted = layout(tags), tags.number(BITS, 1), tags.number(COLOURS, 0) == 0
    found.numbers = NUMBERS.get((tags.number(BITS, 1), tags.number(FORMAT, 1)))
    return found


def native(tile: Any) -> Any:
    """A tile of Pillow's in the order of bytes in which it comes.

    Of compressed numbers it comes in this machine's, and Pillow takes some of them for the file's.
    """
    ours = {"S": "NS", "F": "NF"}.get(tile.args[0][-1]) if tile.codec_name == "libtiff" else None
    if ours is None or not tile.args[0].startswith(("I;", "F;")):
        return tile
    return tile._replace(args=(tile.args[0].rstrip("BSF") + ours, *tile.args[1:]))


def layout(tags: Tags) -> str:
    """How the pixels are stored, in words."""
    samples, bits = tags.number(SAMPLES, 1), tags.number(BITS, 1)
    channels = "1 channel" if samples == 1 else f"{samples} channels"
    planes = " in separate planes" if samples > 1 and tags.number(PLANES, 1) == 2 else ""
    return f"a TIFF with {channels} of {bits} bit{planes} ({WORDS.get(tags.number(FORMAT, 1), 'of an unknown form')})"


def check_layout(tags: Tags) -> None:
    """Raises Unsupported where Pillow would read the pixels wrongly."""
    colours, packed = tags.number(COLOURS, 0), tags.number(COMPRESSION, 1) != 1
    planes = tags.number(PLANES, 1) == 2 and tags.number(SAMPLES, 1) > 1
    deep = max(tags.numbers(BITS) or (1,)) > 8
    if (planes and (deep or colours in (YCBCR, CIELAB))) or (colours == YCBCR and not packed):
        raise Unsupported(f"{layout(tags)}, which cannot be read rightly")
    there, needed = parts(tags)
    if there < needed:  # Pillow would leave them black
        raise Damaged(f"{needed - there} of its {needed} strips or tiles are missing")


def parts(tags: Tags) -> tuple[int, int]:
    """How many strips or tiles there are, and how many the picture needs."""
    width, height = tags.number(WIDTH, 1), tags.number(HEIGHT, 1)
    if TILES in tags.entries:
        there = tags.count(TILES)
        across, down = max(1, tags.number(TILE_WIDTH, width)), max(1, tags.number(TILE_HEIGHT, height))
    else:
        there = tags.count(STRIPS)
        across, down = max(1, width), max(1, tags.number(ROWS, height))
    planes = tags.number(SAMPLES, 1) if tags.number(PLANES, 1) == 2 else 1
    return there, -(-width // across) * -(-height // down) * planes
