"""A plain folder as data set: photos of any name, a table of their tags, masks if there are any.

::

    DIR/tags.csv      file,tags      photos/IMG 1.jpg,cat;dog      (header optional; no tag: nothing of the classes)
    DIR/tune.csv      the same, for the split "tune" (optional)
    DIR/masks/...     photos/IMG 1.png: 8-bit PNG of class indices, 0 background, 1..C, 255 void (optional)

The classes are the tags that occur in ``tags.csv``, in alphabetical order. Two photos of a split must differ by more
than their suffix: masks, given or predicted, are named after a photo without it. Tables in other dialects are read too
(docs/formats.md); ``notes`` say how.
"""

from functools import cached_property
from pathlib import Path

import numpy as np

from iaff.class_names import MOST_CLASSES, check_classes, fold, near
from iaff.data.listing import Listing
from iaff.data.masks import read_mask, shrunk
from iaff.data.tag_table import EXPECTED, TagTable, read_tag_table
from iaff.data.tags import Spellings
from iaff.errors import UserError
from iaff.images import SIDE, read_photo
from iaff.places import expanded


class Folder:
    """One split of a folder: ``train`` is ``tags.csv``, any other split ``SPLIT.csv``.

    Args:
        root: the folder; photos are named relative to it.
        classes: names to keep, in the order of their labels; default: all that occur.
        side: photos and masks are shrunk to this longer side, px.

    Attributes:
        all_classes: what the indices of the masks mean: the background, and all classes of ``tags.csv``.

    Raises:
        UserError: the folder, its table, a photo or a class is missing, a line can be read in two ways, there are more
            than 254 classes, or two photos would share a mask.
    """

    def __init__(
        self, root: str | Path, split: str = "train", classes: tuple[str, ...] | None = None, side: int = SIDE
    ):
        self.root, self.side = expanded(root), side
        if not self.root.is_dir():
            raise UserError(
                f"There is no folder {self.root}. Expected photos and tags.csv in it; give it with data.root=DIR."
            )
        files = Listing(self.root, skip=("masks",))
        main = read_tag_table(self.root / "tags.csv", files)
        table = main if split == "train" else read_tag_table(self.root / f"{split}.csv", files)
        spellings = Spellings(main.path, main.rows)
        self.notes = [*table.notes, *spellings.notes]
        names = self._wanted(spellings, tuple(classes or ()))
        by_name = sorted(spellings.names.items(), key=lambda item: item[1])
        self.all_classes = ("background", *(names.get(key, name) for key, name in by_name))
        self.classes = ("background", *(names.values() or self.all_classes[1:]))
        check_classes(self.classes[1:], str(main.path))
        self.ids, self._tags = self._photos(table, spellings)
        self._check_names(table)

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)`` RGB."""
        return read_photo(self.root / self.ids[i], side=self.side).pixels

    def tags(self, i: int) -> np.ndarray:
        """Image-level tags of photo i as ``bool (C,)``."""
        return self._tags[i]

    def mask(self, i: int) -> np.ndarray:
        """Ground truth of photo i as ``uint8 (H, W)``: 0, 1..C, 255 void. For metrics only."""
        photo = read_photo(self.root / self.ids[i], side=self.side)
        stored = self.all_classes[: MOST_CLASSES + 1]  # a mask of 8 bit cannot hold more
        return shrunk(read_mask(self._mask_path(i), photo, stored, self.classes, self.notes), photo)

    @cached_property
    def _masks(self) -> Listing:
        return Listing(self.root / "masks")

    def _mask_path(self, i: int) -> Path:
        name = Path(self.ids[i]).with_suffix(".png").as_posix()
        found = self._masks.find(name)
        if len(found) > 1:
            raise UserError(
                f"{self._masks.root}: got {found[0]} and {found[1]}, expected one mask of {self.ids[i]}. Delete one."
            )
        return self._masks.root / (found[0] if found else name)

    def _wanted(self, spellings: Spellings, classes: tuple[str, ...]) -> dict[str, str]:
        """The names to keep, as they were asked for, by what all their spellings have in common."""
        known = spellings.names
        if not known:
            raise UserError(f"{spellings.path} names no tag at all. {EXPECTED}")
        for name in classes:
            if fold(name) not in known:
                raise UserError(
                    f"The class {name!r} occurs in no line of {spellings.path}; it has: "
                    f"{', '.join(sorted(known.values()))[:200]}{near(name, known.values())}"
                )
            if name != known[fold(name)]:
                self.notes.append(f"{spellings.path}: {known[fold(name)]!r} is read as {name!r}, the class asked for.")
        check_classes(classes, "data.classes")
        return {fold(name): name for name in classes}

    def _photos(self, table: TagTable, spellings: Spellings) -> tuple[list[str], np.ndarray]:
        """Photos in the order of their first lines, and their tags ``bool (N, C)``."""
        columns = {fold(name): j for j, name in enumerate(self.classes[1:])}
        first: dict[str, int] = {}
        tags: dict[str, set[str]] = {}
        again: list[str] = []
        strange: list[str] = []
        for row in table.rows:
            folded = {fold(tag) for tag in row.tags}
            if row.file in first:
                if bool(folded) != bool(tags[row.file]):
                    raise UserError(
                        f"{table.path}, line {row.line}: got {row.file} again, which shows classes here or in line "
                        f"{first[row.file]}, and none in the other. Take out one of these lines."
                    )
                again.append(f"{row.file} (lines {first[row.file]} and {row.line})")
            tags.setdefault(row.file, set()).update(folded)
            first.setdefault(row.file, row.line)
            if unknown := spellings.check(row, table.path):
                strange.append(unknown)
        if again:
            more = f" and {len(again) - 1} more" if len(again) > 1 else ""
            self.notes.append(f"{table.path}: {again[0]}{more}: lines of one photo are read as one.")
        if strange:
            more = f" So are {len(strange) - 1} lines more." if len(strange) > 1 else ""
            self.notes.append(strange[0] + more)
        found = np.zeros((len(tags), len(columns)), bool)
        for row, names in zip(found, tags.values()):
            row[[columns[name] for name in names if name in columns]] = True
        return list(tags), found

    def _check_names(self, table: TagTable) -> None:
        lines = {row.file: row.line for row in reversed(table.rows)}
        by_name: dict[Path, str] = {}
        for file in self.ids:
            other = by_name.setdefault(Path(file).with_suffix(""), file)
            if other != file:
                raise UserError(
                    f"{table.path}, line {lines[file]}: lists {other} and {file}, expected names that differ by more "
                    "than the suffix, since their masks would be one file; rename one of them."
                )
