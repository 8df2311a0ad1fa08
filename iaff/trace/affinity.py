"""The affinity of one round of a trace: rows, columns and what it does to a map. Image pixels in, numpy out.

A trace stores one of two kinds: ``scan`` (IAL's gates) and ``stencil`` (local pairs and a random walk over them). Torch
is imported when one is asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iaff.errors import UserError
from iaff.grid import cell
from iaff.trace.encoding import half_down

if TYPE_CHECKING:
    from iaff.propagation import Linear, Scan


class Affinity(ABC):
    """What the affinity of a trace answers; ``propagator`` is the same for tensors and grid coordinates."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the affinity grid."""

    @property
    @abstractmethod
    def propagator(self) -> "Linear":
        """The same as a propagator of tensors."""

    @abstractmethod
    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """As a trace keeps it: the round's ``affinity`` entry, and its tensors.

        Gates and weights are rounded down to half precision, so that they never sum to more than 1.
        """

    @classmethod
    @abstractmethod
    def restored(cls, about: dict[str, Any], tensor: Callable[[str], np.ndarray]) -> "Affinity":
        """The inverse of :meth:`stored`."""

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
    kind: ClassVar[str] = "scan"

    @property
    def grid(self) -> tuple[int, int]:
        return self.gates.shape[-2:]

    @cached_property
    def propagator(self) -> "Scan":
        import torch

        from iaff.propagation import Scan

        return Scan(torch.from_numpy(self.gates)[None], self.passes)

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"kind": self.kind, "passes": self.passes}, {"gates": half_down(self.gates)}

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Callable[[str], np.ndarray]) -> "ScanAffinity":
        return cls(tensor("gates").astype(np.float32), about["passes"])


@dataclass
class StencilAffinity(Affinity):
    """Local pairs and a random walk over them: see :class:`iaff.propagation.RandomWalk`.

    Offsets ``int (M, 2)`` as (row, column), weights ``float32 (M, h, w)``.
    """

    offsets: np.ndarray
    weights: np.ndarray
    steps: int
    kind: ClassVar[str] = "stencil"

    @property
    def grid(self) -> tuple[int, int]:
        return self.weights.shape[-2:]

    @cached_property
    def propagator(self) -> "Linear":
        import torch

        from iaff.propagation import RandomWalk

        return RandomWalk(torch.from_numpy(self.offsets).long(), torch.from_numpy(self.weights), self.steps)

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        tensors = {"offsets": self.offsets.astype(np.int32), "weights": half_down(self.weights)}
        return {"kind": self.kind, "steps": self.steps}, tensors

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Callable[[str], np.ndarray]) -> "StencilAffinity":
        return cls(tensor("offsets"), tensor("weights").astype(np.float32), about["steps"])


KINDS: dict[str, type[Affinity]] = {found.kind: found for found in (ScanAffinity, StencilAffinity)}


def affinity_of(arrays: dict[str, Any]) -> Affinity:
    """The affinity that plain arrays are: ``gates`` and perhaps ``passes``, or ``offsets``, ``weights`` and ``steps``.

    A propagator gives its own (:meth:`iaff.propagation.Linear.to_arrays`).
    """
    if "gates" in arrays:
        return ScanAffinity(arrays["gates"], arrays.get("passes", 1))
    return StencilAffinity(arrays["offsets"], arrays["weights"], arrays["steps"])


def restored(about: dict[str, Any], tensor: Callable[[str], np.ndarray]) -> Affinity:
    """The inverse of :meth:`Affinity.stored`; ``tensor`` gives a tensor of the round by its name."""
    return KINDS[about["kind"]].restored(about, tensor)


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
