"""The affinity of one round of a trace: rows, columns and what it does to a map. Image pixels in, numpy out.

A trace stores one of three kinds: ``scan`` (IAL's gates), ``stencil`` (local pairs and a random walk over them) and
``sparse`` (each cell's partners, wherever they lie); or, where there is no matrix, a refined ``map`` alone. Torch is
imported when one is asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iaff.errors import UserError
from iaff.grid import STRIDE, cell
from iaff.trace.encoding import half_down

if TYPE_CHECKING:
    from iaff.propagation import Linear, Scan

Layer = Callable[[str], np.ndarray | None]  # a tensor of a round by its name, None where there is none


@dataclass(kw_only=True)
class Affinity(ABC):
    """What the affinity of a trace answers; ``propagator`` is the same for tensors and grid coordinates."""

    grid: tuple[int, int]  # (rows, columns)
    stride: int = STRIDE  # image px per cell
    kind: ClassVar[str]

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
    def restored(cls, about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int) -> "Affinity":
        """The inverse of :meth:`stored`."""

    def row(self, x: int, y: int) -> np.ndarray:
        """Which pixels decide image pixel (x, y): ``float32 (h, w)`` on the grid, sums to 1."""
        r, c = self._cell_of(x, y)
        return self.propagator.row(c, r)[0].numpy()

    def column(self, x: int, y: int) -> np.ndarray:
        """Where the label of image pixel (x, y) goes: ``float32 (h, w)`` on the grid."""
        r, c = self._cell_of(x, y)
        return self.propagator.column(c, r)[0].numpy()

    def propagate(self, alpha: np.ndarray) -> np.ndarray:
        """G alpha: ``float32 (K, h, w)`` -> the same."""
        import torch

        return self.propagator.propagate(torch.from_numpy(alpha)[None])[0].numpy()

    def _cell_of(self, x: int, y: int) -> tuple[int, int]:
        """Image pixel -> (row, column) of the grid; UserError where the pixel lies outside."""
        (r, c), (h, w) = cell(x, y, self.stride), self.grid
        if not (0 <= r < h and 0 <= c < w):
            raise UserError(
                f"Got pixel ({x}, {y}), expected one inside the photo: x below {self.stride * w}, y below "
                f"{self.stride * h}."
            )
        return r, c


@dataclass
class ScanAffinity(Affinity):
    """IAL's G: four scans with learned gates ``float32 (4, 3, h, w)``, see :mod:`iaff.propagation.gates`."""

    gates: np.ndarray
    passes: int
    kind: ClassVar[str] = "scan"

    @cached_property
    def propagator(self) -> "Scan":
        import torch

        from iaff.propagation import Scan

        return Scan(torch.from_numpy(self.gates)[None], self.passes)

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"kind": self.kind, "passes": self.passes}, {"gates": half_down(self.gates)}

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int) -> "ScanAffinity":
        return cls(_floats(tensor("gates")), about["passes"], grid=grid, stride=stride)


@dataclass
class StencilAffinity(Affinity):
    """Local pairs and a random walk over them: see :class:`iaff.propagation.RandomWalk`.

    Offsets ``int (M, 2)`` as (row, column), weights ``float32 (M, h, w)``.
    """

    offsets: np.ndarray
    weights: np.ndarray
    steps: int
    kind: ClassVar[str] = "stencil"

    @cached_property
    def propagator(self) -> "Linear":
        import torch

        from iaff.propagation import RandomWalk

        return RandomWalk(torch.from_numpy(self.offsets).long(), torch.from_numpy(self.weights), self.steps)

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        tensors = {"offsets": self.offsets.astype(np.int32), "weights": half_down(self.weights)}
        return {"kind": self.kind, "steps": self.steps}, tensors

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int) -> "StencilAffinity":
        offsets = tensor("offsets")
        assert offsets is not None, "the schema was checked"
        return cls(offsets, _floats(tensor("weights")), about["steps"], grid=grid, stride=stride)


@dataclass
class SparseAffinity(Affinity):
    """Each cell's partners, wherever they lie: see :class:`iaff.propagation.Sparse`.

    Partners ``int (n, k)``, or None where k = n and column j is cell j; weights ``float32 (n, k)``, n = h * w.
    ``dropped`` is the mean share 0..1 of a row that was left out when the k largest were chosen; None: not known.
    """

    partners: np.ndarray | None
    weights: np.ndarray
    steps: int
    dropped: float | None = None
    kind: ClassVar[str] = "sparse"

    @cached_property
    def propagator(self) -> "Linear":
        import torch

        from iaff.propagation import Sparse

        partners = None if self.partners is None else torch.from_numpy(self.partners.astype(np.int32))
        return Sparse(partners, torch.from_numpy(self.weights), self.grid, self.steps)

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        total = self.weights.sum(1, keepdims=True, dtype=np.float64)
        tensors = {"weights": half_down((self.weights / np.maximum(total, 1)).astype(np.float32))}
        if self.partners is not None:
            tensors["partners"] = self.partners.astype(np.uint16)
        dropped = {} if self.dropped is None else {"dropped": round(self.dropped, 6)}
        return {"kind": self.kind, "steps": self.steps, **dropped}, tensors

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int) -> "SparseAffinity":
        weights, dropped = _floats(tensor("weights")), about.get("dropped")
        return cls(tensor("partners"), weights, about["steps"], dropped, grid=grid, stride=stride)


@dataclass
class RefinedMap(Affinity):
    """What a propagator without a matrix made of the unary map, such as a CRF: ``float32 (K, h, w)``.

    Rows, columns and whatever needs them raise a UserError, which says ``why``.
    """

    refined: np.ndarray
    why: str
    kind: ClassVar[str] = "map"

    @property
    def propagator(self) -> "Linear":
        raise UserError(
            f"Got a refined map without a matrix ({self.why}), expected an affinity with rows and columns. Ask another "
            "round or trace."
        )

    def propagate(self, alpha: np.ndarray) -> np.ndarray:
        """The refined map, whatever is given: it is of the round's own unary map."""
        return self.refined

    def stored(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"kind": self.kind, "why": self.why}, {"alpha_p": self.refined.astype(np.float16)}

    @classmethod
    def restored(cls, about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int) -> "RefinedMap":
        return cls(_floats(tensor("alpha_p")), about["why"], grid=grid, stride=stride)


ALL = (ScanAffinity, StencilAffinity, SparseAffinity, RefinedMap)
KINDS: dict[str, type[Affinity]] = {found.kind: found for found in ALL}


def affinity_of(arrays: dict[str, Any], grid: tuple[int, int]) -> Affinity:
    """The affinity that plain arrays are, on a grid (h, w).

    Args:
        arrays: ``gates`` and perhaps ``passes``; ``offsets``, ``weights`` and ``steps``; or ``partners``, ``weights``
            and ``steps``. A propagator gives its own (:meth:`iaff.propagation.Linear.to_arrays`). Without a matrix:
            ``refined`` and ``why``.
    """
    if "refined" in arrays:
        return RefinedMap(arrays["refined"], arrays["why"], grid=grid)
    if "gates" in arrays:
        return ScanAffinity(arrays["gates"], arrays.get("passes", 1), grid=grid)
    weights, steps = arrays["weights"], arrays["steps"]
    if "offsets" in arrays:
        return StencilAffinity(arrays["offsets"], weights, steps, grid=grid)
    return SparseAffinity(arrays["partners"], weights, steps, arrays.get("dropped"), grid=grid)


def restored(about: dict[str, Any], tensor: Layer, grid: tuple[int, int], stride: int = STRIDE) -> Affinity:
    """The inverse of :meth:`Affinity.stored`; ``tensor`` gives a tensor of the round by its name, or None."""
    return KINDS[about["kind"]].restored(about, tensor, grid, stride)


def _floats(tensor: np.ndarray | None) -> np.ndarray:
    assert tensor is not None, "the schema was checked"
    return tensor.astype(np.float32)
