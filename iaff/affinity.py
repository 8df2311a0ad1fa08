"""The affinity of one round of a trace: rows, columns and what it does to a map. Image pixels in, numpy out.

A trace stores one of two kinds: ``scan`` (IAL's gates) and ``stencil`` (local pairs and a random walk over them). Torch
is imported when one is asked.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iaff.encoding import half_down
from iaff.errors import UserError
from iaff.grid import cell

if TYPE_CHECKING:
    from iaff.propagation import Linear, Scan


class Affinity:
    """What the affinity of a trace answers; ``propagator`` is the same for tensors and grid coordinates."""

    kind: str
    grid: tuple[int, int]
    propagator: "Linear"

    def row(self, x: int, y: int) -> np.ndarray:
        """Which pixels decide image pixel (x, y): ``float32 (h, w)`` on the grid, sums to 1."""
        r, c = cell_of(x, y, self.grid)
        return self.propagator.row(c, r)[0].numpy()

    def column(self, x: int, y: int) -> np.ndarray:
        """Where the label of image pixel (x, y) goes: ``float32 (h, w)`` on the grid."""
        r, c = cell_of(x, y, self.grid)
        return self.propagator.column(c, r)[0].numpy()

    def propagate(self, alpha: np.ndarray) -> np.ndarray:
        """G alpha: ``float32 (K, h, w)`` -> the same."""
        import torch

        return self.propagator.propagate(torch.from_numpy(alpha)[None])[0].numpy()


@dataclass
class ScanAffinity(Affinity):
    """IAL's G: four scans with learned gates ``float32 (4, 3, h, w)``, see :mod:`iaff.propagation.gates`."""

    gates: np.ndarray
    passes: int
    kind = "scan"

    @property
    def grid(self) -> tuple[int, int]:
        return self.gates.shape[-2:]

    @cached_property
    def propagator(self) -> "Scan":
        import torch

        from iaff.propagation import Scan

        return Scan(torch.from_numpy(self.gates)[None], self.passes)


@dataclass
class StencilAffinity(Affinity):
    """Local pairs and a random walk over them: see :class:`iaff.propagation.RandomWalk`.

    Offsets ``int (M, 2)`` as (row, column), weights ``float32 (M, h, w)``.
    """

    offsets: np.ndarray
    weights: np.ndarray
    steps: int
    kind = "stencil"

    @property
    def grid(self) -> tuple[int, int]:
        return self.weights.shape[-2:]

    @cached_property
    def propagator(self) -> "Linear":
        import torch

        from iaff.propagation import RandomWalk

        return RandomWalk(torch.from_numpy(self.offsets).long(), torch.from_numpy(self.weights), self.steps)


def stored(g: "Linear") -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A propagator of one photo as a trace keeps it: the round's ``affinity`` entry, and its tensors.

    Gates and weights are rounded down to half precision, so that they never sum to more than 1.

    Raises:
        UserError: a trace has no form for it.
    """
    if g.name == "scan":
        return {"kind": "scan", "passes": g.passes}, {"gates": half_down(g.gates[0].cpu().numpy())}
    if g.name == "none":  # all gates 0: each pixel decides for itself
        return {"kind": "scan", "passes": 1}, {"gates": np.zeros((4, 3, *g.grid), np.float16)}
    if g.name == "random walk":
        offsets, weights = g.offsets.cpu().numpy().astype(np.int32), half_down(g.weights.cpu().numpy())
        return {"kind": "stencil", "steps": g.steps}, {"offsets": offsets, "weights": weights}
    raise UserError(f"Got the propagator {g.name!r}; a trace keeps the affinity of scans and random walks.")


def restored(about: dict[str, Any], tensors: dict[str, np.ndarray]) -> Affinity:
    """The inverse of :func:`stored`."""
    if about["kind"] == "scan":
        return ScanAffinity(tensors["gates"].astype(np.float32), about["passes"])
    return StencilAffinity(tensors["offsets"], tensors["weights"].astype(np.float32), about["steps"])


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
