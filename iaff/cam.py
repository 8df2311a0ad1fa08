"""Class activation maps: where the classifier looked (step 1 of the method)."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, multilabel_soft_margin_loss

from iaff.data.transforms import grid_size, labelled_sample, to_tensor
from iaff.nets.classifier import Classifier


def classifier_sample(image: np.ndarray, tags: np.ndarray, crop: int) -> dict[str, Tensor]:
    """One training sample of the classifier: an augmented photo and its tags. No mask comes near."""
    return {"image": labelled_sample(image, None, crop)[0], "tags": torch.from_numpy(tags).float()}


def classifier_loss(net: Classifier, batch: dict[str, Tensor]) -> Tensor:
    """Multi-label soft margin loss of the logits against the tags (PSA)."""
    return multilabel_soft_margin_loss(net(batch["image"]), batch["tags"])


@torch.no_grad()
def class_activation(
    net: Classifier, image: np.ndarray, scales: tuple[float, ...] = (1.0,), flip: bool = True
) -> tuple[Tensor, Tensor]:
    """Multi-scale CAM of one photo.

    Args:
        image: ``uint8 (H, W, 3)``.
        scales: of the photo; the maps are averaged, at each scale over the photo and its mirror image.

    Returns:
        CAM ``(C, h, w)`` on the affinity grid, in 0..1, each class divided by its maximum (PSA); and the
        classifier's probability ``(C,)`` of each class, averaged likewise.
    """
    photo = to_tensor(image)[None].to(next(net.parameters()).device).float()
    size = grid_size(*photo.shape[-2:])
    maps, logits = [], []
    for scale in scales:
        scaled = photo if scale == 1 else interpolate(
            photo, scale_factor=scale, mode="bilinear", antialias=True, align_corners=False
        )  # fmt: skip
        for mirrored in (False, True) if flip else (False,):
            activation = net.activations(scaled.flip(-1) if mirrored else scaled).float()
            logits.append(activation.mean((2, 3)))
            activation = activation.flip(-1) if mirrored else activation
            maps.append(interpolate(activation.relu(), size, mode="bilinear", align_corners=False))
    cam = torch.stack(maps).mean(0)[0]
    peak = cam.amax((1, 2), keepdim=True)
    return cam / (peak + 1e-5), torch.stack(logits).mean(0)[0].sigmoid()
