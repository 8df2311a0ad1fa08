"""A contact sheet: nine photos of a data set with their tags, and their masks over them, on one page to look at."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from iaff.grid import UNKNOWN

COLUMNS = 3
TILE = (336, 252)  # px, of the photo
GAP, LINE = 16, 18  # px, between tiles and of a line of text
SEEN = 0.5  # share of a class's colour over the photo
INK, FAINT, ALARM, PAPER = (32, 36, 44), (110, 118, 130), (196, 30, 30), (255, 255, 255)
# Okabe and Ito's colours, as the explorer has them: told apart with every common colour vision.
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167), (240, 228, 66), (0, 114, 178))


@dataclass(frozen=True)
class Tile:
    """A photo ``uint8 (H, W, 3)``, its tags as labels, and its mask ``uint8 (H, W)`` if there is one."""

    name: str
    photo: np.ndarray
    tags: tuple[int, ...]
    mask: np.ndarray | None = None


def contact_sheet(tiles: list[Tile], classes: tuple[str, ...], title: str) -> Image.Image:
    """The photos in rows of three, each with its name and its tags below.

    A class that the mask shows has a filled square, a tag that it does not show an empty one; a class that is no tag
    stands in red. Void is striped.
    """
    rows = -(-len(tiles) // COLUMNS)
    width, height = TILE[0] + GAP, TILE[1] + 3 * LINE + GAP
    sheet = Image.new("RGB", (COLUMNS * width + GAP, rows * height + 2 * LINE + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP // 2), _cut(title, 16, sheet.width - 2 * GAP), INK, _font(16))
    for i, tile in enumerate(tiles):
        x, y = GAP + i % COLUMNS * width, 2 * LINE + i // COLUMNS * height
        picture = Image.fromarray(_painted(tile.photo, tile.mask))
        sheet.paste((236, 238, 241), (x, y, x + TILE[0], y + TILE[1]))
        sheet.paste(picture, (x + (TILE[0] - picture.width) // 2, y + (TILE[1] - picture.height) // 2))
        draw.text((x, y + TILE[1] + 3), _cut(tile.name, 13, TILE[0]), INK, _font(13))
        _write_classes(draw, tile, classes, x, y + TILE[1] + 3 + LINE)
    return sheet


def _write_classes(draw: ImageDraw.ImageDraw, tile: Tile, classes: tuple[str, ...], left: int, y: int) -> None:
    shown = [] if tile.mask is None else [int(v) for v in np.unique(tile.mask) if 0 < v < UNKNOWN]
    words = [(classes[v], v, v in shown, INK) for v in tile.tags]
    words += [(f"{classes[v]}: no tag", v, True, ALARM) for v in shown if v not in tile.tags]
    x, end = left, y + 2 * LINE
    for name, label, filled, ink in words:
        length = round(_font(13).getlength(name))
        if x > left and x + 16 + length > left + TILE[0]:
            x, y = left, y + LINE
        if y + LINE > end:
            return
        fill = colour(label) if filled else None
        draw.rectangle((x, y + 2, x + 11, y + 13), fill=fill, outline=colour(label), width=2)
        draw.text((x + 16, y), _cut(name, 13, TILE[0] - 16), ink, _font(13))
        x += 16 + length + 12
    remark = ("no tag" if not tile.tags else "") + (", no mask" if tile.mask is None else "")
    if remark and x < left + TILE[0] - 70:
        draw.text((x, y), remark.removeprefix(", "), FAINT, _font(13))


def _painted(photo: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The photo at the size of a tile, under half-transparent classes with thin outlines; void is striped."""
    scale = max(photo.shape[1] / TILE[0], photo.shape[0] / TILE[1])
    small = (max(1, round(photo.shape[1] / scale)), max(1, round(photo.shape[0] / scale)))
    pixels = np.asarray(Image.fromarray(photo).resize(small, Image.Resampling.LANCZOS)).astype(np.float32)
    if mask is None:
        return pixels.astype(np.uint8)
    labels = np.asarray(Image.fromarray(mask).resize(small, Image.Resampling.NEAREST))
    table = np.array([colour(label) for label in range(256)], np.float32)
    objects, void = (labels > 0) & (labels < UNKNOWN), labels == UNKNOWN
    pixels[objects] = (1 - SEEN) * pixels[objects] + SEEN * table[labels[objects]]
    rows, columns = np.indices(labels.shape)
    stripes = np.where((rows + columns) % 8 < 3, 255, 90)[..., None]
    pixels[void] = (0.3 * pixels + 0.7 * stripes)[void]
    edge = np.zeros(labels.shape, bool)
    edge[:, 1:] |= (labels[:, 1:] != labels[:, :-1]) & ~void[:, :-1]
    edge[1:] |= (labels[1:] != labels[:-1]) & ~void[:-1]
    pixels[edge & ~void] = PAPER
    return pixels.round().astype(np.uint8)


def colour(label: int) -> tuple[int, int, int]:
    """Of a class; beyond seven the colours come again, lighter, then darker."""
    turn, i = divmod(label - 1, len(COLOURS))
    towards, mix = ((0, 0.0), (255, 0.45), (0, 0.4))[turn % 3]
    red, green, blue = (round(v + (towards - v) * mix) for v in COLOURS[i])
    return red, green, blue


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu where the system has it, whose letters are of more scripts than those of Pillow's own font."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def _cut(text: str, size: int, width: int) -> str:
    """A text on one line, without its middle where it is too long."""
    text, kept = " ".join(text.split()), len(text)
    while kept > 2 and _font(size).getlength(text) > width:
        kept -= 2
        text = f"{text[: kept // 2]}…{text[-(kept // 2) :]}"
    return text
