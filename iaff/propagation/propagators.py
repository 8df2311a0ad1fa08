"""Everything that propagates, behind one interface: a map in, a refined map out.

A propagator belongs to one photo (or a batch of photos of one size). Linear ones have a matrix G that is never
formed: ``row`` and ``column`` ask it, ``propagate_back`` applies its transpose. Others give a refined map only, and
say ``why``. Here are the interface, ``none`` and IAL's G; the others have a file each.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from iaff.errors import UserError
from iaff.propagation import scan

warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")


Pixels = int | Sequence[int] | Tensor  # a coordinate of one pixel, or of Q of them


class Propagator(Protocol):
    """What every propagator answers."""

    name: ClassVar[str]
    linear: ClassVar[bool]

    def propagate(self, alpha: Tensor) -> Tensor:
        """Refines ``(N, C, h, w)``, a distribution over C, to the same."""
        ...


class Linear(ABC):
    """A propagator with a matrix: rows and columns from ``propagate`` and ``propagate_back``.

    Grid coordinates; ``x`` and ``y`` are one pixel or Q of them, answers ``(N, h, w)`` or ``(N, Q, h, w)``.
    """

    name: ClassVar[str]
    linear: ClassVar[bool] = True
    grid: tuple[int, int]  # (h, w)

    @abstractmethod
    def propagate(self, alpha: Tensor) -> Tensor:
        """G alpha."""

    @abstractmethod
    def propagate_back(self, alpha: Tensor) -> Tensor:
        """G' alpha."""

    @abstractmethod
    def ones(self) -> Tensor:
        """A map of ones ``(N, 1, h, w)`` of the propagator's precision and device."""

    def to_arrays(self) -> dict[str, Any]:
        """The propagator of one photo as plain arrays: what a trace keeps, and :meth:`iaff.Trace.from_arrays` takes.

        Returns:
            ``gates`` ``(4, 3, h, w)`` and ``passes``; or ``offsets`` ``(M, 2)``, ``weights`` ``(M, h, w)``, ``steps``;
            or ``partners`` ``(n, k)``, ``weights`` ``(n, k)``, ``steps``.

        Raises:
            UserError: it has none of these forms.
        """
        raise UserError(
            f"Got the propagator {type(self).__name__}, which no trace can keep; expected the gates of a scan, "
            "offsets and weights of a walk, or partners and weights. Give it a method to_arrays() that returns one of "
            "them, or derive it from iaff.propagation.RandomWalk or Sparse."
        )

    def row(self, x: Pixels, y: Pixels) -> Tensor:
        """Which pixels decide this one; sums to 1."""
        return self._query(self.propagate_back, x, y)

    def column(self, x: Pixels, y: Pixels) -> Tensor:
        """Where this pixel's label goes."""
        return self._query(self.propagate, x, y)

    def _query(self, ask: Callable[[Tensor], Tensor], x: Pixels, y: Pixels) -> Tensor:
        answer = ask(scan.one_hot(self.ones(), x, y))
        return answer[:, 0] if isinstance(x, int) else answer


@dataclass
class Nothing(Linear):
    """G = I: the map as it is, to compare with."""

    grid: tuple[int, int]
    name: ClassVar[str] = "none"

    def propagate(self, alpha: Tensor) -> Tensor:
        return alpha

    propagate_back = propagate

    def ones(self) -> Tensor:
        return torch.ones(1, 1, *self.grid)

    def to_arrays(self) -> dict[str, Any]:
        """A scan whose gates are shut: each pixel decides for itself."""
        return {"gates": np.zeros((4, 3, *self.grid), np.float32), "passes": 1}


@dataclass
class Scan(Linear):
    """IAL's G: four scans with learned gates ``(N, 4, 3, h, w)``, see :mod:`iaff.propagation.scan`."""

    gates: Tensor
    passes: int = 1
    name: ClassVar[str] = "scan"

    @property
    def grid(self) -> tuple[int, int]:
        h, w = self.gates.shape[-2:]
        return h, w

    def propagate(self, alpha: Tensor) -> Tensor:
        return scan.propagate(alpha, self.gates, self.passes)

    def propagate_back(self, alpha: Tensor) -> Tensor:
        return scan.propagate_back(alpha, self.gates, self.passes)

    def ones(self) -> Tensor:
        return torch.ones_like(self.gates[:, 0, :1])

    def to_arrays(self) -> dict[str, Any]:
        return {"gates": self.gates[0].cpu().numpy(), "passes": self.passes}


class Stepped(Linear):
    """A sparse row-stochastic matrix T of one photo's pixels, applied ``steps`` times: G = T^steps, never formed.

    Args:
        targets, sources: ``int (E,)``, pixel numbers (row * w + column); values: ``(E,)``, T's entries; entries of the
            same pair are added up.
        grid: (h, w); steps: at least 1.
    """

    def __init__(self, targets: Tensor, sources: Tensor, values: Tensor, grid: tuple[int, int], steps: int):
        if steps < 1:
            raise ValueError(f"steps: got {steps}, expected at least 1")
        self.grid, self.steps = grid, steps
        self._entries = targets, sources, values

    @cached_property
    def _forward(self) -> Tensor:
        """T, made when it is first asked for: who wants arrays alone need not wait for it."""
        return _sparse(*self._entries, self.grid[0] * self.grid[1])

    @cached_property
    def _backward(self) -> Tensor:
        """T', made when it is first asked for."""
        entries = self._forward.to_sparse_coo()
        sources, targets = entries.indices().flip(0)
        return _sparse(sources, targets, entries.values(), entries.shape[0])

    @property
    def step(self) -> Tensor:
        """T, sparse (CSR) ``(n, n)``; rows sum to 1."""
        return self._forward

    def propagate(self, alpha: Tensor) -> Tensor:
        return self._walk(self._forward, alpha)

    def propagate_back(self, alpha: Tensor) -> Tensor:
        return self._walk(self._backward, alpha)

    def ones(self) -> Tensor:
        return self._entries[-1].new_ones(1, 1, *self.grid)

    def to_arrays(self) -> dict[str, Any]:
        """A walk over a stencil: T's entries sorted by how far their sources lie from their targets."""
        offsets, weights = as_stencil(self.step, self.grid)
        return {"offsets": offsets, "weights": weights, "steps": self.steps}

    def _walk(self, matrix: Tensor, alpha: Tensor) -> Tensor:
        if alpha.shape[-2:] != self.grid:
            raise ValueError(f"alpha: got {tuple(alpha.shape)}, expected a grid of {self.grid}")
        flat = alpha.to(matrix.device, matrix.dtype).flatten(0, 1).flatten(1).T.contiguous()  # (pixels, maps)
        with torch.autocast(flat.device.type, enabled=False):  # sparse products know float32 and float64 alone
            for _ in range(self.steps):
                flat = matrix @ flat
        return flat.T.reshape(alpha.shape).to(alpha)


def as_stencil(matrix: Tensor, grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A sparse matrix over the pixels of a grid -> offsets ``int (M, 2)``, weights ``float32 (M, h, w)``.

    Its diagonal is what the weights leave to the pixel itself.
    """
    (h, w), matrix = grid, matrix.cpu()
    start = matrix.crow_indices().numpy()
    there, values = matrix.col_indices().numpy(), matrix.values().numpy()
    here = np.repeat(np.arange(h * w), np.diff(start))
    down, right = there // w - here // w, there % w - here % w
    others = here != there
    codes, which = np.unique((down * 2 * w + right)[others], return_inverse=True)
    weights = np.zeros((len(codes), h * w), np.float32)
    weights[which, here[others]] = values[others]
    rows = (codes + w) // (2 * w)  # columns lie within -w .. w
    return np.stack([rows, codes - rows * 2 * w], -1), weights.reshape(-1, h, w)


def _sparse(rows: Tensor, columns: Tensor, values: Tensor, n: int) -> Tensor:
    entries = torch.sparse_coo_tensor(torch.stack([rows, columns]), values, (n, n), check_invariants=False)
    return entries.coalesce().to_sparse_csr()
