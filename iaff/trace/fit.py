"""Photo and maps of anyone's model on one grid: the stride that they have, or the photo resized to have one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from iaff.arrays import plain_array
from iaff.grid import LARGEST_STRIDE, STRIDE, grid_size, usual_stride
from iaff.trace.schema import LARGEST

OBLONG = 2  # how many times as long as wide a cell may be in the photo


@dataclass(frozen=True)
class Fit:
    """How a photo becomes one of a whole stride.

    ``before`` is its size (H, W) as given, ``size`` the one that it gets, mostly the same; grid: (h, w).
    """

    before: tuple[int, int]
    size: tuple[int, int]
    stride: int
    grid: tuple[int, int]

    @property
    def because(self) -> str:
        """For errors: what the grid follows from."""
        (height, width), stride = self.size, self.stride
        return f"for a photo of {width} x {height} px (one cell per {stride} x {stride} px)"

    @property
    def note(self) -> str | None:
        """What a trace says of a photo that was resized."""
        if self.size == self.before:
            return None
        (h, w), (height, width), (before_h, before_w) = self.grid, self.size, self.before
        return (
            f"Resized from {before_w} x {before_h} to {width} x {height} px: each of its {w} x {h} cells is "
            f"{self.stride} x {self.stride} px."
        )

    def photo(self, image: np.ndarray) -> np.ndarray:
        """``uint8 (H, W, 3)`` at its size."""
        if self.size == self.before:
            return image
        height, width = self.size
        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))

    def labels(self, labels: np.ndarray) -> np.ndarray:
        """Whole numbers ``(H, W)`` at the photo's size: each pixel has the label of one that was there."""
        if self.size == self.before:
            return labels
        rows, columns = (
            np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
            for new, old in zip(self.size, self.before, strict=True)
        )
        return labels[rows[:, None], columns]


def fitted(size: tuple[int, int], maps: Iterable[tuple[int, int]], stride: int | None) -> Fit:
    """The stride of maps (h, w) of a photo (H, W), where it has one; else the photo's size is changed.

    A stride s fits where h = ceil(H / s) and w = ceil(W / s), if networks have it or it divides the photo evenly
    (:func:`iaff.grid.usual_stride`). Where the maps differ, the first for which there is one counts (the others are
    wrong), else the first.

    Args:
        stride: what the user says that it is; None: see for yourself.

    Raises:
        ValueError: the stride is no whole number from 1 to 64 or not that of the maps, or the photo would be squeezed.
    """
    if stride is not None:
        if not 1 <= stride <= LARGEST_STRIDE:
            raise ValueError(f"stride: got {stride}, expected a whole number from 1 to {LARGEST_STRIDE}, px per cell")
        return _given(size, list(maps), stride)
    first = None
    for grid in maps:
        found = usual_stride(size, grid)
        if found is not None:
            return Fit(size, size, found, grid)
        first = first or grid
    return Fit(size, size, STRIDE, grid_size(*size)) if first is None else _resizing(size, first)


def _given(size: tuple[int, int], maps: list[tuple[int, int]], stride: int) -> Fit:
    grid = grid_size(*size, stride)
    if maps and grid not in maps:
        (h, w), found = maps[0], usual_stride(size, maps[0])
        remedy = "leave it out, and the photo is resized" if found is None else f"give {found}, or leave it out"
        raise ValueError(
            f"stride: got {stride}, which makes {grid[0]} rows and {grid[1]} columns of a photo of {size[1]} x "
            f"{size[0]} px, expected that of the maps, which have {h} and {w}: {remedy}"
        )
    return Fit(size, size, stride, grid)


def _resizing(size: tuple[int, int], grid: tuple[int, int]) -> Fit:
    (height, width), (h, w) = size, grid
    if usual_stride(size, (w, h)) is not None:
        raise ValueError(
            f"got maps of {h} rows and {w} columns for a photo of {width} x {height} px, expected {w} rows and {h} "
            "columns: exchange them"
        )
    down, right = height / h, width / w
    if max(down, right) > OBLONG * min(down, right):
        raise ValueError(
            f"got maps of {h} rows and {w} columns for a photo of {width} x {height} px, expected cells that are about "
            "square: give the part of the photo that the maps show, or resize it yourself"
        )
    most = min(LARGEST_STRIDE, LARGEST // max(grid))
    stride = max(1, min(most, round((down * right) ** 0.5)))
    return Fit(size, (stride * h, stride * w), stride, grid)


MAPS = {"alpha_u": 3, "gates": 4, "weights": 3, "refined": 3, "confident": 2}  # of a round, with their number of axes


def map_sizes(rounds: Sequence[Any], cam: Any, seeds: Any) -> Iterator[tuple[int, int]]:
    """(h, w) of all that looks like a map on the grid, in the order in which they count."""
    dicts = [given for given in rounds if isinstance(given, Mapping)]
    maps = [(given.get(key), axes) for given in dicts for key, axes in MAPS.items()]
    for given, axes in [*maps, (cam, 3), (seeds, 2)]:
        if given is None:
            continue
        try:
            shape = plain_array("", given).shape
        except ValueError:  # which is said where it is read
            continue
        if len(shape) == axes and min(shape) > 0:
            yield shape[axes - 2], shape[axes - 1]
