"""The affinity of one round of a trace: rows, columns and what it does to a map. Image pixels in, numpy out."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from iaff.errors import UserError
from iaff.grid import cell


class Affinity(Protocol):
    """What every affinity answers; ``kind`` is its name in a trace."""

    kind: str

    def row(self, x: int, y: int) -> np.ndarray: ...
    def column(self, x: int, y: int) -> np.ndarray: ...
    def propagate(self, alpha: np.ndarray) -> np.ndarray: ...


@dataclass
class ScanAffinity:
    """IAL's G: four scans with learned gates ``float32 (4, 3, h, w)``, see :mod:`iaff.propagation.gates`."""

    gates: np.ndarray
    passes: int
    kind = "scan"

    def row(self, x: int, y: int) -> np.ndarray:
        """Which pixels decide image pixel (x, y): ``float32 (h, w)`` on the grid, sums to 1."""
        from iaff.propagation import row

        return self._query(row, x, y)

    def column(self, x: int, y: int) -> np.ndarray:
        """Where the label of image pixel (x, y) goes: ``float32 (h, w)`` on the grid."""
        from iaff.propagation import column

        return self._query(column, x, y)

    def propagate(self, alpha: np.ndarray) -> np.ndarray:
        """G alpha: ``float32 (K, h, w)`` -> the same."""
        import torch  # only here: looking at a trace needs no torch

        from iaff.propagation import propagate

        return propagate(torch.from_numpy(alpha)[None], self._gates, self.passes)[0].numpy()

    @property
    def _gates(self):
        import torch

        return torch.from_numpy(self.gates)[None]

    def _query(self, ask, x: int, y: int) -> np.ndarray:
        r, c = cell_of(x, y, self.gates.shape[-2:])
        return ask(self._gates, c, r, self.passes)[0].numpy()


@dataclass
class StencilAffinity:
    """Local pairs and a random walk over them: G = T^steps (PSA, Ahn and Kwak 2018, eq. 3).

    ``(T x)[p] = (1 - sum_m w[m, p]) x[p] + sum_m w[m, p] x[p + offset_m]``, with offsets ``int (M, 2)`` as
    (row, column) and weights ``float32 (M, h, w)``, non-negative, at most 1 in sum, 0 where the neighbour lies
    outside the image.
    """

    offsets: np.ndarray
    weights: np.ndarray
    steps: int
    kind = "stencil"

    def row(self, x: int, y: int) -> np.ndarray:
        """Which pixels decide image pixel (x, y): ``float32 (h, w)`` on the grid, sums to 1."""
        return self._walk(self._matrix.T.tocsr(), self._one_hot(x, y))[0]

    def column(self, x: int, y: int) -> np.ndarray:
        """Where the label of image pixel (x, y) goes: ``float32 (h, w)`` on the grid."""
        return self._walk(self._matrix, self._one_hot(x, y))[0]

    def propagate(self, alpha: np.ndarray) -> np.ndarray:
        """T^steps alpha: ``float32 (K, h, w)`` -> the same."""
        return self._walk(self._matrix, alpha)

    def _walk(self, matrix, alpha: np.ndarray) -> np.ndarray:
        flat = alpha.reshape(len(alpha), -1).T
        for _ in range(self.steps):
            flat = matrix @ flat
        return np.ascontiguousarray(flat.T, np.float32).reshape(alpha.shape)

    def _one_hot(self, x: int, y: int) -> np.ndarray:
        hot = np.zeros((1, *self.weights.shape[1:]), np.float32)
        hot[(0, *cell_of(x, y, self.weights.shape[1:]))] = 1
        return hot

    @cached_property
    def _matrix(self):
        """T as a sparse (hw, hw) matrix."""
        from scipy.sparse import coo_array

        m, h, w = self.weights.shape
        rows, columns = np.mgrid[:h, :w]
        here = np.broadcast_to(rows * w + columns, (m, h, w))
        there = here + (self.offsets[:, 0] * w + self.offsets[:, 1])[:, None, None]
        used = self.weights > 0
        stays = (1 - self.weights.sum(0)).ravel()
        values = np.concatenate([self.weights[used], stays])
        own = np.arange(h * w)
        where = (np.concatenate([here[used], own]), np.concatenate([there[used], own]))
        return coo_array((values, where), shape=(h * w, h * w)).tocsr()


def outside(offsets: np.ndarray, height: int, width: int) -> np.ndarray:
    """Which neighbours of a stencil lie outside the image: ``bool (M, h, w)``."""
    rows, columns = np.mgrid[:height, :width]
    r, c = rows + offsets[:, 0, None, None], columns + offsets[:, 1, None, None]
    return (r < 0) | (r >= height) | (c < 0) | (c >= width)


def cell_of(x: int, y: int, grid: tuple[int, int]) -> tuple[int, int]:
    """Image pixel -> (row, column) of the grid.

    Raises:
        UserError: the pixel lies outside.
    """
    r, c = cell(x, y)
    if not (0 <= r < grid[0] and 0 <= c < grid[1]):
        raise UserError(
            f"Got pixel ({x}, {y}), expected one inside the photo: x below {4 * grid[1]}, y below {4 * grid[0]}."
        )
    return r, c
