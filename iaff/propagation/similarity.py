"""Similarity of features as an affinity: what there is before any affinity was learned.

Apps that show what DINO sees (Caron et al., ICCV 2021; Amir et al., 2021) colour a photo by the cosine of each patch's
feature with the chosen patch's. Here that picture is made a propagator: with f the features of a segmentation network,

    ``T_ij = exp(cos(f_i, f_j) / temperature) / sum over the k nearest j'``, 0 for all others,

G = T, one step. The network learned its features to tell classes apart, and nobody told it who belongs to whom: beside
it one sees what *learning* the affinity adds.
"""

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from iaff.propagation.sparse import Sparse

TEMPERATURE, NEAREST = 0.1, 64


class Similarity(Sparse):
    """Each cell hears from the k cells whose features point the most nearly its way, itself among them.

    Args:
        features: ``(D, h', w')``, of any resolution (:func:`iaff.nets.unary.unary_logits` gives them); grid: (h, w) of
            the affinity; temperature: larger than 0, the smaller the stricter; k: at most h * w.
    """

    name: ClassVar[str] = "similarity"

    def __init__(self, features: Tensor, grid: tuple[int, int], temperature: float = TEMPERATURE, k: int = NEAREST):
        partners, cosines = nearest_cells(features, grid, k)
        super().__init__(partners, similarity_weights(cosines, temperature), grid)


def similarity_weights(cosines: Tensor, temperature: float) -> Tensor:
    """Cosines ``(n, k)`` -> rows of T, which sum to 1."""
    return (cosines / temperature).softmax(1)


@torch.no_grad()
def nearest_cells(features: Tensor, grid: tuple[int, int], k: int) -> tuple[Tensor, Tensor]:
    """The k cells whose features are the most alike in cosine, the nearest first.

    Args:
        features: ``(D, h', w')``; on the grid (h, w) they are what bilinear interpolation makes of them.

    Returns:
        cell numbers (row * w + column) ``int64 (n, k)`` and cosines ``float32 (n, k)``, n = h * w; a cell without
        features (all 0) has cosines of 0.
    """
    (h, w), (low_h, low_w) = grid, features.shape[-2:]
    flat = features.float().flatten(1)
    # Interpolation is linear, so products of interpolated features are interpolated products: these are few.
    products = (flat.T @ flat).view(low_h, -1)
    rows, columns = _interpolation(low_h, h).to(flat), _interpolation(low_w, w).to(flat)

    def with_others(row: int) -> Tensor:
        """Products of one row's cells with all features: ``(w, h', w')``."""
        mixed = (rows[row] @ products).view(low_w, -1)
        return (columns @ mixed).view(w, low_h, low_w)

    own = [((rows[r] @ with_others(r)) * columns).sum(1) for r in range(h)]
    length = torch.cat(own).clamp(min=0).sqrt()
    inverse = torch.where(length > 1e-6 * length.max(), 1 / length, 0)
    found = []
    for r in range(h):
        cosines = (rows @ with_others(r) @ columns.T).flatten(1)
        cosines *= inverse * inverse[r * w : (r + 1) * w, None]
        found.append(cosines.topk(min(k, h * w)))
    return torch.cat([one.indices for one in found]), torch.cat([one.values for one in found])


def _interpolation(size: int, to: int) -> Tensor:
    """The matrix ``(to, size)`` that interpolates linearly, as torch does with ``align_corners=False``."""
    return interpolate(torch.eye(size)[None], to, mode="linear", align_corners=False)[0].T
