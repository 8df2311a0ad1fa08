"""Averages over regions, such as superpixels."""

import torch
from torch import Tensor


def region_mean(values: Tensor, ids: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Mean of a map over each region.

    Args:
        values: ``(..., h, w)``; ids: ``int (h, w)`` in 0..count-1.

    Returns:
        means ``(..., count)``, 0 for a region without pixels; pixels per region ``(count,)``.
    """
    flat, index = values.flatten(-2), ids.flatten().long()
    sizes = torch.bincount(index, minlength=count).to(flat.dtype)
    sums = flat.new_zeros(*flat.shape[:-1], count).index_add_(-1, index, flat)
    return sums / sizes.clamp(min=1), sizes
