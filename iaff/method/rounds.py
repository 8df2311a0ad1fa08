"""The loop: iterative affinity learning, as the paper has it, on one page.

Tags alone teach: the loop is handed photos and tags and never asks for a mask (but for ``supervision=masks``, the upper
bound, which is stamped so and never shipped). What a round needs of the others lies on disk, per photo and restricted
to its tags and the background, so that neither memory nor disk grows with the number of classes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from iaff.config import Config
from iaff.data import Dataset
from iaff.method.stages import Maps, Stages, Trainer
from iaff.nets.guidance import Pairwise
from iaff.nets.region import Region
from iaff.nets.unary import Unary


def iterate(
    config: Config, photos: Dataset, trainer: Trainer, after_round: Callable[["Round"], None], measured: int = 0
) -> None:
    """Steps 1 to 6 of the method.

    Args:
        after_round: measures and records what a round made.
        measured: rounds that were recorded before an interruption: of their maps only the last one's are needed.
    """
    if measured >= config.rounds:
        return
    stages = Stages(config, photos, trainer)
    classifier = stages.train_classifier()  # read back where it is there: what measures a round needs it too
    stages.find_superpixels()
    masks = stages.masks() if config.supervision == "masks" else None  # the upper bound alone: see the config
    if measured:
        f, g, refined = stages.results(measured)
        supervision = masks or refined
    else:
        f = g = None
        supervision = masks or stages.find_seeds(classifier)
    for t in range(measured + 1, config.rounds + 1):
        f = stages.train_unary(t, supervision, f)
        unary = stages.predict_unary(t, f)  # alpha^u
        r = stages.train_region(t, f, unary)
        confident = stages.mine(t, r, unary)  # Y_t
        g = stages.train_pairwise(t, unary, confident, g)
        refined = stages.refine(t, g, unary)  # alpha^p = G alpha^u
        after_round(Round(t, photos, f, r, g, supervision, unary, confident, refined))
        supervision = masks or refined


@dataclass
class Round:
    """What round t made: its three networks, and per photo the maps before, in and after mining."""

    t: int
    photos: Dataset
    f: Unary
    r: Region
    g: Pairwise
    supervision: Maps  # labels (h, w) that trained f: seeds, or the last round's refined labels
    unary: Maps  # alpha (K, h, w), pooled features (S, D)
    confident: Maps  # labels (h, w), scores (S, K)
    refined: Maps  # labels (h, w), alpha (K, h, w), both energies of the paper
