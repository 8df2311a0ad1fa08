"""PASCAL VOC devkit reader: photos, image-level tags, and masks for metrics only.

Works on the devkit as distributed and on any subset in the same layout. Tags come from
``ImageSets/Main/<class>_<split>.txt`` (or ``_trainval.txt``), else from ``Annotations/*.xml``; masks from
``SegmentationClassAug`` (SBD-augmented) or ``SegmentationClass``.
"""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from iaff.data.masks import read_mask
from iaff.errors import NoMask, UserError
from iaff.images import Photo, read_photo

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
ANIMALS = ("cat", "cow", "dog", "horse", "person", "sheep")
LARGEST = 4096  # px: VOC's photos stay as they are


class VOC:
    """One split of a VOC devkit, optionally reduced to some of its classes.

    Args:
        root: the folder that holds ``JPEGImages`` and ``ImageSets`` (``VOCdevkit/VOC2012``).
        split: a list in ``ImageSets/Segmentation``, e.g. ``train_aug``, ``train``, ``val``.
        classes: names to keep, in the order of their labels 1..C; photos that show none of them are left
            out, and pixels of the other classes are void (255) in every mask. Default: all twenty.
        tags: whether to read tags; without them no photo is left out, and :meth:`tags` is refused. ``test`` has
            none, and is opened without.

    Raises:
        UserError: a folder, list, photo, tag source or class is missing, or tags of ``test`` are asked for.
    """

    def __init__(self, root: str | Path, split: str, classes: tuple[str, ...] | None = None, tags: bool = True):
        self.root, self.split = Path(root), split
        foreground = tuple(classes or VOC_CLASSES)
        unknown = [name for name in foreground if name not in VOC_CLASSES]
        if unknown:
            raise UserError(f"Unknown VOC class {unknown[0]!r}; expected some of {', '.join(VOC_CLASSES)}.")
        self.classes = ("background", *foreground)
        self.notes: list[str] = []
        if tags and split == "test":  # none are published, so whatever is found there is no tag
            raise UserError(
                "VOC's split 'test' has no tags: got a request to read them, expected predictions without. "
                "Use `iaff predict`, or open it with tags=False."
            )
        self.ids, self._tags = self._read_list(), None
        if tags:
            rows = self._read_tags(self.ids)
            kept = [i for i, row in enumerate(rows) if classes is None or row.any()]
            self.ids, self._tags = [self.ids[i] for i in kept], rows[kept]
        for name in self.ids:
            if not self._photo(name).is_file():
                raise UserError(f"{split}.txt lists {name}, but {self._photo(name)} is missing; restore the photo.")

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)`` RGB."""
        return self._read(i).pixels

    def _read(self, i: int) -> Photo:
        return read_photo(self._photo(self.ids[i]), side=LARGEST, smallest=1)

    def _photo(self, name: str) -> Path:
        return self.root / "JPEGImages" / f"{name}.jpg"

    def tags(self, i: int) -> np.ndarray:
        """Image-level tags of photo i as ``bool (C,)``, background not among them."""
        if self._tags is None:
            raise UserError(f"The split {self.split!r} was opened without tags; open it with tags=True to read them.")
        return self._tags[i]

    def mask(self, i: int) -> np.ndarray:
        """Ground truth of photo i as ``uint8 (H, W)``: 0, 1..C, 255 void. For metrics only."""
        for folder in ("SegmentationClassAug", "SegmentationClass"):
            path = self.root / folder / f"{self.ids[i]}.png"
            if path.is_file():
                return read_mask(path, self._read(i).size, ("background", *VOC_CLASSES), self.classes)
        raise NoMask(f"No mask of {self.ids[i]} in {self.root}/SegmentationClassAug or SegmentationClass.")

    def _read_list(self) -> list[str]:
        path = self.root / "ImageSets" / "Segmentation" / f"{self.split}.txt"
        if not path.is_file():
            raise UserError(
                f"No {path}. Expected a VOC devkit (JPEGImages/, ImageSets/Segmentation/{self.split}.txt); "
                "give its VOC2012 folder with data.root=DIR (or --root DIR)."
            )
        # Lists in circulation name either ids or "/JPEGImages/ID.jpg /SegmentationClassAug/ID.png" pairs.
        return [Path(line.split()[0]).stem for line in path.read_text("utf-8").splitlines() if line.strip()]

    def _read_tags(self, ids: list[str]) -> np.ndarray:
        columns = [self._main_list(name) for name in self.classes[1:]]
        rows = []
        for name in ids:
            if all(name in column for column in columns):
                rows.append([column[name] for column in columns])
            else:
                rows.append(self._xml_tags(name))
        return np.array(rows, bool).reshape(len(ids), len(columns))

    def _main_list(self, name: str) -> dict[str, bool]:
        for split in (self.split, "trainval"):
            path = self.root / "ImageSets" / "Main" / f"{name}_{split}.txt"
            if path.is_file():
                pairs = (line.split() for line in path.read_text("utf-8").splitlines() if line.strip())
                # 1 = present, 0 = present but difficult, -1 = absent
                return {image: int(flag) >= 0 for image, flag in pairs}
        return {}

    def _xml_tags(self, name: str) -> list[bool]:
        path = self.root / "Annotations" / f"{name}.xml"
        if not path.is_file():
            raise UserError(f"No tags for {name}: neither ImageSets/Main/<class>_{self.split}.txt nor {path} has them.")
        present = {node.text for node in ElementTree.parse(path).iterfind("object/name")}
        return [c in present for c in self.classes[1:]]
