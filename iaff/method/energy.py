"""Energies of a map: the paper's, and one that is comparable across rounds (method 1.2, 5.1, 5.3).

Summed in float64 on the CPU: not every device has it.
"""

import torch
from torch import Tensor

from iaff.grid import overlap

# Half of the 8-neighbourhood: every pair of neighbours once, as (row offset, column offset).
_PAIRS = ((0, 1), (1, 0), (1, 1), (1, -1))


def paper_energy(alpha: Tensor, refined: Tensor) -> float:
    """J = tr(alpha' (I - G) alpha) / |alpha|^2, given ``refined`` = G alpha; both ``(K, h, w)``.

    Not comparable across rounds (its Laplacian changes), can be negative, and 0 for G = I.
    """
    alpha, refined = alpha.cpu().double(), refined.cpu().double()
    return float(1 - (alpha * refined).sum() / alpha.square().sum())


def image_weights(image: Tensor) -> list[Tensor]:
    """Weights of the fixed, symmetric image graph on the grid.

    Args:
        image: ``(3, h, w)``, the photo on the affinity grid, any range.

    Returns:
        one map per neighbour pair of the 8-neighbourhood: exp(-|I_i - I_j|^2 / 2 s^2), s^2 the mean squared
        difference of neighbours.
    """
    squared = [(a - b).square().sum(0) for a, b in (_ends(image.cpu().double(), p) for p in _PAIRS)]
    variance = torch.cat([s.flatten() for s in squared]).mean().clamp(min=1e-12)
    return [(-s / (2 * variance)).exp() for s in squared]


def reference_energy(alpha: Tensor, weights: list[Tensor]) -> float:
    """J_ref = (1/2 sum_ij w_ij |alpha_i - alpha_j|^2) / |alpha|^2 on the image graph; alpha ``(K, h, w)``."""
    alpha = alpha.cpu().double()
    total = alpha.new_zeros(())
    for pair, w in zip(_PAIRS, weights, strict=True):
        a, b = _ends(alpha, pair)
        total += (w * (a - b).square().sum(0)).sum()
    return float(total / alpha.square().sum())


def _ends(x: Tensor, pair: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The two ends of all neighbour pairs at one offset, as two maps of the same shape."""
    here, there = overlap(*pair, x.shape[-2:])
    return x[(..., *here)], x[(..., *there)]
