"""The grid that imported files share, and maps brought onto it."""

from collections.abc import Iterable
from math import isqrt

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from iaff.errors import UserError
from iaff.grid import STRIDE

LARGEST_STRIDE = 64
SIDE = 128  # cells of the longer side, about, where nothing says how many there are
EXTRA = (0, 1, 2, 5, 9)  # tokens beside the cells: none, CLS, a second one (DeiT), CLS and four or eight registers

Grid = tuple[int, int]


def grid_of_cells(size: tuple[int, int], count: int, maps: Iterable[Grid], extra: bool, name: str) -> Grid:
    """The grid (h, w) of ``count`` cells.

    That of one of the maps; else of a whole stride over the photo, ``h = ceil(H / s)``, or ``floor``; else a square.

    Args:
        size: (width, height) of the photo, px; extra: whether there may be tokens beside the cells; name: of the file.

    Raises:
        UserError: none has so many cells.
    """
    (width, height), spare = size, EXTRA if extra else (0,)
    strides = range(1, LARGEST_STRIDE + 1)
    grids = [
        *maps,
        *((-(-height // s), -(-width // s)) for s in strides),
        *((height // s, width // s) for s in strides),
    ]
    for more in spare:
        for grid in grids:
            if grid[0] * grid[1] == count - more:
                return grid
    for more in spare:
        side = isqrt(max(count - more, 0))
        if side > 1 and side * side == count - more:
            return side, side
    raise UserError(
        f"{name}: got {count:,} cells, expected as many as a map has, or the photo of {width} x {height} px at a whole "
        "stride, or a square. Give maps on the same grid, or the photo that the network saw."
    )


def grid_of_maps(size: tuple[int, int], maps: Iterable[Grid]) -> Grid:
    """The grid (h, w) of maps alone: theirs, if it is coarser than the photo; else of stride 4, or of a larger one for
    a large photo."""
    width, height = size
    for grid in maps:
        if max(grid) <= max(size) / 2:
            return grid
    stride = min(LARGEST_STRIDE, max(STRIDE, -(-max(size) // SIDE)))
    return -(-height // stride), -(-width // stride)


def on_grid(maps: np.ndarray, grid: Grid) -> np.ndarray:
    """Maps ``float32 (K, H, W)`` on a grid: the mean of what lies in a cell, or interpolated where they are coarser.

    Cells are squares of a whole size, of which the last may be cut off by the border, where that gives the grid.
    """
    (high, wide), (h, w) = maps.shape[1:], grid
    if (high, wide) == (h, w):
        return maps
    if high < h or wide < w:
        return interpolate(torch.from_numpy(maps)[None], grid, mode="bilinear", align_corners=False)[0].numpy()
    side = max(-(-high // h), -(-wide // w))
    if (-(-high // side), -(-wide // side)) == (h, w):
        padded = np.pad(maps, ((0, 0), (0, side * h - high), (0, side * w - wide)), mode="edge")
        return padded.reshape(len(maps), h, side, w, side).mean((2, 4), dtype=np.float32)
    return adaptive_avg_pool2d(torch.from_numpy(maps), grid).numpy()
