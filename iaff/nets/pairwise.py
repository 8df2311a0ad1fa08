"""The pairwise network g_t: its kinds, and the samples that it learns from."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from iaff.config import Config
from iaff.data.transforms import aligned_crop, to_tensor
from iaff.grid import UNKNOWN
from iaff.nets.affinitynet import AffinityNet
from iaff.nets.guidance import Pairwise
from iaff.nets.loss import Batch
from iaff.nets.spn import Spn
from iaff.nets.trunk import Trunk
from iaff.nets.untrained import ByColour, SelfTraining
from iaff.propagation import rademacher


def build_pairwise(config: Config, trunk: Callable[[], Trunk]) -> Pairwise:
    """The :class:`Pairwise` of the kind that the settings name; ``trunk`` makes a backbone of depth ``pairwise``."""
    match config.affinity:
        case "affinitynet":
            return AffinityNet(trunk(), config.walk)
        case "pamr":
            return ByColour()
        case "none":
            return SelfTraining()
    return Spn(trunk(), config.loss)


def pairwise_sample(image: np.ndarray, alpha: Tensor, confident: Tensor, ids: Tensor, crop: int, probes: int) -> Batch:
    """One training sample: photo, alpha^u ``(K, h, w)``, Y_t as channels ``uint8 (h, w)``, superpixels ``(h, w)``.

    Its ``probes`` (P, h, w) of L_s come along, so that they are the same wherever the sample is computed. Outside the
    photo alpha^u is background, Y_t unknown, and all is one superpixel.
    """
    outside = torch.zeros(len(alpha), dtype=alpha.dtype)
    outside[0] = 1
    maps = {"alpha": alpha, "confident": confident, "ids": ids}
    fills = {"alpha": outside, "confident": UNKNOWN, "ids": int(ids.max()) + 1}
    photo, cut = aligned_crop(to_tensor(image), maps, fills, crop)
    h, w = cut["ids"].shape
    return {"image": photo, **cut, "probes": rademacher(1, probes, h, w)[0].to(torch.int8)}


def pairwise_collate(samples: list[dict]) -> dict[str, Tensor]:
    """Stacks samples; alpha^u gets empty channels up to the batch's largest number of tags."""
    channels = max(len(s["alpha"]) for s in samples)
    for s in samples:
        empty = s["alpha"].new_zeros(channels - len(s["alpha"]), *s["alpha"].shape[1:])
        s["alpha"] = torch.cat([s["alpha"], empty])
    return {key: torch.stack([s[key] for s in samples]) for key in samples[0]}
