"""Which of a run's classes a photo is said to show, and how sure the run is of each.

A classifier gives every photo some score for every class, a pizza too. Two numbers, fitted on photos that show classes
of the run and on photos that show none, turn a score into the share of photos with such a score that really show the
class (Platt, 1999); a third says how sure the run must be of its likeliest class before anything is claimed at all.
``training.tag_threshold`` finds them, and leaves them in the run as ``tags.json``.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

EDGE = 1e-6  # scores nearer to 0 or 1 count as if they were so far away


@dataclass(frozen=True)
class TagRule:
    """The rule of a run; by default of one that is not calibrated, where a score is taken as it is.

    A class of score p is given ``sigmoid(slope * logit(p) + offset)``; where that is below ``claimed`` for all classes,
    nothing is claimed.
    """

    slope: float = 1.0
    offset: float = 0.0
    claimed: float = 0.0
    calibrated: bool = False

    @classmethod
    def of(cls, tags: dict[str, Any]) -> "TagRule":
        """The rule of a run's ``tags.json``; of an empty object: not calibrated."""
        return cls(tags["slope"], tags["offset"], tags["claimed"], True) if tags else cls()

    def sure(self, scores: Tensor) -> Tensor:
        """How sure the run is of each class, 0..1, of its scores ``(..., C)`` in 0..1."""
        if not self.calibrated:
            return scores
        return torch.sigmoid(self.slope * torch.logit(scores.double(), EDGE) + self.offset).to(scores.dtype)

    def tags(self, scores: Tensor, proposed: Tensor) -> Tensor:
        """The tags of photos that nobody tagged, ``bool (..., C)``: those proposed, or none where none is claimed."""
        return proposed & (self.sure(scores).amax(-1, keepdim=True) >= self.claimed)
