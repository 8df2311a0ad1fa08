"""Joint transforms of a photo and its maps, with torchvision's v2 transforms.

Random numbers come from torch's global generator; the trainer seeds it per sample, so that a resumed
training sees what an unbroken one would have seen.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate, pad
from torchvision import tv_tensors
from torchvision.transforms import v2

from iaff.grid import STRIDE, UNKNOWN, grid_size

_FILL: dict[type | str, Any] = {tv_tensors.Image: 118, tv_tensors.Mask: UNKNOWN}


def to_tensor(image: np.ndarray) -> Tensor:
    """``uint8 (H, W, 3)`` -> ``uint8 (3, H, W)``."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def scaled(photo: Tensor, scale: float) -> Tensor:
    """Photos ``float (N, 3, H, W)`` at ``scale`` times their size."""
    if scale == 1:
        return photo
    return interpolate(photo, scale_factor=scale, mode="bilinear", antialias=True, align_corners=False)


def grid_photo(image: np.ndarray, stride: int = STRIDE) -> Tensor:
    """A photo ``uint8 (H, W, 3)`` averaged onto the affinity grid: ``float (3, h, w)``."""
    height, width = image.shape[:2]
    return adaptive_avg_pool2d(to_tensor(image).float(), grid_size(height, width, stride))


def enlarge(labels: Tensor, height: int, width: int, stride: int = STRIDE) -> Tensor:
    """A label map on the grid -> the same at photo size, every cell a block of ``stride`` x ``stride`` px."""
    return labels.repeat_interleave(stride, -2).repeat_interleave(stride, -1)[..., :height, :width]


def augmentation(crop: int, size: int) -> v2.Transform:
    """Flip, scale the longer side to 0.7-1.3 of ``size`` px, colour jitter, and crop a square of ``crop`` px."""
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.ScaleJitter((size, size), (0.7, 1.3), antialias=True),
            v2.ColorJitter(0.3, 0.3, 0.3),
            v2.RandomCrop(crop, pad_if_needed=True, fill=_FILL),
        ]
    )


def augmented(image: np.ndarray, crop: int) -> Tensor:
    """An augmented photo ``uint8 (3, crop, crop)``."""
    return augmentation(crop, max(image.shape[:2]))(tv_tensors.Image(to_tensor(image)))


def labelled_sample(image: np.ndarray, labels: Tensor, crop: int) -> tuple[Tensor, Tensor]:
    """An augmented photo ``uint8 (3, crop, crop)`` and its labels or maps (given on the grid) ``(..., crop, crop)``.

    Maps are moved without interpolation, and 255 outside the photo.
    """
    photo = tv_tensors.Image(to_tensor(image))
    height, width = photo.shape[-2:]
    transform = augmentation(crop, max(height, width))
    return transform(photo, tv_tensors.Mask(enlarge(labels, height, width)))


def aligned_crop(image: Tensor, maps: dict[str, Tensor], fills: dict[str, Tensor | float], crop: int):
    """Flips and crops a photo and maps on its grid together, without resampling any of them.

    Args:
        image: ``uint8 (3, H, W)``; maps: ``(..., h, w)`` on the grid; fills: each map's value outside the photo.
        crop: side of the square, px, a multiple of 16.

    Returns:
        photo ``(3, crop, crop)`` and the maps ``(..., crop/4, crop/4)``.
    """
    height, width = image.shape[-2:]
    side = crop // STRIDE
    rows, columns = grid_size(height, width)
    image = pad(image, (0, STRIDE * columns - width, 0, STRIDE * rows - height), value=118)
    if torch.rand(()) < 0.5:
        image, maps = image.flip(-1), {name: m.flip(-1) for name, m in maps.items()}
    top = STRIDE * int(torch.randint(max(0, rows - side) + 1, ()))
    left = STRIDE * int(torch.randint(max(0, columns - side) + 1, ()))
    photo = _window(image, top, left, crop, 118)
    cut = {k: _window(m, top // STRIDE, left // STRIDE, side, fills[k]) for k, m in maps.items()}
    return photo, cut


def _window(x: Tensor, top: int, left: int, side: int, fill) -> Tensor:
    x = x[..., top : top + side, left : left + side]
    out = torch.empty(*x.shape[:-2], side, side, dtype=x.dtype)
    out[...] = fill if isinstance(fill, (int, float)) else fill.view(-1, 1, 1)
    out[..., : x.shape[-2], : x.shape[-1]] = x
    return out
