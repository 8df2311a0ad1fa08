"""Class activation maps: where the classifier looked (step 1 of the method)."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, multilabel_soft_margin_loss

from iaff.data.transforms import labelled_sample, to_tensor
from iaff.grid import grid_size
from iaff.loss import Batch, Loss
from iaff.nets.classifier import Classifier


def classifier_sample(image: np.ndarray, tags: np.ndarray, crop: int) -> dict[str, Tensor]:
    """One training sample of the classifier: an augmented photo and its tags. No mask comes near."""
    return {"image": labelled_sample(image, None, crop)[0], "tags": torch.from_numpy(tags).float()}


def _soft_margin(net: Classifier, batch: Batch, counts: Tensor) -> Tensor:
    """Multi-label soft margin loss of the logits against the tags (PSA)."""
    return multilabel_soft_margin_loss(net(batch["image"]), batch["tags"], reduction="none").sum() / counts[0]


CLASSIFIER_LOSS = Loss(lambda batch: torch.tensor([len(batch["tags"])]), _soft_margin)


@torch.no_grad()
def class_activations(
    net: Classifier, image: np.ndarray, scales: tuple[float, ...] = (1.0,), flip: bool = True
) -> tuple[Tensor, Tensor]:
    """What the classifier lights up at each scale of a photo, and on its mirror image.

    Args:
        image: ``uint8 (H, W, 3)``; scales: of the photo.

    Returns:
        positive activations ``(scales, 1 or 2, C, h, w)`` on the affinity grid, and the classifier's probability
        ``(C,)`` of each class, averaged over them.
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
            maps.append(interpolate(activation.relu(), size, mode="bilinear", align_corners=False)[0])
    probability = torch.stack(logits).mean(0)[0].sigmoid()
    return torch.stack(maps).unflatten(0, (len(scales), -1)), probability


def normalised(activation: Tensor) -> Tensor:
    """Activations ``(..., h, w)``, each map divided by its maximum (PSA): 0..1."""
    return activation / (activation.amax((-2, -1), keepdim=True) + 1e-5)


def class_activation(
    net: Classifier, image: np.ndarray, scales: tuple[float, ...] = (1.0,), flip: bool = True
) -> tuple[Tensor, Tensor]:
    """Multi-scale CAM of one photo: :func:`class_activations`, averaged and normalised.

    Returns:
        CAM ``(C, h, w)`` in 0..1, and the probabilities ``(C,)``.
    """
    maps, probability = class_activations(net, image, scales, flip)
    return normalised(maps.flatten(0, 1).mean(0)), probability
