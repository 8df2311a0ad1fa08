"""Seeds: what the activation maps are sure of (step 1 of the method)."""

import torch
from torch import Tensor

from iaff.config import Seeds
from iaff.grid import UNKNOWN
from iaff.propagation.regions import region_mean


def average_in_superpixels(cam: Tensor, ids: Tensor) -> Tensor:
    """CAM ``(C, h, w)`` averaged in each superpixel (ids ``int (h, w)``) and divided by each class's maximum (MCOF)."""
    means, _ = region_mean(cam, ids, int(ids.max()) + 1)
    return (means / (means.amax(1, keepdim=True) + 1e-5))[:, ids.long()]


def make_seeds(cam: Tensor, tags: Tensor, foreground: float, background: float) -> Tensor:
    """CAM and tags -> seeds.

    Args:
        cam: ``(C, h, w)`` in 0..1; tags: ``bool (C,)``.
        foreground: a pixel whose strongest tagged class reaches this is a seed of that class.
        background: a pixel where all tagged classes stay below this is a background seed.

    Returns:
        ``uint8 (h, w)``: 0 background, 1..C classes, 255 unknown. Without tags all is background.
    """
    strength, best = (cam * tags[:, None, None]).max(0)
    seeds = torch.full(strength.shape, UNKNOWN, dtype=torch.uint8)
    seeds[strength < background] = 0
    confident = (strength >= foreground) & (strength > 0)
    seeds[confident] = best[confident].to(torch.uint8) + 1
    return seeds


def find_seeds(cam: Tensor, tags: Tensor, ids: Tensor, how: Seeds) -> Tensor:
    """Seeds ``uint8 (h, w)`` of one photo from its CAM ``(C, h, w)``, tags and superpixels ``int (h, w)``."""
    evidence = average_in_superpixels(cam, ids) if how.superpixels else cam
    return make_seeds(evidence, tags, how.foreground, how.background)


def cam_labels(cam: Tensor, tags: Tensor, threshold: float) -> Tensor:
    """CAM as a segmentation, for scoring: the strongest tagged class from ``threshold`` up, else background."""
    return make_seeds(cam, tags, threshold, threshold)
