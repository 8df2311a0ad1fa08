"""The pairwise network g_t: its kinds, and the samples that it learns from."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from iaff.config import Config
from iaff.data.transforms import aligned_crop, to_tensor
from iaff.grid import UNKNOWN
from iaff.nets.affinitynet import AffinityNet
from iaff.nets.spn import Spn
from iaff.propagation import Linear


class Pairwise(Protocol):
    """What the loop asks of a pairwise network (an ``nn.Module`` too)."""

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Training loss of a batch of :func:`pairwise_sample`."""
        ...

    def propagator(self, image: np.ndarray) -> Linear:
        """The affinity of one photo ``uint8 (H, W, 3)``, which refines alpha^u to alpha^p."""
        ...


def build_pairwise(config: Config, trunk: nn.Module) -> Spn | AffinityNet:
    """The pairwise network of the kind that the settings name, on a trunk of depth ``pairwise``."""
    if config.affinity == "affinitynet":
        return AffinityNet(trunk, config.walk)
    return Spn(trunk, config.loss)


def pairwise_sample(image: np.ndarray, alpha: Tensor, confident: Tensor, ids: Tensor, crop: int) -> dict:
    """One training sample: photo, alpha^u ``(K, h, w)``, Y_t as channels ``uint8 (h, w)``, superpixels ``(h, w)``.

    Outside the photo alpha^u is background, Y_t unknown, and all is one superpixel.
    """
    outside = torch.zeros(len(alpha), dtype=alpha.dtype)
    outside[0] = 1
    maps = {"alpha": alpha, "confident": confident, "ids": ids}
    fills = {"alpha": outside, "confident": UNKNOWN, "ids": int(ids.max()) + 1}
    photo, cut = aligned_crop(to_tensor(image), maps, fills, crop)
    return {"image": photo, **cut}


def pairwise_collate(samples: list[dict]) -> dict[str, Tensor]:
    """Stacks samples; alpha^u gets empty channels up to the batch's largest number of tags."""
    channels = max(len(s["alpha"]) for s in samples)
    for s in samples:
        empty = s["alpha"].new_zeros(channels - len(s["alpha"]), *s["alpha"].shape[1:])
        s["alpha"] = torch.cat([s["alpha"], empty])
    return {key: torch.stack([s[key] for s in samples]) for key in samples[0]}
