"""Gates: what they are, how logits become gates, and what valid gates obey.

Gates have the shape ``(N, 4, 3, h, w)`` and are shared by all classes. Directions: 0 left to right, 1 right
to left, 2 top to bottom, 3 bottom to top. Neighbours -1, 0, +1 stand in the previous column (row index) for
directions 0 and 1, in the previous row (column index) for 2 and 3. Gates are non-negative, their sum over
the three neighbours is at most 1, and gates that would leave the image are 0. Under these rules the
propagation matrix G is row-stochastic (method 5.2).
"""

from functools import lru_cache

import torch
from torch import Tensor

from iaff.grid import gates_inside

DIRECTIONS, NEIGHBOURS = 4, 3


@lru_cache(maxsize=32)
def inside(height: int, width: int) -> Tensor:
    """Which gates stay in the image: ``bool (4, 3, h, w)``."""
    return torch.from_numpy(gates_inside(height, width))


def gates_from_logits(logits: Tensor) -> Tensor:
    """Logits ``(N, 16, h, w)``, four per direction (neighbours -1, 0, +1, then the pixel itself), to gates.

    Returns:
        ``(N, 4, 3, h, w)``: a softmax per direction without its self slot, 0 where a gate leaves the image.
    """
    n, _, h, w = logits.shape
    shares = logits.view(n, DIRECTIONS, NEIGHBOURS + 1, h, w).softmax(2)[:, :, :NEIGHBOURS]
    return shares * inside(h, w).to(shares.device)


def check_gates(gates: Tensor, tolerance: float = 1e-6) -> None:
    """Raises ValueError, saying which rule is broken and where, unless the gates obey the contract above."""
    if gates.dim() != 5 or gates.shape[1:3] != (DIRECTIONS, NEIGHBOURS):
        raise ValueError(f"gates: got shape {tuple(gates.shape)}, expected (N, 4, 3, h, w)")
    if not torch.isfinite(gates).all():
        raise ValueError("gates: got NaN or infinity, expected finite values")
    if (gates < 0).any():
        raise ValueError(f"gates: got {gates.min():.3g}, expected non-negative values")
    worst = gates.sum(2).max()
    if worst > 1 + tolerance:
        raise ValueError(f"gates: the three neighbours sum to {worst:.6f}, expected at most 1; divide by the sum")
    if gates.masked_fill(inside(*gates.shape[-2:]).to(gates.device), 0).any():
        raise ValueError("gates: non-zero where they leave the image; multiply by iaff.propagation.inside(h, w)")
