"""Data sets behind one protocol: ``classes``, ``ids``, ``len``, ``image(i)``, ``tags(i)``, ``mask(i)``."""

from typing import Protocol

import numpy as np

from iaff.class_names import check_classes
from iaff.data.coco import COCO
from iaff.data.coco_categories import COCO_CLASSES
from iaff.data.folder import Folder
from iaff.data.shapes import Shapes
from iaff.data.voc import ANIMALS, VOC, VOC_CLASSES
from iaff.errors import UserError

__all__ = [
    "ANIMALS",
    "COCO",
    "COCO_CLASSES",
    "VOC",
    "VOC_CLASSES",
    "Dataset",
    "Folder",
    "Shapes",
    "Subset",
    "open_split",
]


class Dataset(Protocol):
    """What every data set offers; ``classes[0]`` is the background. ``mask`` is for metrics only.

    ``notes`` are sentences about what was read in another way than it stands there, each with its file and, where
    there is one, its line or id: whoever opens a data set prints them.
    """

    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def ids(self) -> list[str]: ...
    @property
    def notes(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def image(self, i: int) -> np.ndarray: ...
    def tags(self, i: int) -> np.ndarray: ...
    def mask(self, i: int) -> np.ndarray: ...


class Subset:
    """Some photos of a data set, by index."""

    def __init__(self, data: Dataset, indices: list[int]):
        self.data, self.indices = data, list(indices)
        self.classes, self.ids, self.notes = data.classes, [data.ids[i] for i in self.indices], data.notes

    def __len__(self) -> int:
        return len(self.indices)

    def image(self, i: int) -> np.ndarray:
        return self.data.image(self.indices[i])

    def tags(self, i: int) -> np.ndarray:
        return self.data.tags(self.indices[i])

    def mask(self, i: int) -> np.ndarray:
        return self.data.mask(self.indices[i])


def open_split(
    kind: str, root: str, split: str, classes: tuple[str, ...] | None = None, size: int = 0, seed: int = 0
) -> Dataset:
    """Opens one split of a data set.

    Args:
        kind: ``voc``, ``coco``, ``folder`` or ``shapes``.
        root: the VOC2012 folder, COCO's, or the folder with ``tags.csv`` (unused for ``shapes``).
        split: the list's name; for ``shapes`` any name, each of which gives other scenes.
        classes: names to keep (not for ``shapes``).
        size: at most this many photos, chosen by ``seed``; 0 takes all (for ``shapes``: 200 scenes).
        seed: of the choice and of the scenes.

    Raises:
        UserError: what the reader of this kind says, the split shows no photo, or it has more than 254 classes.
    """
    if kind == "shapes":
        stream = {"train": 0, "tune": 1, "val": 2}.get(split, 3)
        return Shapes(size or 200, seed=4 * seed + stream)
    data = {"voc": VOC, "coco": COCO, "folder": Folder}[kind](root, split, classes)
    check_classes(data.classes[1:], f"{root}, split {split!r}")
    if not len(data):
        raise UserError(
            f"{root}: got no photo in the split {split!r} that shows {', '.join(data.classes[1:])[:200]}, expected "
            "some. Name another split, or other classes with data.classes."
        )
    if not 0 < size < len(data):
        return data
    return Subset(data, sorted(np.random.default_rng(seed).permutation(len(data))[:size].tolist()))
