"""PAMR, pixel-adaptive mask refinement (Araslanov and Roth, CVPR 2020): averages over like pixels, without parameters.

Each pixel becomes the mean of its 3 x 3 neighbours at several dilations, weighted by a softmax of
``-|I_i - I_j| / (0.1 sigma_i)``, sigma_i the local spread of each colour; ten times. The weights come from the photo
alone, so that for one photo the refinement is linear: it has rows and columns like any other.
"""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from iaff.propagation.propagators import Stepped

DILATIONS = (1, 2, 4, 8, 12, 24)  # as published, for photos; on a grid of stride 4 they reach four times as far


class Pamr(Stepped):
    """PAMR of one photo.

    Args:
        photo: ``(3, h, w)`` on the affinity grid, any range; dilations: in grid pixels; steps: iterations.
            Neighbours beyond the image are taken from its border, as published.
    """

    name: ClassVar[str] = "pamr"

    def __init__(self, photo: Tensor, dilations: tuple[int, ...] = DILATIONS, steps: int = 10):
        h, w = photo.shape[-2:]
        sources = _around(h, w, dilations).to(photo.device)  # (M, h, w)
        colours = photo.float().flatten(1)
        near = colours[:, sources.flatten()].view(3, *sources.shape)
        own = colours.view(3, 1, h, w)
        spread = torch.cat([near, own.expand(3, len(dilations), h, w)], 1).std(1, keepdim=True)
        score = -((near - own).abs() / (1e-8 + 0.1 * spread)).mean(0)
        self.sources, self.weights = sources.flatten(1), score.softmax(0).flatten(1)  # (M, n) each
        targets = torch.arange(h * w, device=photo.device).expand(len(sources), -1)
        super().__init__(targets.flatten(), self.sources.flatten(), self.weights.flatten(), (h, w), steps)

    def to_arrays(self) -> dict[str, Any]:
        """Each pixel's neighbours as its partners; those that the border made one are one, and their weights add up."""
        partners, weights = self.sources.T.cpu().numpy(), self.weights.T.cpu().numpy()
        order = np.argsort(partners, 1)
        partners, weights = np.take_along_axis(partners, order, 1), np.take_along_axis(weights, order, 1)
        first = np.ones(partners.shape, bool)
        first[:, 1:] = partners[:, 1:] != partners[:, :-1]
        added = np.zeros_like(weights)
        added[first] = np.add.reduceat(weights.ravel(), np.flatnonzero(first))
        return {"partners": partners, "weights": added, "steps": self.steps}


def _around(h: int, w: int, dilations: tuple[int, ...]) -> Tensor:
    """Pixel numbers of the eight neighbours at each dilation, clamped to the image: ``int64 (8 D, h, w)``."""
    rows, columns = torch.arange(h), torch.arange(w)
    maps = []
    for dilation in dilations:
        for r in (-dilation, 0, dilation):
            for c in (-dilation, 0, dilation):
                if r or c:
                    maps.append((rows + r).clamp(0, h - 1)[:, None] * w + (columns + c).clamp(0, w - 1))
    return torch.stack(maps)
