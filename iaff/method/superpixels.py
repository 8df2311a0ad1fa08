"""Superpixels by Felzenszwalb and Huttenlocher's graph-based segmentation (scikit-image)."""

import numpy as np
import torch
from skimage.segmentation import felzenszwalb
from torch import Tensor

from iaff.config import Superpixels
from iaff.grid import STRIDE, centre, grid_size


def superpixels(image: np.ndarray, how: Superpixels) -> Tensor:
    """Photo ``uint8 (H, W, 3)`` -> superpixel ids ``int32 (H, W)``, 0..S-1."""
    ids = felzenszwalb(image, scale=how.scale, sigma=how.sigma, min_size=how.min_size)
    return torch.from_numpy(ids.astype(np.int32))


def on_grid(ids: Tensor, stride: int = STRIDE) -> Tensor:
    """Any map ``(..., H, W)`` at photo size, sampled at the centres of the affinity grid: ``(..., h, w)``."""
    height, width = ids.shape[-2:]
    rows, columns = grid_size(height, width, stride)
    x, y = centre(np.arange(rows), np.arange(columns), height, width, stride)
    return ids[..., torch.from_numpy(y), :][..., torch.from_numpy(x)]
