"""Affinities between any two cells of a photo, however far apart: attention, feature similarity, sparse matrices."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from iaff.propagation.propagators import Stepped


class Sparse(Stepped):
    """G = T^steps over each cell's partners, of one photo.

    ``(T x)[i] = (1 - sum_j w[i, j]) x[i] + sum_j w[i, j] x[partners[i, j]]``: what the weights leave of 1 stays with
    the cell itself, which may also be a partner of its own.

    Args:
        partners: ``int (n, k)``, cell numbers row * w + column, n = h * w; None where k = n and column j is cell j.
        weights: ``(n, k)``, non-negative, at most 1 in sum over k; slots of weight 0 count for nothing.
        grid: (h, w); steps: at least 1.
    """

    name: ClassVar[str] = "sparse"

    def __init__(self, partners: Tensor | None, weights: Tensor, grid: tuple[int, int], steps: int = 1):
        n = grid[0] * grid[1]
        expected = (n, n) if partners is None else tuple(partners.shape)
        if tuple(weights.shape) != expected or len(weights) != n:
            raise ValueError(f"weights: got {tuple(weights.shape)}, expected ({n}, k), as partners; ({n}, {n}) without")
        self.partners, self.weights = partners, weights
        used = weights > 0
        cells = torch.arange(n, device=weights.device)
        targets, slots = used.nonzero(as_tuple=True)
        sources = slots if partners is None else partners.to(cells)[used]
        values = torch.cat([weights[used], 1 - weights.sum(1)])
        super().__init__(torch.cat([targets, cells]), torch.cat([sources, cells]), values, grid, steps)

    def to_arrays(self) -> dict[str, Any]:
        """Its own partners (or None) and weights."""
        partners = None if self.partners is None else self.partners.cpu().numpy()
        return {"partners": partners, "weights": self.weights.cpu().numpy(), "steps": self.steps}
