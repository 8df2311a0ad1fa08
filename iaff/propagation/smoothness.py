"""The region smoothness loss L_s = |G - G_s|_F^2 / N, without ever forming G (method 1.3, 1.7).

G_s averages over each superpixel. For a Rademacher vector z, E |(G - G_s) z|^2 = |G - G_s|_F^2 (Hutchinson), so that a
few probes that ride through the scan as extra channels give an unbiased estimate. |(G - G_s) alpha|^2 would be cheaper,
but it is another loss: it says nothing of what G does to other maps.
"""

import torch
from torch import Tensor

from iaff.propagation.regions import region_mean


def rademacher(n: int, probes: int, h: int, w: int, device: torch.device | str = "cpu") -> Tensor:
    """Probes of -1 and 1, ``float (N, P, h, w)``."""
    return torch.randint(0, 2, (n, probes, h, w), device=device) * 2.0 - 1


def smoothness(probed: Tensor, probes: Tensor, ids: Tensor) -> Tensor:
    """Unbiased estimate of |G - G_s|_F^2 / N of each photo, ``(N,)``.

    Args:
        probed: G z; probes: z, both ``(N, P, h, w)``; ids: superpixels ``int (N, h, w)``.
    """
    terms = [
        (gz - superpixel_average(z, s)).square().sum((1, 2)).mean() / s.numel()
        for gz, z, s in zip(probed, probes, ids, strict=True)
    ]
    return torch.stack(terms)


def superpixel_average(z: Tensor, ids: Tensor) -> Tensor:
    """G_s z: every pixel gets the mean of its superpixel; z ``(P, h, w)``, ids ``int (h, w)``."""
    means, _ = region_mean(z, ids, int(ids.max()) + 1)
    return means[:, ids.long()]
