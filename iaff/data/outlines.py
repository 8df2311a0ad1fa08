"""Outlines of COCO: polygons and run-length codes -> the pixels inside."""

from typing import Any

import numpy as np

from iaff.data.coco_values import short
from iaff.errors import UserError
from iaff.extras import missing

POLYGONS = "expected polygons [[x, y, x, y, x, y, ...], ...] of three or more points, or a run-length code"
LONGEST = 8  # letters of a run: 40 bits


def pixels_inside(outline: Any, width: int, height: int, name: str) -> np.ndarray:
    """The pixels of an annotation's ``segmentation``.

    All of it is checked before pycocotools sees it, which takes four numbers for a box, reads half a code, and ends the
    process on others.

    Args:
        width, height: of the photo that it is drawn for, px; name: what errors call the annotation.

    Returns:
        ``bool (H, W)``.

    Raises:
        UserError: there is no outline, or it is of another kind or of another photo.
    """
    if isinstance(outline, dict):
        return _decoded(outline, width, height, name)
    if not isinstance(outline, list) or not outline:
        raise UserError(f"{name}: got segmentation = {short(outline)}, {POLYGONS}. Draw its outline.")
    for polygon in outline:
        _check(polygon, width, height, name)
    x = [v for polygon in outline for v in polygon[::2]]
    y = [v for polygon in outline for v in polygon[1::2]]
    if max(x) < 0 or max(y) < 0 or min(x) > width or min(y) > height:
        raise UserError(
            f"{name}: got an outline beside the photo of {width} x {height} px. Draw it in the photo's pixels."
        )
    if max(x) <= 1 and max(y) <= 1 and min(width, height) > 4:
        raise UserError(
            f"{name}: got an outline within one pixel, expected pixels of {width} x {height}. Are these shares of the "
            "photo's size? Multiply them by it."
        )
    try:
        from pycocotools import mask as codec
    except ImportError as error:
        raise missing("pycocotools", "train", "The masks of COCO") from error
    polygons: Any = [[float(v) for v in polygon] for polygon in outline]
    return codec.decode(codec.merge(codec.frPyObjects(polygons, height, width))).astype(bool)


def _check(polygon: Any, width: int, height: int, name: str) -> None:
    if not isinstance(polygon, list):
        raise UserError(f"{name}: got {short(polygon)} as a polygon, {POLYGONS}. Write its outline again.")
    if len(polygon) < 6 or len(polygon) % 2:
        box = ", which may be a box," if len(polygon) == 4 else ""
        raise UserError(f"{name}: got a polygon of {len(polygon)} numbers{box} {POLYGONS}. Draw its outline.")
    for place, value in enumerate(polygon):
        side = height if place % 2 else width
        if type(value) not in (int, float) or not -side <= value <= 2 * side:
            raise UserError(
                f"{name}: got {short(value)} in a polygon, expected numbers in the pixels of the photo, {width} x "
                f"{height}. Write its outline again."
            )


def _decoded(code: dict[str, Any], width: int, height: int, name: str) -> np.ndarray:
    """A run-length code: lengths of runs of 0 and 1 in turn, down the columns."""
    size, counts = code.get("size"), code.get("counts")
    if size != [height, width]:
        raise UserError(
            f"{name}: got a run-length code of the size {short(size)}, expected [{height}, {width}] (height, width) as "
            "its photo has. Write it again."
        )
    runs = _runs(counts) if isinstance(counts, str) else counts
    if (
        not isinstance(runs, list)
        or any(type(run) is not int or run < 0 for run in runs)
        or sum(runs) != width * height
    ):
        raise UserError(
            f"{name}: got a run-length code that is damaged, expected runs of {width * height} pixels in all. Write it "
            "again."
        )
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return inside.reshape(width, height).T


def _runs(text: str) -> list[int] | None:
    """The runs of a compressed code, each in letters of 5 bits and from the third on as the difference to the one
    before the last; None where it is none."""
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift >= 5 * LONGEST:
            return None
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:  # more letters follow
            continue
        if bits & 16:  # it is negative
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return None if shift else runs
