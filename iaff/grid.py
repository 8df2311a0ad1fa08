"""The affinity grid: where an image pixel lies on it. The one place where the two are converted."""

from collections.abc import Sequence

import numpy as np

STRIDE = 4  # image px per cell, unless a trace names its own
USUAL_STRIDES = (8, 16, 32, 14, 2, 1, 64)  # of other networks' maps
LARGEST_STRIDE = 64
UNKNOWN = 255  # in label maps: unknown or void


def grid_size(height: int, width: int, stride: int = STRIDE) -> tuple[int, int]:
    """(rows, columns) of the affinity grid of a photo of that size, in px."""
    return -(-height // stride), -(-width // stride)


def usual_stride(size: tuple[int, int], grid: tuple[int, int]) -> int | None:
    """The stride of a grid (h, w) over a photo (H, W), px, if it is one that networks have or divides the photo evenly.

    With others, such as 17 for 14 cells of 230 px, the last cell may be cut off by half, and all before it be shifted.
    """
    even = size[0] // grid[0]
    evenly = (even * grid[0], even * grid[1]) == size and even <= LARGEST_STRIDE
    fits = (s for s in (STRIDE, *([even] if evenly else []), *USUAL_STRIDES) if grid_size(*size, s) == grid)
    return next(fits, None)


def whole_stride(size: tuple[int, int], grid: tuple[int, int]) -> int | None:
    """The stride of a grid (h, w) over a photo (H, W), px: 4 where that fits, else the smallest; None if none does."""
    fits = (s for s in (STRIDE, *range(1, LARGEST_STRIDE + 1)) if grid_size(*size, s) == grid)
    return next(fits, None)


def cell(x: int, y: int, stride: int = STRIDE) -> tuple[int, int]:
    """Image pixel (x, y) -> (row, column) on the grid."""
    return y // stride, x // stride


def centre(row, column, height: int, width: int, stride: int = STRIDE):
    """Cell (row, column), or arrays of them -> the image pixel (x, y) at its centre, in a photo of that size, px."""
    x = np.minimum(stride * column + stride // 2, width - 1)  # the last cell may be cut off
    return x, np.minimum(stride * row + stride // 2, height - 1)


def gates_inside(height: int, width: int) -> np.ndarray:
    """Which gates stay in the image: ``bool (4, 3, h, w)``; see :mod:`iaff.propagation.gates`."""
    keep = np.ones((4, 3, height, width), bool)
    keep[0, ..., 0] = keep[1, ..., -1] = False  # no previous column
    keep[2, ..., 0, :] = keep[3, ..., -1, :] = False  # no previous row
    keep[:2, 0, 0, :] = keep[:2, 2, -1, :] = False  # neighbour row above or below the image
    keep[2:, 0, :, 0] = keep[2:, 2, :, -1] = False  # neighbour column left or right of the image
    return keep


def stencil_inside(offsets: np.ndarray, height: int, width: int) -> np.ndarray:
    """Which neighbours at offsets ``int (M, 2)``, (row, column), lie in the image: ``bool (M, h, w)``."""
    rows, columns = np.mgrid[:height, :width]
    r, c = rows + offsets[:, 0, None, None], columns + offsets[:, 1, None, None]
    return (r >= 0) & (r < height) & (c >= 0) & (c < width)


def overlap(rows: int, columns: int, shape: Sequence[int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a pixel and the one at (rows, columns) from it both lie in the image.

    Args:
        shape: (h, w).

    Returns:
        ``here, there``: slices of maps ``(..., h, w)``, so that ``x[(..., *there)]`` is what ``x[(..., *here)]`` has at
        that offset; empty ones where the offset is larger than the image.
    """
    (h, w), (r, c) = shape, (rows, columns)
    if abs(r) >= h or abs(c) >= w:
        return (slice(0), slice(0)), (slice(0), slice(0))
    here = slice(max(0, -r), h - max(0, r)), slice(max(0, -c), w - max(0, c))
    there = slice(max(0, r), h - max(0, -r)), slice(max(0, c), w - max(0, -c))
    return here, there
