"""Whether masks agree with tags: a mask that shows other classes than its photo's tags was saved in other numbers."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from iaff.data.folder import Folder
from iaff.grid import UNKNOWN

FEW = 3  # masks of VOC or COCO that disagree are no rule yet: of some photos a tag is difficult, or lies in a crowd


@dataclass
class MaskCheck:
    """Compares masks with tags, photo after photo, and says what follows.

    VOC and COCO have photos of which a tag is not in the mask, so that there only what half of the masks do is
    refused; in a folder, whose masks somebody exported, also a single one that leaves no class but void.

    Args:
        classes: names, background first; folder: whether the masks are a folder's, with all of its classes.
    """

    classes: tuple[str, ...]
    folder: bool = False
    seen: int = 0  # masks with any pixel that is not void
    void: list[str] = field(default_factory=list)  # photos whose masks have none
    wrong: list[str] = field(default_factory=list)  # a sentence of each mask that disagrees
    alone: list[str] = field(default_factory=list)  # of those that are refused by themselves
    thin: int = 0  # masks whose classes beyond the tags have nothing but edges
    masks: Counter[int] = field(default_factory=Counter)  # how many masks show each class
    tagged: Counter[int] = field(default_factory=Counter)  # and how many of their photos have it as tag

    @classmethod
    def of(cls, data: Any) -> "MaskCheck":
        """For the masks of a data set, which may be a part of another."""
        whole = getattr(data, "data", data)
        return cls(data.classes, isinstance(whole, Folder) and len(whole.classes) == len(whole.all_classes))

    def add(self, name: str, labels: np.ndarray, tags: np.ndarray) -> str:
        """Adds a mask ``uint8 (H, W)`` and its photo's tags ``bool (C,)``.

        Returns:
            why no figure can be measured against this mask; empty where it can.
        """
        found = np.bincount(labels.ravel(), minlength=UNKNOWN + 1)
        if found[UNKNOWN] == labels.size:
            self.void.append(name)
            return f"{name}: every pixel of its mask is void (255), so that there is nothing to measure."
        self.seen += 1
        shown = {label for label in range(1, UNKNOWN) if found[label]}
        tagged = {label for label, yes in enumerate(tags.tolist(), 1) if yes}
        self.masks.update(shown)
        self.tagged.update(tagged)
        if shown <= tagged and (shown or not tagged):
            return ""
        beyond = sorted(shown - tagged)
        self.thin += bool(beyond) and not _has_inside(labels, beyond)
        what = f"shows {self._names(beyond)}" if beyond else "shows none of them"
        sentence = f"{name} is tagged {self._names(sorted(tagged)) or 'with none of the classes'}, its mask {what}"
        if not shown and found[UNKNOWN]:
            sentence += ", only background (0) and void (255)"
        self.wrong.append(sentence)
        if self.folder and not shown and found[UNKNOWN]:
            self.alone.append(sentence)
            return f"{sentence}. {self._remedy()}"
        return ""

    def rule(self) -> str:
        """Why no figure can be measured against these masks as a whole; empty where most agree with the tags."""
        many = 2 * len(self.wrong) >= self.seen and len(self.wrong) >= (1 if self.folder else FEW)
        return self._refusal(self.wrong) if many else ""

    def refusal(self) -> str:
        """The same, or why not against some of them."""
        return self.rule() or self._refusal(self.alone)

    def _refusal(self, found: list[str]) -> str:
        if not found:
            return ""
        edges = " The classes lie along edges alone: was the mask smoothed when it was shrunk?" if self.thin else ""
        return (
            f"{len(found)} of {self.seen} masks looked at contradict the tags; the first: {found[0]}.{edges} "
            f"{self._remedy()}"
        )

    def warnings(self) -> list[str]:
        """What the figures should be read with: masks that disagree though most do not, and classes that none shows."""
        found = []
        if self.wrong and not self.refusal():
            found.append(f"{len(self.wrong)} of {self.seen} masks disagree with the tags; the first: {self.wrong[0]}.")
        if self.void:
            found.append(
                f"{len(self.void)} masks are all void (255), and count for nothing; the first: {self.void[0]}."
            )
        missing = [self.classes[label] for label in sorted(self.tagged) if not self.masks[label]]
        if missing:
            found.append(
                f"No mask of the {self.seen} looked at shows {', '.join(missing)}, which photos are tagged with."
            )
        return found

    def absent(self) -> list[str]:
        """Classes that no mask showed."""
        return [name for label, name in enumerate(self.classes) if label and not self.masks[label]]

    def _names(self, labels: list[int]) -> str:
        return " and ".join(f"{self.classes[label]} ({label})" for label in labels[:4])

    def _remedy(self) -> str:
        indices = ", ".join(f"{label} {name}" for label, name in enumerate(self.classes[:6]))
        return f"Save masks with {indices}{' ...' * (len(self.classes) > 6)}, 255 void, or mend the tags."


def _has_inside(labels: np.ndarray, beyond: list[int]) -> bool:
    """Whether one of these labels has a pixel whose four neighbours have the same."""
    if min(labels.shape) < 3:
        return True
    centre = labels[1:-1, 1:-1]
    around = (labels[:-2, 1:-1], labels[2:, 1:-1], labels[1:-1, :-2], labels[1:-1, 2:])
    inside = np.isin(centre, beyond)
    for other in around:
        inside &= centre == other
    return bool(inside.any())
