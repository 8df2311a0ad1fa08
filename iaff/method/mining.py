"""Mining confident regions (step 3 of the method).

Superpixels with one dominant unary label train a region network on mask-pooled features; its verdicts on
all superpixels, where it is sure, make the confident map Y_t that teaches the pairwise network. Y_t carries
the region network's labels: in the paper's Fig. 4 about one confident pixel in six is relabelled.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate

from iaff.config import Mining
from iaff.grid import UNKNOWN
from iaff.nets.loss import Batch, Loss
from iaff.nets.region import Region
from iaff.propagation.regions import region_mean


def pool_features(features: Tensor, ids: Tensor, count: int) -> Tensor:
    """Mask pooling: the mean feature of each superpixel.

    Args:
        features: ``(D, h', w')`` at the unary's stride, interpolated to the grid; ids: ``int (h, w)``.

    Returns:
        ``(count, D)``; zeros for a superpixel too small for the grid.
    """
    fine = interpolate(features[None].float(), ids.shape, mode="bilinear", align_corners=False)[0]
    return region_mean(fine, ids, count)[0].T


def label_shares(labels: Tensor, ids: Tensor, count: int, channels: int) -> Tensor:
    """Shares of each unary label in each superpixel, ``(count, channels)``; labels ``int (h, w)``, 0..channels-1."""
    one_hot = torch.nn.functional.one_hot(labels.long(), channels).permute(2, 0, 1).float()
    return region_mean(one_hot, ids, count)[0].T


def region_samples(shares: Tensor, purity: float) -> tuple[Tensor, Tensor]:
    """The superpixels that teach: those with at least ``purity`` of one label.

    Returns:
        their indices ``(n,)`` and labels ``(n,)``, as channels of ``shares``.
    """
    best, label = shares.max(1)
    chosen = (best >= purity).nonzero()[:, 0]
    return chosen, label[chosen]


def _region_loss(net: Region, batch: Batch, counts: Tensor) -> Tensor:
    """Cross-entropy L_m of the region network on its samples (method 1.3)."""
    return cross_entropy(net(batch["pooled"]), batch["label"], reduction="sum") / counts[0]


REGION_LOSS = Loss(lambda batch: torch.tensor([len(batch["label"])]), _region_loss)


@torch.no_grad()
def region_scores(net: Region, pooled: Tensor, class_ids: Tensor) -> Tensor:
    """Scores ``(S, K)`` of the superpixels over background and tags (``class_ids`` (K,)); rows sum to 1."""
    return net(pooled)[:, class_ids].softmax(1)


def confident_map(scores: Tensor, ids: Tensor, unary: Tensor, class_ids: Tensor, how: Mining) -> Tensor:
    """The confident map Y_t.

    Args:
        scores: ``(S, K)``; ids: superpixels ``int (h, w)``; unary: labels of the unary map as channels
            ``int (h, w)``; class_ids: ``int (K,)``.

    Returns:
        ``uint8 (h, w)``: class ids where the region network is sure (score >= tau, or >= tau_background for
        background: nearly all is background, and scores of it are higher), else 255. With
        ``drop_disagree`` only where the unary network says the same; with ``none`` the unary's labels.
    """
    if how.mode == "none":
        return class_ids[unary.long()].to(torch.uint8)
    best, label = scores.max(1)
    bar = torch.where(label == 0, how.tau if how.tau_background is None else how.tau_background, how.tau)
    sure, verdict = (best >= bar)[ids.long()], label[ids.long()]
    if how.mode == "drop_disagree":
        sure &= verdict == unary
    y = class_ids[verdict].to(torch.uint8)
    y[~sure] = UNKNOWN
    return y
