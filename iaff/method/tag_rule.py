"""Which of a run's classes a photo is said to show, and how sure the run is of each.

A classifier gives every photo some score for every class, a pizza too. The score is a mean over the photo; what a class
really lights up, it lights up brightly somewhere, and the *peak* of its activation tells the photos that show none of
the classes better from the others. Two numbers, fitted on both kinds of photos, turn a peak into the share of photos
with such a peak that really show the class (Platt, 1999). ``training.tag_rule`` finds them, and leaves them in the run
as ``tags.json``.
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

CLAIMED = 0.5  # what is more likely there than not is claimed


@dataclass(frozen=True)
class TagRule:
    """A class whose activation has the peak p is there with ``sigmoid(slope * p + offset)``."""

    slope: float
    offset: float

    @classmethod
    def of(cls, tags: dict[str, Any]) -> "TagRule | None":
        """The rule of a run's ``tags.json``; None of an empty object: the run is not calibrated."""
        return cls(tags["slope"], tags["offset"]) if tags else None

    def sure(self, peaks: Tensor) -> Tensor:
        """How sure the run is of each class, 0..1, of peaks ``(..., C)``."""
        return (self.slope * peaks + self.offset).sigmoid()

    def tags(self, peaks: Tensor) -> Tensor:
        """The tags of photos that nobody tagged, ``bool (..., C)``: what is claimed, which may be nothing."""
        return self.sure(peaks) >= CLAIMED
