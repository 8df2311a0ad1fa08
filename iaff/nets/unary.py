"""The unary segmentation network f_t: a trunk and one of DeepLab's heads."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from iaff.data.transforms import scaled, to_tensor
from iaff.grid import grid_size
from iaff.nets.heads import Head, build_head
from iaff.nets.trunk import Trunk


class Unary(nn.Module):
    """DeepLab: a head over the trunk's last map; the features are that map and the one at stride 16.

    Args:
        trunk: a backbone (:mod:`iaff.nets.backbones`).
        classes: foreground classes C; the output has C + 1 channels, background first.
        output_stride: of the trunk; the head's rates shrink with it.
        head: DeepLab-v2's ``aspp``, or ``largefov`` (:mod:`iaff.nets.heads`).
    """

    def __init__(self, trunk: Trunk, classes: int, output_stride: int = 16, head: Head = "aspp"):
        super().__init__()
        self.trunk = trunk
        self.head = build_head(head, trunk, classes, output_stride)
        self.feature_channels = trunk.channels[16] + trunk.channels["top"]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Photos (N, 3, H, W) in 0..255 -> logits (N, C+1, h, w), features (N, D, h, w)."""
        maps = self.trunk(images)
        middle, top = maps[16], maps["top"]
        if middle.shape[-2:] != top.shape[-2:]:
            middle = nn.functional.adaptive_avg_pool2d(middle, top.shape[-2:])
        return self.head(top).float(), torch.cat([middle, top], 1)


@torch.no_grad()
def unary_logits(
    net: Unary, image: np.ndarray, flip: bool = True, scales: tuple[float, ...] = ()
) -> tuple[Tensor, Tensor]:
    """Logits of one photo on the affinity grid and the trunk's features.

    Args:
        image: ``uint8 (H, W, 3)``; flip: average with the mirrored photo; scales: and with the photo at these.

    Returns:
        logits ``(C+1, h, w)`` at stride 4; features ``(D, h', w')`` at the trunk's stride.
    """
    photo = to_tensor(image)[None].to(next(net.parameters()).device).float()
    size, found, features = grid_size(*image.shape[:2]), [], []
    for scale in (1, *scales):
        sized = scaled(photo, scale)
        logits, of_this = net(sized)
        found.append(interpolate(logits, size, mode="bilinear", align_corners=False))
        features.append(of_this)
        if flip:
            found.append(interpolate(net(sized.flip(-1))[0], size, mode="bilinear", align_corners=False).flip(-1))
    return torch.cat(found).mean(0), features[0][0].float()


def restrict(logits: Tensor, class_ids: Tensor) -> Tensor:
    """Logits ``(C+1, h, w)`` -> alpha^u ``(K, h, w)``: a softmax over background and tags alone."""
    return logits[class_ids].float().softmax(0)
