"""Reach: how far a pixel's decision is spread over the image."""

import torch
from torch import Tensor

from iaff.propagation.scan import propagate_back


def reach(rows: Tensor, mass: float = 0.9) -> Tensor:
    """The smallest number of pixels that hold ``mass`` of each row of G.

    Args:
        rows: ``(..., h, w)``, non-negative; each map is one row.

    Returns:
        ``int64 (...)``.
    """
    flat = rows.flatten(-2).sort(-1, descending=True).values.double()
    total = flat.cumsum(-1)
    return (total < (mass - 1e-6) * total[..., -1:]).sum(-1) + 1


def sample_reach(gates: Tensor, passes: int = 1, samples: int = 64) -> Tensor:
    """Reach of pixels on a regular lattice: gates ``(1, 4, 3, h, w)`` -> ``int64 (about samples,)``."""
    h, w = gates.shape[-2:]
    step = max(1, round((h * w / samples) ** 0.5))
    ys, xs = torch.meshgrid(torch.arange(step // 2, h, step), torch.arange(step // 2, w, step), indexing="ij")
    ys, xs = ys.flatten().to(gates.device), xs.flatten().to(gates.device)
    hot = gates.new_zeros(1, len(ys), h, w)  # one channel per query: they share the gates
    hot[0, torch.arange(len(ys), device=gates.device), ys, xs] = 1
    return reach(propagate_back(hot, gates, passes)[0])
