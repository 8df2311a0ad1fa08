"""The figures of one photo and of a round: each defined here once, for training's reports, scores and traces alike.

Shares are 0..1. Keys are those of ``figures.json`` and of traces (docs/formats.md); what needs truth is missing where
there is none. Figures over many photos against truth are pooled: :mod:`iaff.method.metrics`.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypedDict

from torch import Tensor

from iaff.data.transforms import enlarge
from iaff.grid import UNKNOWN
from iaff.method.energy import paper_energy, reference_energy
from iaff.method.metrics import Partial, Segmentation, to_photo
from iaff.method.superpixels import on_grid
from iaff.propagation import Linear, leak_rate, sample_reach

PHOTO_ROWS = 64  # of G, whose median is the reach of one photo
RUN_ROWS = 16  # of G in each photo, where the median is over many photos: it settles with fewer


class OfMaps(TypedDict):
    """A figure of alpha^u and of alpha^p."""

    unary: float
    refined: float


class MapFigures(TypedDict, total=False):
    """A map against truth; without a suffix no tags are given, but in traces, whose maps are the tags'."""

    miou: float
    miou_proposed: float  # with the tags that the classifier proposes
    miou_tags: float
    iou: dict[str, float | None]  # per class; None: it does not occur
    iou_proposed: dict[str, float | None]
    iou_tags: dict[str, float | None]
    objects: float  # share of the pixels that are labelled objects
    objects_proposed: float
    objects_tags: float
    precision_tags: float  # share of all pixels that is right; of alpha^u alone


class PartialFigures(TypedDict, total=False):
    """A label map with unknown pixels: seeds, or confident regions."""

    foreground: float  # thresholds, of seeds
    background: float
    precision: float
    coverage: float
    relabelled: float  # of confident regions: share of the known whose label is not the unary map's
    coverage_train: float  # over the training photos, of which no truth is asked
    relabelled_train: float


class Energies(TypedDict):
    """J of the paper, and J_ref, which is comparable across rounds."""

    paper: OfMaps
    ref: OfMaps


class RoundFigures(TypedDict, total=False):
    """A round in ``figures.json``, or, of one photo, in its trace."""

    round: int
    photos: int  # training photos behind the figures that need no truth
    unary: MapFigures
    refined: MapFigures
    confident: PartialFigures
    changed: float
    agreement: float
    foreground: OfMaps
    energy: Energies
    reach: float  # cells
    leak: float | None
    region_scores: dict[str, list[int]]  # histograms by verdict; ``mining.json`` has them


class CamFigures(TypedDict, total=False):
    """CAM as a segmentation at one threshold, with tags."""

    threshold: float
    miou: float  # of one photo
    miou_tags: float
    iou_tags: dict[str, float | None]


class PhotoFigures(TypedDict):
    """One photo before the first round, in its trace."""

    seeds: PartialFigures
    cam: CamFigures


class RunFigures(TypedDict, total=False):
    """``figures.json``."""

    schema: int
    split: str
    images: int
    objects: float  # share of the scored photos' pixels that are objects in truth
    absent: list[str]  # classes that no mask shows: a mIoU leaves them out, unless they are predicted
    cam: dict[Literal["fixed", "oracle"], CamFigures]  # at the run's threshold, and at the best one
    seeds: PartialFigures
    rounds: list[RoundFigures]


@dataclass(frozen=True)
class Shares:
    """Shares of a photo's cells in one round; no truth is asked."""

    changed: float  # whose refined label differs from the round before (round 1: from the unary one)
    agreement: float  # whose refined label is the unary one
    coverage: float  # that are confident
    relabelled: float  # of the confident ones, whose label is not the unary one
    foreground_unary: float
    foreground_refined: float

    @classmethod
    def of(cls, unary: Tensor, confident: Tensor, refined: Tensor, before: Tensor | None) -> "Shares":
        """Label maps of class ids ``(h, w)``; ``before``: the refined one of the round before, None in round 1."""
        known, relabelled = relabelled_cells(confident, unary)
        return cls(
            changed=share(refined != (unary if before is None else before)),
            agreement=share(refined == unary),
            coverage=share(confident != UNKNOWN),
            relabelled=relabelled / max(1, known),
            foreground_unary=share(unary > 0),
            foreground_refined=share(refined > 0),
        )

    @classmethod
    def mean(cls, photos: Sequence["Shares"]) -> "Shares":
        """Over photos."""
        return cls(*(statistics.fmean(getattr(one, field.name) for one in photos) for field in fields(cls)))


def share(mask: Tensor) -> float:
    """Share of a mask that is set."""
    return float(mask.float().mean())


def relabelled_cells(confident: Tensor, unary: Tensor) -> tuple[int, int]:
    """How many cells are confident, and how many of these have another label than the unary map's class ids."""
    known = confident != UNKNOWN
    return int(known.sum()), int((known & (confident != unary)).sum())


def paper_energies(alpha: Tensor, refined: Tensor, twice: Tensor) -> OfMaps:
    """J of alpha^u and of alpha^p = G alpha^u, given ``twice`` = G alpha^p."""
    return {"unary": paper_energy(alpha, refined), "refined": paper_energy(refined, twice)}


def reference_energies(alpha: Tensor, refined: Tensor, weights: list[Tensor]) -> OfMaps:
    """J_ref of both maps; ``weights`` are the photo's (:func:`iaff.method.energy.image_weights`)."""
    return {"unary": reference_energy(alpha, weights), "refined": reference_energy(refined, weights)}


def mean_of_maps(photos: Sequence[OfMaps]) -> OfMaps:
    """The mean over photos of a figure of both maps."""
    return {
        "unary": statistics.fmean(one["unary"] for one in photos),
        "refined": statistics.fmean(one["refined"] for one in photos),
    }


def median_reach(g: Linear, rows: int) -> float:
    """Median reach of about so many rows of G, in cells."""
    return float(sample_reach(g, rows).double().median())


def mean_leak(g: Linear, truth: Tensor) -> float | None:
    """Mean leak of a photo's cells over truth ``(H, W)``; None where no cell's centre is labelled."""
    leak = leak_rate(g, on_grid(truth))
    return None if math.isnan(leak) else leak


def photo_labels(alpha: Tensor, class_ids: Tensor, truth: Tensor) -> Tensor:
    """The labels of a map ``(K, h, w)`` at the size of truth, as class ids ``(H, W)``."""
    return class_ids[to_photo(alpha, *truth.shape).argmax(0)]


def photo_miou(labels: Tensor, truth: Tensor) -> float | None:
    """mIoU of one photo over the classes that occur or are predicted; maps of class ids ``(H, W)``.

    None where all of truth is void: then there is nothing to measure.
    """
    known = truth[truth != UNKNOWN]
    if not len(known):
        return None
    score = Segmentation(max(2, int(max(labels.max(), known.max())) + 1))
    score.add(labels, truth)
    return score.miou()


def photo_ious(labels: Tensor, truth: Tensor, names: Sequence[str]) -> dict[str, float | None]:
    """IoU of each class (``names``, by class id) in one photo; None for one that neither occurs nor is predicted."""
    score = Segmentation(len(names))
    score.add(labels, truth)
    return {name: None if math.isnan(v) else v for name, v in zip(names, score.iou().tolist(), strict=True)}


def partial_figures(labels: Tensor, truth: Tensor | None) -> PartialFigures:
    """Coverage of a label map ``(h, w)`` on the grid and, against truth at photo size, its precision."""
    if truth is None:
        return {"coverage": share(labels != UNKNOWN)}
    score = Partial()
    score.add(enlarge(labels, *truth.shape), truth)
    return {"coverage": score.coverage(), "precision": score.precision()}
