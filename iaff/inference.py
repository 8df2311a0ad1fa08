"""One photo through all rounds of a trained run: what `evaluate`, the gallery and own photos use."""

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from iaff.config import Climb, Config
from iaff.errors import UserError
from iaff.method.cam import Evidence, find_evidence
from iaff.method.photo import RoundMaps, RoundNets, round_maps
from iaff.method.superpixels import superpixels
from iaff.method.tag_rule import TagRule
from iaff.nets.backbones import check_backbones
from iaff.nets.folding import Network, folded
from iaff.nets.networks import Networks, read_weights
from iaff.run import Run


class Predictor:
    """A run's networks, ready for photos.

    Args:
        run: a run with at least one finished round; device: where its networks live.

    Raises:
        UserError: no finished round, settings of another version, or weights that cannot be read.
    """

    def __init__(self, run: Run, device: torch.device | str = "cpu"):
        self.run, self.device = run, device
        known = {k: v for k, v in run.config.items() if k in Config.model_fields}
        try:
            self.config = Config.model_validate(known)
        except ValidationError as error:
            raise UserError(
                f"{run.dir}: its config.json is not of this version of iaff: {error.errors()[0]}."
            ) from error
        try:
            check_backbones(self.config)
        except UserError as error:
            raise UserError(
                f"{run.dir}: its config.json is not of this version of iaff, or needs what is not installed: {error}"
            ) from error
        self.classes = len(run.classes) - 1
        self.rule = TagRule.of(run.tags())
        if not run.finished_rounds():
            raise UserError(
                f"{run.dir} has no finished round yet: got no weights of unary_1, region_1 and pairwise_1. Go on with "
                "its training, or give another run with --run DIR."
            )
        networks = Networks(self.config, self.classes, pretrained=False)
        self.classifier = self._ready("classifier", networks.classifier())
        self.rounds = [self._load_round(t, networks) for t in range(1, run.finished_rounds() + 1)]

    def evidence(self, image: np.ndarray, tags: Tensor | None = None) -> Evidence:
        """CAM and tag scores of a photo ``uint8 (H, W, 3)``, climbed towards ``tags`` (:func:`find_evidence`)."""
        return find_evidence(self.classifier, image, self.config.cam, tags, self.rule).cpu()

    def proposed(self, image: np.ndarray) -> Tensor:
        """The tags that the classifier proposes for a photo, ``bool (C,)``: what an own photo is given, if any."""
        plain = self.config.cam.model_copy(update={"climb": Climb()})  # which does not change the scores
        return find_evidence(self.classifier, image, plain).proposed.cpu()

    def superpixels(self, image: np.ndarray) -> Tensor:
        """Superpixel ids ``int32 (H, W)``."""
        return superpixels(image, self.config.superpixels)

    def round(self, t: int, image: np.ndarray, ids: Tensor, *choices: Tensor) -> list[RoundMaps]:
        """Round t (from 1) of one photo, once for each choice of classes (ids ``int64 (K,)``, background first)."""
        return round_maps(self.rounds[t - 1], image, ids, choices, self.config)

    def _load_round(self, t: int, networks: Networks) -> RoundNets:
        f = self._ready(f"unary_{t}", networks.unary())
        r = self._ready(f"region_{t}", networks.region(f))
        return RoundNets(f, r, self._ready(f"pairwise_{t}", networks.pairwise()))

    def _ready(self, name: str, net: Network) -> Network:
        return folded(read_weights(net, self.run.weights(name)).to(self.device))
