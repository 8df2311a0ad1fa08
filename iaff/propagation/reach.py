"""Reach and mass: how far a pixel's decision is spread, and how much of the others' decisions it holds."""

import torch
from torch import Tensor

from iaff.propagation.propagators import Linear


def reach(rows: Tensor, mass: float = 0.9) -> Tensor:
    """The smallest number of pixels that hold ``mass`` of each row of G.

    Args:
        rows: ``(..., h, w)``, non-negative; each map is one row.

    Returns:
        ``int64 (...)``, on the CPU: not every device has the float64 of these sums.
    """
    flat = rows.flatten(-2).sort(-1, descending=True).values.cpu().double()
    total = flat.cumsum(-1)
    return (total < (mass - 1e-6) * total[..., -1:]).sum(-1) + 1


def sample_reach(g: Linear, samples: int = 64) -> Tensor:
    """Reach of about ``samples`` pixels on a regular lattice: ``int64 (Q,)``; of a propagator for one photo."""
    h, w = g.grid
    step = max(1, round((h * w / samples) ** 0.5))
    ys, xs = torch.meshgrid(torch.arange(step // 2, h, step), torch.arange(step // 2, w, step), indexing="ij")
    return reach(g.row(xs.flatten(), ys.flatten())[0])


def mass(g: Linear) -> Tensor:
    """Sums of G's columns: how many pixels' decisions each pixel makes up, ``(N, h, w)``; their mean is 1."""
    return g.propagate_back(g.ones())[:, 0]
