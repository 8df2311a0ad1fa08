"""IAL's pairwise network: it predicts the gates of the spatial propagation (SPN)."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from iaff.config import PairwiseLoss
from iaff.data.transforms import to_tensor
from iaff.grid import UNKNOWN
from iaff.nets.guidance import Guidance
from iaff.nets.loss import Batch
from iaff.nets.trunk import Trunk
from iaff.propagation import Scan, gates_from_logits, propagate, smoothness
from iaff.propagation.gates import DIRECTIONS, NEIGHBOURS


class Spn(Guidance):
    """Per direction four logits, three neighbours and the pixel itself.

    A softmax over them makes the gates non-negative with a sum below 1 (method 2.5). The self logit starts low: with
    most of the mass in the gates, a label travels far enough at stride 4 to be corrected from afar.
    """

    def __init__(self, trunk: Trunk, how: PairwiseLoss, width: int = 64, self_logit: float = -1.0):
        super().__init__(trunk, width)
        self.how = how
        self.probes = how.probes if how.smoothness else 0  # Rademacher vectors that a sample brings along
        self.logits = nn.Conv2d(width, DIRECTIONS * (NEIGHBOURS + 1), 1)
        nn.init.normal_(self.logits.weight, std=0.01)
        bias = torch.zeros(DIRECTIONS, NEIGHBOURS + 1)
        bias[:, -1] = self_logit
        self.logits.bias = nn.Parameter(bias.flatten())

    def forward(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> gates (N, 4, 3, h, w) at stride 4, h = ceil(H/4)."""
        return gates_from_logits(self.logits(self.features(images)).float())

    def counts(self, batch: Batch) -> Tensor:
        """Known pixels, and photos: what the two losses are means over."""
        known = (batch["confident"] != UNKNOWN).sum()
        return torch.stack([known, known.new_tensor(len(batch["ids"]))])

    def loss(self, batch: Batch, counts: Tensor) -> Tensor:
        """L_alpha + weight x L_s: the refined map against Y_t, and G against the superpixels' averaging G_s.

        L_alpha is the cross-entropy -log max(alpha^p, 1e-6) where Y_t is known. L_s = |G - G_s|^2 / N is estimated
        without bias by Hutchinson's probes, which ride through the same scan as extra channels.
        """
        gates = self(batch["image"])
        alpha, probes = batch["alpha"].float(), batch["probes"].float()
        moved = propagate(torch.cat([alpha, probes], 1), gates, self.how.passes)
        refined, probed = moved.split([alpha.shape[1], probes.shape[1]], 1)
        log, labels = refined.clamp(min=1e-6).log().contiguous(), batch["confident"].long()
        fit = nll_loss(log, labels, ignore_index=UNKNOWN, reduction="sum") / counts[0]
        if not self.probes:
            return fit
        return fit + self.how.smoothness * smoothness(probed, probes, batch["ids"]).sum() / counts[1]

    @torch.no_grad()
    def propagator(self, image: np.ndarray) -> Scan:
        """G of one photo ``uint8 (H, W, 3)``."""
        photo = to_tensor(image)[None].to(self.device)
        return Scan(self(photo).float(), self.how.passes)
