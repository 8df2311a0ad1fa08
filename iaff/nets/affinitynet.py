"""AffinityNet (PSA: Ahn and Kwak, CVPR 2018): affinities of local pairs, and the random walk that they make.

A pairwise network of another kind: with it, the loop runs the iterated PSA of the paper's Table 3.
"""

import numpy as np
import torch
from torch import Tensor, nn

from iaff.config import Walk
from iaff.data.transforms import to_tensor
from iaff.grid import UNKNOWN, overlap
from iaff.nets.guidance import Guidance
from iaff.nets.loss import Batch
from iaff.nets.trunk import Trunk
from iaff.propagation import RandomWalk, neighbours, transition
from iaff.propagation.walk import both_ways

EPSILON = 1e-5  # under the logarithms, as PSA has it


class AffinityNet(Guidance):
    """Features f on the affinity grid; a pair within the radius has the affinity exp(-mean |f_i - f_j|) (eq. 1)."""

    def __init__(self, trunk: Trunk, how: Walk, width: int = 64):
        super().__init__(trunk, width)
        self.how = how
        self.embed = nn.Conv2d(width, width, 1, bias=False)
        nn.init.xavier_uniform_(self.embed.weight, gain=4)  # as PSA: distances large enough to learn from
        self.offsets = neighbours(how.radius)

    def forward(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> affinities (N, M/2, h, w) at stride 4, in 0..1.

        One per pair, at its first pixel in reading order; 0 where the second lies outside the image.
        """
        f = nn.functional.elu(self.embed(self.features(images)).float())
        return torch.stack([self._pairs(f, r, c) for r, c in self._half()], 1)

    def _half(self) -> list[tuple[int, int]]:
        return self.offsets[: len(self.offsets) // 2].tolist()

    def _pairs(self, f: Tensor, r: int, c: int) -> Tensor:
        here, there = overlap(r, c, f.shape[-2:])
        distance = (f[(..., *here)] - f[(..., *there)]).abs().mean(1)
        out = f.new_zeros(len(f), *f.shape[-2:])
        out[(..., *here)] = (-distance).exp()
        return out

    def counts(self, batch: Batch) -> Tensor:
        """Pairs of background, of one object class, and of different labels."""
        return torch.stack([part.sum() for part in pair_labels(batch["confident"], self._half())])

    def loss(self, batch: Batch, counts: Tensor) -> Tensor:
        """PSA's balanced loss (eq. 2) over pairs of confident pixels.

        A quarter each for pairs of one object class and of background, which shall be alike, and half for pairs of
        different labels, which shall not. Pairs with an unknown pixel say nothing.
        """
        affinities = self(batch["image"])
        alike, unlike = -(affinities + EPSILON).log(), -(1 + EPSILON - affinities).log()
        terms = zip((alike, alike, unlike), pair_labels(batch["confident"], self._half()), (4, 4, 2), strict=True)
        shares = (
            (values * part).sum() / count / share for (values, part, share), count in zip(terms, counts, strict=True)
        )
        return sum(shares, start=counts.new_zeros(()))

    @torch.no_grad()
    def propagator(self, image: np.ndarray) -> RandomWalk:
        """The random walk of one photo ``uint8 (H, W, 3)``."""
        half = self(to_tensor(image)[None].to(self.device))[0]
        weights = transition(both_ways(half, self.offsets), self.how.beta)
        return RandomWalk(self.offsets, weights, self.how.steps)


def pair_labels(labels: Tensor, offsets: list[tuple[int, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Which pairs are both background, both of one object class, and of different labels.

    Args:
        labels: ``int (N, h, w)``, 255 unknown; offsets: M pairs, (row, column) from the first pixel to the second.

    Returns:
        three masks ``bool (N, M, h, w)``, at the first pixel.
    """
    first = labels[:, None].expand(-1, len(offsets), -1, -1)
    second = torch.full_like(first, UNKNOWN, memory_format=torch.contiguous_format)
    for m, (r, c) in enumerate(offsets):
        here, there = overlap(r, c, labels.shape[-2:])
        second[(slice(None), m, *here)] = labels[(slice(None), *there)]
    known, same = (first != UNKNOWN) & (second != UNKNOWN), first == second
    return known & same & (first == 0), known & same & (first > 0), known & ~same
