"""Class activation maps: where the classifier looked (step 1 of the method).

The paper takes plain CAM. It lights up what tells one class from another, such as a face, and leaves the rest of the
object to the background. With ``cam.climb`` a photo is also *climbed*: nudged, step by step, towards its tags, so that
parts which speak for the class less loudly join in (AdvCAM: Lee, Kim, Yoon, CVPR 2021).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, multilabel_soft_margin_loss

from iaff.config import Cam, Climb
from iaff.data.transforms import augmented, scaled, to_tensor
from iaff.grid import grid_size
from iaff.method.tag_rule import TagRule
from iaff.nets.classifier import Classifier
from iaff.nets.loss import Batch, Loss

PROPOSED = 0.3  # a class whose probability reaches this is proposed as a tag; chosen on `tune`: training/README.md


def classifier_sample(image: np.ndarray, tags: np.ndarray, crop: int) -> dict[str, Tensor]:
    """One training sample of the classifier: an augmented photo and its tags. No mask comes near."""
    return {"image": augmented(image, crop), "tags": torch.from_numpy(tags).float()}


def _soft_margin(net: Classifier, batch: Batch, counts: Tensor) -> Tensor:
    """Multi-label soft margin loss of the logits against the tags (PSA)."""
    return multilabel_soft_margin_loss(net(batch["image"]), batch["tags"], reduction="none").sum() / counts[0]


CLASSIFIER_LOSS = Loss(lambda batch: torch.tensor([len(batch["tags"])]), _soft_margin)


@dataclass
class Evidence:
    """What the classifier says of a photo, on the affinity grid."""

    cam: Tensor  # (C, h, w), 0..1: what seeds are made of
    scales: Tensor  # (scales, C, h, w), 0..1: the same at each scale, before the climb
    climb: Tensor  # (steps + 1, C, h, w), 0..1: the same at each step of the climb; 0 for what is no tag
    probability: Tensor  # (C,), 0..1
    peaks: Tensor  # (C,): the maximum of each class's activation, mean over scales and mirror images
    rule: TagRule | None = None  # None: the run is not calibrated

    @property
    def proposed(self) -> Tensor:
        """The tags that the classifier proposes for a photo that is known to show some, ``bool (C,)``."""
        return self.probability >= PROPOSED

    @property
    def claimed(self) -> Tensor:
        """The tags of a photo that nobody tagged, ``bool (C,)``: what the run is sure of, else what is proposed."""
        return self.rule.tags(self.peaks) if self.rule else self.proposed

    def cpu(self) -> "Evidence":
        """The same on the CPU."""
        return Evidence(
            self.cam.cpu(), self.scales.cpu(), self.climb.cpu(), self.probability.cpu(), self.peaks.cpu(), self.rule
        )


def find_evidence(
    net: Classifier, image: np.ndarray, how: Cam, tags: Tensor | None = None, rule: TagRule | None = None
) -> Evidence:
    """CAM of one photo: the mean over scales and mirror images, to which the climb's maps are added.

    Args:
        image: ``uint8 (H, W, 3)``; tags: ``bool (C,)``, the classes to climb towards; None: those that the run
            claims.
        rule: what it claims.
    """
    maps, probability, peaks = class_activations(net, image, how.scales, how.flip)
    cam = normalised(maps.flatten(0, 1).mean(0))
    found = Evidence(cam, normalised(maps.mean(1)), maps.new_zeros(0, *cam.shape), probability, peaks, rule)
    if how.climb.steps:
        towards = (found.claimed if tags is None else tags.to(cam.device)).nonzero()[:, 0]
        found.climb = cam.new_zeros(how.climb.steps + 1, *cam.shape)
        if len(towards):
            steps = climbed_activations(net, image, towards, how.climb)
            found.climb[:, towards] = normalised(steps)
            found.cam[towards] = normalised(cam[towards] + normalised(steps.sum(0)))
    return found


def climbed_activations(net: Classifier, image: np.ndarray, towards: Tensor, how: Climb) -> Tensor:
    """Anti-adversarial climbing: activations while the photo is nudged towards each of some classes.

    For each class c a copy of the photo takes steps of gradient ascent on

        y_c - sum of y_k over the others in ``towards`` - weight / N * sum over M of |A_c - A_c at the start|

    with logits y and activations A of N cells; M is where A_c exceeded ``held`` of its maximum at the start, so that
    what is found already does not grow, and other parts must (AdvCAM). A step moves the steepest pixel by ``size``.

    Args:
        image: ``uint8 (H, W, 3)``; towards: class indices ``int64 (k,)``, from 0, background not among them.

    Returns:
        positive activations ``(steps + 1, k, h, w)`` on the affinity grid, the photo's own first.
    """
    photo = to_tensor(image)[None].to(towards.device).float()
    size, start = grid_size(*photo.shape[-2:]), scaled(photo, how.scale)
    # Each copy of the photo that climbs beside others takes 200 MB more, and on a CPU saves no time.
    together = 1 if towards.is_cpu else max(1, len(towards))
    climbed = [_climbed(net, start, size, towards, some, how) for some in torch.arange(len(towards)).split(together)]
    return torch.cat(climbed, 1)


def _climbed(
    net: Classifier, photo: Tensor, size: tuple[int, int], towards: Tensor, some: Tensor, how: Climb
) -> Tensor:
    """As :func:`climbed_activations`, for the classes ``towards[some]``, of a photo ``(1, 3, H, W)`` at its scale."""
    copies, rows = photo.repeat(len(some), 1, 1, 1), torch.arange(len(some))
    maps, start = [], None
    for step in range(how.steps + 1):
        with torch.set_grad_enabled(step < how.steps):
            copies.requires_grad_()
            activation = net.activations(copies).float()
            own = activation[rows, towards[some]]
            maps.append(interpolate(own.detach().relu()[None], size, mode="bilinear", align_corners=False)[0])
            if step == how.steps:
                break
            if start is None:
                start = own.detach().relu()
                held = start > how.held * start.amax((1, 2), keepdim=True)
            logits = activation.mean((2, 3))[:, towards]
            moved = (held * (own.relu() - start).abs()).mean((1, 2))
            gain = 2 * logits[rows, some] - logits.sum(1) - how.weight * moved
            (slope,) = torch.autograd.grad(gain.sum(), copies)
        steepest = slope.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-20)
        copies = copies.detach() + how.size * slope / steepest
    return torch.stack(maps)


@torch.no_grad()
def class_activations(
    net: Classifier, image: np.ndarray, scales: tuple[float, ...] = (1.0,), flip: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """What the classifier lights up at each scale of a photo, and on its mirror image.

    Args:
        image: ``uint8 (H, W, 3)``; scales: of the photo.

    Returns:
        positive activations ``(scales, 1 or 2, C, h, w)`` on the affinity grid; and, averaged over them, the
        classifier's probability ``(C,)`` of each class, and the maximum ``(C,)`` of its activation.
    """
    photo = to_tensor(image)[None].to(next(net.parameters()).device).float()
    size = grid_size(*photo.shape[-2:])
    maps, logits, peaks = [], [], []
    for scale in scales:
        sized = scaled(photo, scale)
        for mirrored in (False, True) if flip else (False,):
            activation = net.activations(sized.flip(-1) if mirrored else sized).float()
            logits.append(activation.mean((2, 3)))
            peaks.append(activation.amax((2, 3)))
            activation = activation.flip(-1) if mirrored else activation
            maps.append(interpolate(activation.relu(), size, mode="bilinear", align_corners=False)[0])
    probability = torch.stack(logits).mean(0)[0].sigmoid()
    return torch.stack(maps).unflatten(0, (len(scales), -1)), probability, torch.stack(peaks).mean(0)[0]


def normalised(activation: Tensor) -> Tensor:
    """Activations ``(..., h, w)``, each map divided by its maximum (PSA): 0..1."""
    return activation / (activation.amax((-2, -1), keepdim=True) + 1e-5)
