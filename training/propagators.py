"""Compares propagators on the same unary maps: what each makes of alpha^u, and how long it takes."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from iaff.data.transforms import grid_photo
from iaff.errors import UserError
from iaff.inference import Predictor
from iaff.method.figures import photo_labels
from iaff.method.metrics import Segmentation, span
from iaff.method.photo import RoundMaps
from iaff.nets.unary import Unary, unary_logits
from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
from iaff.propagation import DenseCrf, Linear, Nothing, Pamr, Propagator, Similarity, colour_walk

# Of a photo, the same on the grid, and the run's own affinity.
Build = Callable[[np.ndarray, Tensor, Linear], Propagator]
BUILDERS: dict[str, Build] = {
    "none": lambda image, photo, g: Nothing(g.grid),
    "own": lambda image, photo, g: g,
    "colours": lambda image, photo, g: colour_walk(photo),
    "pamr": lambda image, photo, g: Pamr(photo, GRID_DILATIONS, GRID_STEPS),
    "crf": lambda image, photo, g: DenseCrf(photo),
}
LIKENESS = "similarity"  # needs the unary network too: it compares what that network sees
# The suffix of a figure's name -> which classes a photo's maps are restricted to.
PROTOCOLS = {"": "no tags", "_proposed": "proposed tags", "_tags": "with tags"}
MEANING = {
    "none": "none (alpha^u)",
    "own": "the run's own affinity",
    "colours": "random walk on colours",
    "pamr": "PAMR",
    "crf": "dense CRF",
    LIKENESS: "similarity of features",
}


class Comparison:
    """Several propagators on one round's alpha^u; add photos, then ask for the ``result``.

    Args:
        names: of ``BUILDERS``, and ``similarity``, which asks ``unary``, the network that made alpha^u.
        others: runs whose pairwise networks (of round ``t``, or their last) refine this run's alpha^u too, by name.

    Raises:
        UserError: an unknown name, or one whose library is missing.
    """

    def __init__(
        self, names: list[str], classes: int, t: int, others: dict[str, Predictor], unary: Unary | None = None
    ):
        known = dict(BUILDERS)
        if unary:
            known[LIKENESS] = lambda image, photo, g: Similarity(unary_logits(unary, image, flip=False)[1], g.grid)
        for name in names:
            if name not in known:
                raise UserError(f"Got the propagator {name!r}, expected some of {', '.join(known)}.")
        if "crf" in names:
            DenseCrf(torch.zeros(3, 1, 1))  # says what is missing before an hour of work, not after
        self.t = t
        self.builders = {name: known[name] for name in names}
        for name, predictor in others.items():
            net = predictor.rounds[min(t, len(predictor.rounds)) - 1].g
            self.builders[name] = lambda image, photo, g, net=net: net.propagator(image)
        self.scores = {name: {tags: Segmentation(classes) for tags in PROTOCOLS} for name in self.builders}
        self.seconds = dict.fromkeys(self.builders, 0.0)
        self.photos = 0

    def add(self, image: np.ndarray, maps: dict[str, RoundMaps], truth: Tensor) -> None:
        """Adds a photo's maps by protocol (of :data:`PROTOCOLS`)."""
        photo = grid_photo(image)
        self.photos += 1
        for name, build in self.builders.items():
            start = time.perf_counter()
            propagator = build(image, photo, maps["_tags"].g)
            refined = {"_tags": propagator.propagate(maps["_tags"].alpha_u[None])[0]}
            self.seconds[name] += time.perf_counter() - start
            for tags, score in self.scores[name].items():
                alpha = refined[tags] if tags in refined else propagator.propagate(maps[tags].alpha_u[None])[0]
                score.add(photo_labels(alpha, maps[tags].classes, truth), truth)

    def result(self) -> dict[str, Any]:
        """mIoU in 0..1 by protocol, of how many classes each is the mean, and seconds a photo.

        Seconds are those with tags; the network of ``own`` is not counted.
        """
        return {
            "round": self.t,
            "propagators": {
                name: {
                    **{f"miou{tags}": score.miou() for tags, score in scores.items()},
                    **{f"classes{tags}": int((~score.iou().isnan()).sum()) for tags, score in scores.items()},
                    "seconds": self.seconds[name] / max(1, self.photos),
                }
                for name, scores in self.scores.items()
            },
        }


def table(result: dict[str, Any]) -> str:
    """The comparison as lines of text, in percent."""
    means = [score[f"classes{tags}"] for score in result["propagators"].values() for tags in PROTOCOLS]
    lines = [
        f"The same alpha^u of round {result['round']}, refined by (mIoU: mean of {span(means)} classes)",
        " " * 28 + "no tags  proposed      tags   ms a photo",
    ]
    for name, score in result["propagators"].items():
        title = MEANING.get(name, f"affinity of {name}")
        lines.append(
            f"{title:<26}{100 * score['miou']:>9.1f}{100 * score['miou_proposed']:>10.1f}"
            f"{100 * score['miou_tags']:>10.1f}"
            f"{1000 * score['seconds']:>13.0f}"
        )
    return "\n".join(lines)
