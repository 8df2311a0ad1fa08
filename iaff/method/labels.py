"""Which classes a photo may show, and label maps in their terms."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def allowed_classes(tags: Tensor) -> Tensor:
    """Background and the tags, as class ids ``int64 (K,)``; tags ``bool (C,)``."""
    return torch.cat([torch.zeros(1, dtype=torch.long), tags.nonzero()[:, 0] + 1])


def as_channels(labels: Tensor, class_ids: Tensor) -> Tensor:
    """Class ids ``uint8 (h, w)`` -> indices into ``class_ids``; 255 stays 255."""
    table = torch.full((256,), 255, dtype=torch.uint8)
    table[class_ids] = torch.arange(len(class_ids), dtype=torch.uint8)
    return table[labels.long()]


def winners(alpha: Tensor, size: tuple[int, int]) -> Tensor:
    """The winning channel of ``(K, H, W)`` at another size (width, height), channel by channel to save memory."""
    best, label = torch.full(size[::-1], -torch.inf), torch.zeros(size[::-1], dtype=torch.uint8)
    for k, channel in enumerate(alpha):
        large = interpolate(channel[None, None], size[::-1], mode="bilinear", align_corners=False)[0, 0]
        label[large > best] = k
        best = torch.maximum(best, large)
    return label
