"""The pairwise network g_t: a small encoder and decoder that predict the gates of the propagation."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from iaff.config import PairwiseLoss
from iaff.data.transforms import aligned_crop, to_tensor
from iaff.grid import UNKNOWN
from iaff.propagation.gates import DIRECTIONS, NEIGHBOURS, gates_from_logits
from iaff.propagation.scan import propagate
from iaff.superpixels import region_mean


class Pairwise(nn.Module):
    """A short trunk (strides 4, 8, 16), merged top-down to stride 4, then gate logits.

    Per direction there are four logits, three neighbours and the pixel itself; a softmax over them makes the
    gates non-negative with a sum below 1 (method 2.5). The self logit starts low: with most of the mass in
    the gates, a label travels far enough at stride 4 to be corrected from afar.
    """

    def __init__(self, trunk: nn.Module, width: int = 64, self_logit: float = -1.0):
        super().__init__()
        self.trunk = trunk
        self.lateral = nn.ModuleDict({str(s): nn.Conv2d(self.trunk.channels[s], width, 1) for s in (4, 8, 16)})
        self.merge8, self.merge4 = _merge(width), _merge(width)
        self.logits = nn.Conv2d(width, DIRECTIONS * (NEIGHBOURS + 1), 1)
        nn.init.normal_(self.logits.weight, std=0.01)
        bias = torch.zeros(DIRECTIONS, NEIGHBOURS + 1)
        bias[:, -1] = self_logit
        self.logits.bias.data = bias.flatten()

    def forward(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> gates (N, 4, 3, h, w) at stride 4, h = ceil(H/4)."""
        maps = self.trunk(images)
        x = self.lateral["16"](maps[16])
        x = self.merge8(_to(x, maps[8]) + self.lateral["8"](maps[8]))
        x = self.merge4(_to(x, maps[4]) + self.lateral["4"](maps[4]))
        return gates_from_logits(self.logits(x).float())


def _merge(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False), nn.GroupNorm(8, width), nn.ReLU(inplace=True)
    )


def _to(x: Tensor, like: Tensor) -> Tensor:
    return nn.functional.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)


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


def pairwise_loss(net: Pairwise, batch: dict[str, Tensor], how: PairwiseLoss) -> Tensor:
    """L_alpha + weight x L_s: the refined map against Y_t, and G against the superpixels' averaging G_s.

    L_alpha is the cross-entropy -log max(alpha^p, 1e-6) where Y_t is known. L_s = |G - G_s|^2 / N is estimated
    without bias by Hutchinson's probes (method 1.7), which ride through the same scan as extra channels.
    """
    gates = net(batch["image"])
    alpha, ids = batch["alpha"].float(), batch["ids"]
    probes = torch.randint(0, 2, (len(alpha), how.probes, *ids.shape[-2:]), device=alpha.device) * 2.0 - 1
    moved = propagate(torch.cat([alpha, probes], 1), gates, how.passes)
    refined, probed = moved.split([alpha.shape[1], how.probes], 1)
    labels = batch["confident"].long()
    fit = nll_loss(refined.clamp(min=1e-6).log().contiguous(), labels, ignore_index=UNKNOWN)
    return fit + how.smoothness * smoothness(probed, probes, ids)


def smoothness(probed: Tensor, probes: Tensor, ids: Tensor) -> Tensor:
    """Unbiased estimate of |G - G_s|_F^2 / N from G z and z, both ``(N, P, h, w)``; superpixels ``(N, h, w)``."""
    terms = [
        (gz - superpixel_average(z, s)).square().sum((1, 2)).mean() / s.numel()
        for gz, z, s in zip(probed, probes, ids, strict=True)
    ]
    return torch.stack(terms).mean()


def superpixel_average(z: Tensor, ids: Tensor) -> Tensor:
    """G_s z: every pixel gets the mean of its superpixel; z ``(P, h, w)``, ids ``(h, w)``."""
    means, _ = region_mean(z, ids, int(ids.max()) + 1)
    return means[:, ids.long()]


@torch.no_grad()
def predict_gates(net: Pairwise, image: np.ndarray) -> Tensor:
    """Gates ``(1, 4, 3, h, w)`` of one photo ``uint8 (H, W, 3)``."""
    photo = to_tensor(image)[None].to(next(net.parameters()).device)
    return net(photo).float()
