"""PASCAL VOC devkit reader: photos, image-level tags, and masks for metrics only.

Works on the devkit as distributed and on any subset in the same layout. Tags come from
``ImageSets/Main/<class>_<split>.txt`` (or ``_trainval.txt``), else from ``Annotations/*.xml``; masks from
``SegmentationClassAug`` (SBD-augmented) or ``SegmentationClass``.
"""

import unicodedata
from collections import Counter
from functools import cached_property
from pathlib import Path

import numpy as np

from iaff.data.listing import Listing, is_photo_name
from iaff.data.masks import read_mask, shrunk
from iaff.data.spelling import by_letters, letters
from iaff.data.voc_lists import MASKS, read_flags, read_split
from iaff.data.voc_xml import read_names
from iaff.errors import NoMask, UserError
from iaff.images import Photo, read_photo
from iaff.places import expanded

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
        UserError: a folder, list, photo, tag source or class is missing or cannot be read, no photo shows any of the
            classes, or tags of ``test`` are asked for.
    """

    def __init__(self, root: str | Path, split: str, classes: tuple[str, ...] | None = None, tags: bool = True):
        self.root, self.split = expanded(root), split
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
        self._masks = [Listing(self.root / folder) for folder in MASKS]
        self._files = self._read_list()
        self.ids, self._tags = list(self._files), None
        if tags:
            rows = self._read_tags(self.ids)
            kept = [i for i, row in enumerate(rows) if classes is None or row.any()]
            self.ids, self._tags = [self.ids[i] for i in kept], rows[kept]

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)`` RGB."""
        return self._read(i).pixels

    def _read(self, i: int) -> Photo:
        return read_photo(self._files[self.ids[i]], side=LARGEST, smallest=1)

    def tags(self, i: int) -> np.ndarray:
        """Image-level tags of photo i as ``bool (C,)``, background not among them."""
        if self._tags is None:
            raise UserError(f"The split {self.split!r} was opened without tags; open it with tags=True to read them.")
        return self._tags[i]

    def mask(self, i: int) -> np.ndarray:
        """Ground truth of photo i as ``uint8 (H, W)``: 0, 1..C, 255 void. For metrics only.

        Raises:
            NoMask: there is none. UserError: it cannot be read, or is no mask of this photo.
        """
        for listing in self._masks:
            for name in listing.find(f"{self.ids[i]}.png"):
                photo = self._read(i)
                labels = read_mask(listing.root / name, photo, ("background", *VOC_CLASSES), self.classes, self.notes)
                return shrunk(labels, photo)
        raise NoMask(f"No mask of {self.ids[i]} in {self.root}/{' or '.join(MASKS)}; restore it.")

    # --- the photos -------------------------------------------------------------------------------------------------

    def _read_list(self) -> dict[str, Path]:
        path = self.root / "ImageSets" / "Segmentation" / f"{self.split}.txt"
        if not path.is_file():
            raise UserError(
                f"No {path}. Expected a VOC devkit (JPEGImages/, ImageSets/Segmentation/{self.split}.txt); "
                "give its VOC2012 folder with data.root=DIR (or --root DIR)."
            )
        found = read_split(path, self._photo, self.notes)
        missing = [name for name, photo in found.items() if photo is None]
        if missing:
            others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise UserError(
                f"{path.name} lists {missing[0]}{others}, but {self.root / 'JPEGImages' / missing[0]}.jpg is missing; "
                "restore the photo."
            )
        files = {name: photo for name, photo in found.items() if photo}
        first: dict[Path, str] = {}
        for name, photo in files.items():
            if first.setdefault(photo, name) != name:
                raise UserError(
                    f"{path} lists {first[photo]} and {name}, got one photo for both, {photo.name}; expected ids that "
                    "differ by more than case. Delete one of them."
                )
        return files

    @cached_property
    def _photos(self) -> Listing:
        return Listing(self.root / "JPEGImages")

    def _photo(self, name: str) -> Path | None:
        """An id's photo: ``.jpg`` as VOC has it, else the one picture of that name."""
        usual = self._photos.root / f"{name}.jpg"
        try:
            if usual.is_file() and "/" not in name:
                return usual
        except (OSError, ValueError):  # no name that a file can have
            return None
        found = [] if is_photo_name(name) else list(filter(is_photo_name, self._photos.find(name, stems=True)))
        if len(found) > 1:
            raise UserError(
                f"{self._photos.root}: got {' and '.join(sorted(found))} for the id {name}, expected one photo. Delete "
                "or rename the others."
            )
        return self._photos.root / found[0] if found else None

    # --- their tags -------------------------------------------------------------------------------------------------

    def _read_tags(self, ids: list[str]) -> np.ndarray:
        keys = [unicodedata.normalize("NFC", name) for name in ids]
        lists = [self._main_list(name, set(keys)) for name in self.classes[1:]]
        rows, annotations, faults = [], Annotations(self.root / "Annotations"), []
        for name, key in zip(ids, keys):
            if all(key in column for _, column in lists):
                rows.append([column[key] for _, column in lists])
                continue
            lacking = next(path.name for path, column in lists if key not in column)
            try:
                present = annotations.classes(name, lacking)
                rows.append([c in present for c in self.classes[1:]])
            except UserError as error:
                faults.append(error)
        if faults:
            others = f" {len(faults) - 1} more photos of {self.split!r} have no tags either." if len(faults) > 1 else ""
            raise UserError(f"{faults[0]}{others}")
        self.notes += annotations.notes()
        tags = np.array(rows, bool).reshape(len(ids), len(lists))
        if not tags.any():
            named = annotations.named()
            why = f"the annotations name: {named}" if named else "the lists of ImageSets/Main name others"
            raise UserError(
                f"{self.root}: none of the {len(ids)} photos of {self.split!r} shows {' or '.join(self.classes[1:])}; "
                f"{why}. Name classes of VOC that they show with data.classes, or take a plain folder for your own."
            )
        return tags

    def _main_list(self, name: str, ids: set[str]) -> tuple[Path, dict[str, bool]]:
        """A class's list and what it says of each photo; without a list, its usual name and nothing."""
        places = [self.root / "ImageSets" / "Main" / f"{name}_{split}.txt" for split in (self.split, "trainval")]
        for path in places:
            if path.is_file():
                return path, read_flags(path, ids, self.notes)
        return places[0], {}


class Annotations:
    """The XML files of a devkit, whose names of classes are taken in any case."""

    def __init__(self, folder: Path):
        self.files = Listing(folder)
        self.spelled: Counter[str] = Counter()  # photos by a name that is VOC's in another spelling
        self.unknown: Counter[str] = Counter()  # photos by a name that is none of VOC's classes
        self.known: Counter[str] = Counter()

    def classes(self, name: str, lacking: str) -> set[str]:
        """VOC's classes that a photo's annotation names.

        Args:
            lacking: the list of ``ImageSets/Main`` that has not the photo, for the error.

        Raises:
            UserError: there is none, or it cannot be read.
        """
        found = self.files.find(f"{name}.xml")
        if not found:
            raise UserError(
                f"No tags for {name}: ImageSets/Main/{lacking} does not have it, and there is no "
                f"{self.files.root / name}.xml. Restore one of them."
            )
        present = set()
        for spelling in set(read_names(self.files.root / found[0])):
            known = SPELLINGS.get(letters(spelling))
            if known is None:
                self.unknown[spelling] += 1
                continue
            present.add(known)
            self.known[known] += 1
            if spelling != known:
                self.spelled[spelling] += 1
        return present

    def named(self) -> str:
        """The names that the annotations have, most frequent first, in words."""
        names = [f"{name} ({count} photos)" for name, count in (self.known + self.unknown).most_common(12)]
        return ", ".join(names)

    def notes(self) -> list[str]:
        """What was read in another way than it stands there, and what was not."""
        found = []
        if self.spelled:
            each = ", ".join(f"{name!r} as {SPELLINGS[letters(name)]}" for name, _ in self.spelled.most_common(5))
            found.append(f"{self.files.root}: read {each} (in {sum(self.spelled.values())} annotations).")
        if self.unknown:
            each = ", ".join(f"{name!r} ({count} photos)" for name, count in self.unknown.most_common(5))
            found.append(f"{self.files.root}: names that are no class of VOC are left out: {each}.")
        return found


SPELLINGS = by_letters(VOC_CLASSES)
