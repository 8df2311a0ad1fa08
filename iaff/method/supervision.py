"""What teaches the unary network f_t: seeds, the refined labels of the round before, or its refined map itself."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate, log_softmax

from iaff.data.transforms import labelled_sample
from iaff.grid import UNKNOWN
from iaff.method.superpixels import on_grid
from iaff.nets.loss import Batch, Loss
from iaff.nets.unary import Unary

MOST_ODDS = 10.0
ODDS_BINS = 2000


def hard_sample(image: np.ndarray, labels: Tensor, crop: int) -> Batch:
    """One training sample: an augmented photo and its labels on the grid, ``uint8 (crop/4, crop/4)``.

    Args:
        image: ``uint8 (H, W, 3)``; labels: ``uint8 (h, w)`` on the grid, 255 unknown.
    """
    photo, target = labelled_sample(image, labels, crop)
    return {"image": photo, "labels": on_grid(target)}


def soft_sample(image: np.ndarray, alpha: Tensor, class_ids: Tensor, classes: int, crop: int) -> Batch:
    """The same with a refined map ``(K, h, w)`` of the classes ``class_ids`` (K,), in place of its labels.

    Returns:
        photo, and ``target`` ``(classes, crop/4, crop/4)``; 0 everywhere outside the photo.
    """
    photo, moved = labelled_sample(image, alpha, crop)
    moved = on_grid(moved).float()
    outside = moved[0] > 1  # filled with 255
    target = torch.zeros(classes, *moved.shape[-2:])
    target[class_ids] = moved.masked_fill(outside, 0)
    return {"image": photo, "target": target}


def labels_at(alpha: Tensor, class_ids: Tensor, odds: float) -> Tensor:
    """Labels ``uint8 (h, w)`` of a refined map ``(K, h, w)`` of classes ``class_ids``, objects' odds multiplied."""
    return class_ids[torch.cat([alpha[:1], odds * alpha[1:]]).argmax(0)].to(torch.uint8)


def object_odds(maps: Iterable[Tensor], share: float) -> float:
    """The factor, 1 / 10 to 10, on the odds of objects with which they have a given share of all cells.

    Plain labels lose some of the objects in each round, and what is lost once teaches the next one to lose it. A
    share that is held does so without masks (as EM-Adapt holds one in each photo: Papandreou et al., ICCV 2015).

    Args:
        maps: refined maps ``(K, h, w)``, background first; share: 0..1, mean over photos.
    """
    counts = torch.zeros(ODDS_BINS + 2)
    edges = torch.linspace(-math.log(MOST_ODDS), math.log(MOST_ODDS), ODDS_BINS + 1)
    for alpha in maps:
        best = alpha[1:].float().amax(0) if len(alpha) > 1 else torch.zeros(alpha.shape[1:])
        needed = alpha[0].float().log() - best.log()  # of log odds, for an object to win
        counts += torch.bincount(torch.bucketize(needed.flatten(), edges), minlength=ODDS_BINS + 2) / needed.numel()
    won = counts.cumsum(0)[:-1] / counts.sum()  # share of objects at each edge
    return float(edges[(won - share).abs().argmin()].exp())


def _logits(net: Unary, batch: Batch, size: torch.Size) -> Tensor:
    return interpolate(net(batch["image"])[0], size, mode="bilinear", align_corners=False)


def _hard(net: Unary, batch: Batch, counts: Tensor) -> Tensor:
    """Softmax cross-entropy against the pseudo labels, where they are known (method 1.3)."""
    labels = batch["labels"].long()
    fine = _logits(net, batch, labels.shape[-2:])
    return cross_entropy(fine, labels, ignore_index=UNKNOWN, reduction="sum") / counts[0]


def _sides(batch: Batch) -> tuple[Tensor, Tensor]:
    """Where the labels are background, and where they are objects."""
    labels = batch["labels"]
    return labels == 0, (labels > 0) & (labels != UNKNOWN)


def _balanced(net: Unary, batch: Batch, counts: Tensor) -> Tensor:
    """The same, objects and background counting alike, however many pixels each has.

    Seeds are no fair sample of the photo (few object seeds, much background), and refined maps lose some of the objects
    in each round.
    """
    labels = batch["labels"].long()
    each = cross_entropy(_logits(net, batch, labels.shape[-2:]), labels, ignore_index=UNKNOWN, reduction="none")
    shares = ((each * part).sum() / count for part, count in zip(_sides(batch), counts, strict=True))
    return sum(shares, start=each.new_zeros(())) / 2


def _soft(net: Unary, batch: Batch, counts: Tensor) -> Tensor:
    """Cross-entropy against a distribution per pixel."""
    target = batch["target"]
    return -(target * log_softmax(_logits(net, batch, target.shape[-2:]), 1)).sum() / counts[0]


HARD = Loss(lambda batch: (batch["labels"] != UNKNOWN).sum()[None], _hard)
BALANCED = Loss(lambda batch: torch.stack([part.sum() for part in _sides(batch)]), _balanced)
SOFT = Loss(lambda batch: (batch["target"].sum(1) > 0.5).sum()[None], _soft)
