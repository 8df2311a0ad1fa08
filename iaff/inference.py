"""One photo through all rounds of a trained run: what `evaluate`, the gallery and own photos use."""

from dataclasses import dataclass, fields, replace
from functools import partial

import numpy as np
import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from iaff.config import Climb, Config
from iaff.errors import UserError
from iaff.method.cam import Evidence, find_evidence
from iaff.method.mining import confident_map, pool_features, region_scores
from iaff.method.superpixels import on_grid, superpixels
from iaff.nets.backbones import Depth, build_trunk
from iaff.nets.classifier import Classifier
from iaff.nets.folding import folded
from iaff.nets.pairwise import Pairwise, build_pairwise
from iaff.nets.region import Region
from iaff.nets.unary import Unary, restrict, unary_logits
from iaff.propagation import Linear
from iaff.run import Run


@dataclass
class RoundMaps:
    """One photo's maps of one round; channels are the classes it was restricted to."""

    classes: Tensor  # int64 (K,), their ids, background first
    alpha_u: Tensor  # (K, h, w)
    scores: Tensor  # (S, K)
    confident: Tensor  # uint8 (h, w), class ids, 255 unknown
    g: Linear  # the affinity of the photo
    alpha_p: Tensor  # (K, h, w)
    pooled: Tensor  # (S, D), the unary network's features that the scores were made from


@dataclass
class RoundNets:
    """The three networks of a round."""

    f: Unary
    r: Region
    g: Pairwise


class Explainer:
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
        self.classes = len(run.classes) - 1
        if not run.finished_rounds():
            raise UserError(
                f"{run.dir} has no finished round yet: got no weights of unary_1, region_1 and pairwise_1. Go on with "
                "its training, or give another run with --run DIR."
            )
        self.classifier = self._load("classifier", Classifier(self._trunk("classifier"), self.classes))
        self.rounds = [self._load_round(t) for t in range(1, run.finished_rounds() + 1)]

    def evidence(self, image: np.ndarray, tags: Tensor | None = None) -> Evidence:
        """CAM and tag scores of a photo ``uint8 (H, W, 3)``, climbed towards ``tags`` (:func:`find_evidence`)."""
        found = find_evidence(self.classifier, image, self.config.cam, tags)
        return replace(found, **{field.name: getattr(found, field.name).cpu() for field in fields(found)})

    def proposed(self, image: np.ndarray) -> Tensor:
        """The tags that the classifier proposes for a photo, ``bool (C,)``: what an own photo is given."""
        plain = self.config.cam.model_copy(update={"climb": Climb()})  # which does not change the scores
        return find_evidence(self.classifier, image, plain).proposed.cpu()

    def superpixels(self, image: np.ndarray) -> Tensor:
        """Superpixel ids ``int32 (H, W)``."""
        return superpixels(image, self.config.superpixels)

    def round(self, t: int, image: np.ndarray, ids: Tensor, *choices: Tensor) -> list[RoundMaps]:
        """Round t (from 1) of one photo, once for each choice of classes (ids ``int64 (K,)``, background first)."""
        nets = self.rounds[t - 1]
        logits, features = unary_logits(nets.f, image, scales=self.config.unary_scales)
        cells = on_grid(ids)
        pooled = pool_features(features, cells.to(features.device), int(ids.max()) + 1)
        g = nets.g.propagator(image)
        results = []
        for classes in choices:
            alpha = restrict(logits, classes).cpu()
            scores = region_scores(nets.r, pooled, classes).cpu()
            confident = confident_map(scores, cells, alpha.argmax(0), classes, self.config.mining)
            refined = g.propagate(alpha[None].to(self.device))[0].cpu()
            results.append(RoundMaps(classes, alpha, scores, confident, g, refined, pooled.cpu()))
        return results

    def _load_round(self, t: int) -> RoundNets:
        config = self.config
        f = self._load(f"unary_{t}", Unary(self._trunk("unary"), self.classes, config.output_stride, config.head))
        r = self._load(f"region_{t}", Region(f.feature_channels, self.classes))
        return RoundNets(f, r, self._load(f"pairwise_{t}", build_pairwise(config, partial(self._trunk, "pairwise"))))

    def _trunk(self, depth: Depth) -> nn.Module:
        return build_trunk(self.config.trunk(depth)[0], depth, self.config.output_stride)

    def _load(self, name: str, net: nn.Module):
        path = self.run.weights(name)
        try:
            net.load_state_dict({k: v.float() for k, v in load_file(path).items()})
        except (SafetensorError, OSError) as error:
            raise UserError(
                f"{path} cannot be read ({error}). Expected the whole file that training wrote; copy or train it again."
            ) from error
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip() if "\n" in str(error) else error
            raise UserError(f"{path} holds weights of another network than config.json says: {first}") from error
        return folded(net.to(self.device))
