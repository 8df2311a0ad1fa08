"""What the networks make of one photo in a round: written once, for training and for explaining.

Training runs these steps over all photos, one after the other, and keeps what each made; explaining runs them on one
photo at once. Maps come back on the CPU. Their channels are the classes that the photo is restricted to, background
first: ``class_ids``, ``int64 (K,)``. ``cells`` are its superpixels on the grid, ``int (h, w)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from iaff.config import Config, Mining
from iaff.method.mining import confident_map, pool_features, region_scores
from iaff.method.superpixels import on_grid
from iaff.nets.guidance import Pairwise
from iaff.nets.region import Region
from iaff.nets.unary import Unary, restrict, unary_logits
from iaff.propagation import Linear


@dataclass
class RoundNets:
    """The three networks of a round."""

    f: Unary
    r: Region
    g: Pairwise


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


def round_maps(
    nets: RoundNets, image: np.ndarray, ids: Tensor, choices: Sequence[Tensor], config: Config
) -> list[RoundMaps]:
    """A round's maps of one photo ``uint8 (H, W, 3)`` with superpixels ``ids (H, W)``, once for each choice of classes.

    A small superpixel may lie between the centres of the cells; it has features and scores of its own all the same.
    """
    cells = on_grid(ids)
    logits, pooled = predict_unary(nets.f, image, cells, int(ids.max()) + 1, config)
    g = nets.g.propagator(image)
    results = []
    for class_ids in choices:
        alpha = restrict(logits, class_ids)
        scores, confident = mine(nets.r, pooled, alpha, cells, class_ids, config.mining)
        results.append(RoundMaps(class_ids, alpha, scores, confident, g, refine(g, alpha), pooled))
    return results


def predict_unary(f: Unary, image: np.ndarray, cells: Tensor, count: int, config: Config) -> tuple[Tensor, Tensor]:
    """What the unary network makes of a photo: logits ``(C+1, h, w)``, and its features pooled ``(S, D)``.

    ``count`` is S, the number of superpixels. :func:`restrict` makes alpha^u of the logits.
    """
    logits, features = unary_logits(f, image, scales=config.unary_scales)
    pooled = pool_features(features, cells.to(features.device), count)
    return logits.cpu(), pooled.cpu()


def mine(
    r: Region, pooled: Tensor, alpha: Tensor, cells: Tensor, class_ids: Tensor, how: Mining
) -> tuple[Tensor, Tensor]:
    """The superpixels' scores ``(S, K)`` and the confident map Y_t, ``uint8 (h, w)``, of a photo.

    Args:
        pooled: ``(S, D)``, as :func:`predict_unary` gives them; alpha: alpha^u ``(K, h, w)``.
    """
    device = next(r.parameters()).device
    scores = region_scores(r, pooled.to(device), class_ids).float().cpu()
    return scores, confident_map(scores, cells, alpha.argmax(0), class_ids, how)


def refine(g: Linear, alpha: Tensor) -> Tensor:
    """G alpha, of one photo's map ``(K, h, w)``."""
    return g.propagate(alpha[None].to(g.ones().device))[0].cpu()
