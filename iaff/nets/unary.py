"""The unary segmentation network f_t: a trunk and DeepLab-v2's head."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from iaff.data.transforms import labelled_sample, to_tensor
from iaff.grid import UNKNOWN, grid_size
from iaff.superpixels import on_grid


class Unary(nn.Module):
    """DeepLab-v2: the sum of four dilated 3 x 3 convolutions over the trunk's last map.

    Args:
        trunk: a backbone (:mod:`iaff.nets.backbones`).
        classes: foreground classes C; the output has C + 1 channels, background first.
        output_stride: of the trunk; the head's rates (6, 12, 18, 24 at stride 8) shrink with it.
    """

    def __init__(self, trunk: nn.Module, classes: int, output_stride: int = 16):
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout2d(0.1)
        rates = [max(1, r * 8 // output_stride) for r in (6, 12, 18, 24)]
        width = self.trunk.channels["top"]
        self.head = nn.ModuleList(
            nn.Conv2d(width, classes + 1, 3, padding=r, dilation=r, bias=r == rates[0]) for r in rates
        )
        self.feature_channels = self.trunk.channels[16] + width
        for branch in self.head:
            nn.init.normal_(branch.weight, std=0.01)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Photos (N, 3, H, W) in 0..255 -> logits (N, C+1, h, w), features (N, D, h, w)."""
        maps = self.trunk(images)
        middle, top = maps[16], maps["top"]
        if middle.shape[-2:] != top.shape[-2:]:
            middle = nn.functional.adaptive_avg_pool2d(middle, top.shape[-2:])
        dropped = self.dropout(top)
        logits = sum(branch(dropped) for branch in self.head).float()
        return logits, torch.cat([middle, top], 1)


def unary_sample(image: np.ndarray, labels: Tensor, crop: int) -> dict[str, Tensor]:
    """One training sample: an augmented photo and its labels on the grid, ``uint8 (crop/4, crop/4)``."""
    photo, target = labelled_sample(image, labels, crop)
    return {"image": photo, "labels": on_grid(target)}


def unary_loss(net: Unary, batch: dict[str, Tensor], balanced: bool = False) -> Tensor:
    """Softmax cross-entropy against the pseudo labels, where they are known (method 1.3).

    ``balanced``: objects and background count the same, however many pixels each has. Seeds are no fair sample of
    the photo (few object seeds, much background); refined maps are.
    """
    logits, _ = net(batch["image"])
    labels = batch["labels"].long()
    fine = interpolate(logits, labels.shape[-2:], mode="bilinear", align_corners=False)
    if not balanced:
        return cross_entropy(fine, labels, ignore_index=UNKNOWN)
    each = cross_entropy(fine, labels, ignore_index=UNKNOWN, reduction="none")
    back, front = labels == 0, (labels > 0) & (labels != UNKNOWN)
    return sum((each * part).sum() / part.sum().clamp(min=1) for part in (back, front)) / 2


@torch.no_grad()
def unary_logits(net: Unary, image: np.ndarray, flip: bool = True) -> tuple[Tensor, Tensor]:
    """Logits of one photo on the affinity grid and the trunk's features.

    Args:
        image: ``uint8 (H, W, 3)``; flip: average with the mirrored photo.

    Returns:
        logits ``(C+1, h, w)`` at stride 4; features ``(D, h', w')`` at the trunk's stride.
    """
    photo = to_tensor(image)[None].to(next(net.parameters()).device)
    logits, features = net(photo)
    size = grid_size(*image.shape[:2])
    fine = interpolate(logits, size, mode="bilinear", align_corners=False)
    if flip:
        mirrored = interpolate(net(photo.flip(-1))[0], size, mode="bilinear", align_corners=False)
        fine = (fine + mirrored.flip(-1)) / 2
    return fine[0], features[0].float()


def restrict(logits: Tensor, class_ids: Tensor) -> Tensor:
    """Logits ``(C+1, h, w)`` -> alpha^u ``(K, h, w)``: a softmax over background and tags alone."""
    return logits[class_ids].float().softmax(0)
