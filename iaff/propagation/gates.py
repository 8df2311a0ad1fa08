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


def signed_gates(logits: Tensor) -> Tensor:
    """Gates of any sign as first published: divided by the sum of their magnitudes where that exceeds 1.

    For comparison only. Rows of G still sum to 1, but G is no average any more: its norm is not bounded (45 measured
    at 64 columns), a map leaves its range, and log alpha^p meets negative numbers (method 5.3). Nothing in the loop
    uses them.

    Args:
        logits: ``(N, 12, h, w)``, three neighbours per direction.

    Returns:
        ``(N, 4, 3, h, w)``, the three neighbours' magnitudes at most 1 in sum, 0 where a gate leaves the image.
    """
    n, _, h, w = logits.shape
    gates = logits.view(n, DIRECTIONS, NEIGHBOURS, h, w)
    gates = gates / gates.abs().sum(2, keepdim=True).clamp(min=1)
    return gates * inside(h, w).to(gates.device)
