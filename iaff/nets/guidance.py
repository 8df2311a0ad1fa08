"""What the pairwise networks share: what the loop asks of them, and features of a photo on the affinity grid."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from iaff.nets.loss import Batch
from iaff.nets.trunk import Trunk
from iaff.propagation import Linear


class Pairwise(nn.Module, ABC):
    """A pairwise network of any kind. One without parameters learns nothing, and needs no loss."""

    probes = 0  # Rademacher vectors that each training sample brings along

    def counts(self, batch: Batch) -> Tensor:
        """What the loss of a batch of :func:`iaff.nets.pairwise.pairwise_sample` is a mean over."""
        raise NotImplementedError

    def loss(self, batch: Batch, counts: Tensor) -> Tensor:
        """The batch's share of the training loss (:class:`iaff.nets.loss.Loss`)."""
        raise NotImplementedError

    @abstractmethod
    def propagator(self, image: np.ndarray) -> Linear:
        """The affinity of one photo ``uint8 (H, W, 3)``, which refines alpha^u to alpha^p."""


class Guidance(Pairwise):
    """A short trunk (strides 4, 8, 16), merged top-down to stride 4."""

    def __init__(self, trunk: Trunk, width: int = 64):
        super().__init__()
        self.trunk = trunk
        self.lateral = nn.ModuleDict({str(s): nn.Conv2d(self.trunk.channels[s], width, 1) for s in (4, 8, 16)})
        self.merge8, self.merge4 = _merge(width), _merge(width)

    def features(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> (N, width, h, w) at stride 4, h = ceil(H/4)."""
        maps = self.trunk(images)
        x = self.lateral["16"](maps[16])
        x = self.merge8(_to(x, maps[8]) + self.lateral["8"](maps[8]))
        return self.merge4(_to(x, maps[4]) + self.lateral["4"](maps[4]))

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device


def _merge(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False), nn.GroupNorm(8, width), nn.ReLU(inplace=True)
    )


def _to(x: Tensor, like: Tensor) -> Tensor:
    return interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)
