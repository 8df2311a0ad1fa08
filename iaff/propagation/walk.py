"""Random walks over local pairs of pixels (PSA: Ahn and Kwak, CVPR 2018, equations 3 to 6; method 4.1).

Pairs within a radius have an affinity a in 0..1, a pixel and itself 1. With W = a^beta elementwise and D its row
sums, the walk is T = D^-1 W, and the refined map T^steps alpha: every pixel becomes, step by step, the mean of its like
neighbours. PSA forms T densely and squares it k times for 2^k steps; here T stays sparse.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor

from iaff.grid import overlap
from iaff.propagation.propagators import Stepped

RADIUS = 5  # grid pixels, exclusive: 68 neighbours

# Chosen on 100 photos of `tune`, on a two-round run's last alpha^u (see training/bench/README.md).
COLOUR_SIGMA, COLOUR_BETA, COLOUR_STEPS = 0.03, 1, 64


def neighbours(radius: int = RADIUS) -> Tensor:
    """Offsets (row, column) of all pixels nearer than ``radius``, without (0, 0): ``int64 (M, 2)``.

    The first half are the ones after a pixel in reading order, the second half their opposites: M / 2 pairs.
    """
    reach = range(-radius + 1, radius)
    after = [(r, c) for r in range(radius) for c in reach if (r, c) > (0, 0) and r * r + c * c < radius * radius]
    half = torch.tensor(after)
    return torch.cat([half, -half])


def both_ways(half: Tensor, offsets: Tensor) -> Tensor:
    """Affinities of each pair at its first pixel -> at both: ``(M/2, h, w)``, offsets ``(M, 2)`` -> ``(M, h, w)``."""
    other = torch.zeros_like(half)
    for m, (r, c) in enumerate(offsets[: len(half)].tolist()):
        here, there = overlap(r, c, half.shape[-2:])
        other[(m, *there)] = half[(m, *here)]
    return torch.cat([half, other])


def colour_affinities(photo: Tensor, sigma: float = 0.1, radius: int = RADIUS) -> tuple[Tensor, Tensor]:
    """Pair affinities without any training: a = exp(-|I_i - I_j|^2 / 2 sigma^2).

    Args:
        photo: ``(3, h, w)`` on the affinity grid, 0..255; sigma: in units of the full range of one channel.

    Returns:
        offsets ``int (M, 2)``, affinities ``(M, h, w)``, 0 beyond the image.
    """
    offsets, colour = neighbours(radius), photo.float() / 255
    pairs = len(offsets) // 2
    logs = colour.new_full((2 * pairs, *colour.shape[1:]), float("-inf"))
    for m, (r, c) in enumerate(offsets[:pairs].tolist()):
        here, there = overlap(r, c, colour.shape[1:])
        far = (colour[(slice(None), *here)] - colour[(slice(None), *there)]).square().sum(0)
        logs[(m, *here)] = logs[(m + pairs, *there)] = far / (-2 * sigma**2)
    return offsets, logs.exp_()


def transition(affinities: Tensor, beta: float) -> Tensor:
    """Pair affinities ``(M, h, w)`` -> the walk's weights: a^beta over its sum with the pixel's own 1."""
    w = affinities**beta
    return w / (1 + w.sum(0))


def colour_stencil(
    photo: Tensor, sigma: float = COLOUR_SIGMA, radius: int = RADIUS, beta: float = COLOUR_BETA
) -> tuple[Tensor, Tensor]:
    """Offsets ``int (M, 2)`` and weights ``(M, h, w)`` of :func:`colour_walk`."""
    offsets, affinities = colour_affinities(photo, sigma, radius)
    return offsets, transition(affinities, beta)


def colour_walk(
    photo: Tensor,
    sigma: float = COLOUR_SIGMA,
    steps: int = COLOUR_STEPS,
    radius: int = RADIUS,
    beta: float = COLOUR_BETA,
) -> "RandomWalk":
    """The random walk over plain colour pairs of a photo ``(3, h, w)``, 0..255, on the grid."""
    return RandomWalk(*colour_stencil(photo, sigma, radius, beta), steps)


class RandomWalk(Stepped):
    """G = T^steps over pairs of pixels of one photo.

    ``(T x)[p] = (1 - sum_m w[m, p]) x[p] + sum_m w[m, p] x[p + offset_m]``.

    Args:
        offsets: ``int (M, 2)`` as (row, column); weights: ``(M, h, w)``, non-negative, at most 1 in sum over M, 0 where
            the neighbour lies outside the image (:func:`transition` makes them); steps: PSA's 2^8.
    """

    name: ClassVar[str] = "random walk"

    def __init__(self, offsets: Tensor, weights: Tensor, steps: int = 256):
        self.offsets, self.weights = offsets, weights
        h, w = weights.shape[-2:]
        here = torch.arange(h * w, device=weights.device).view(1, h, w)
        there = here + (offsets[:, 0] * w + offsets[:, 1]).to(here).view(-1, 1, 1)
        used = weights > 0
        targets = torch.cat([here.expand_as(there)[used], here.flatten()])
        sources = torch.cat([there[used], here.flatten()])
        values = torch.cat([weights[used], (1 - weights.sum(0)).flatten()])
        super().__init__(targets, sources, values, (h, w), steps)

    def to_arrays(self) -> dict[str, Any]:
        """Its own offsets and weights: exact, and a neighbour of weight 0 stays."""
        return {"offsets": self.offsets.cpu().numpy(), "weights": self.weights.cpu().numpy(), "steps": self.steps}
