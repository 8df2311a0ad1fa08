"""A plain folder as data set: photos of any name, a table of their tags, masks if there are any.

::

    DIR/tags.csv      file,tags      photos/IMG 1.jpg,cat;dog      (header optional; no tag: nothing of the classes)
    DIR/tune.csv      the same, for the split "tune" (optional)
    DIR/masks/...     photos/IMG 1.png: 8-bit PNG of class indices, 0 background, 1..C, 255 void (optional)

The classes are the tags that occur in ``tags.csv``, in alphabetical order. Two photos of a split must differ by more
than their suffix: masks, given or predicted, are named after a photo without it.
"""

import csv
from pathlib import Path

import numpy as np

from iaff.data.masks import read_mask, shrunk
from iaff.errors import UserError
from iaff.images import SIDE, read_photo

TABLE = "Expected lines such as: cat.jpg,cat;dog"


class Folder:
    """One split of a folder: ``train`` is ``tags.csv``, any other split ``SPLIT.csv``.

    Args:
        root: the folder; photos are named relative to it.
        classes: names to keep, in the order of their labels; default: all that occur.
        side: photos and masks are shrunk to this longer side, px.

    Raises:
        UserError: the folder, its table, a photo or a class is missing, or two photos would share a mask.
    """

    def __init__(
        self, root: str | Path, split: str = "train", classes: tuple[str, ...] | None = None, side: int = SIDE
    ):
        self.root, self.side = Path(root), side
        self.notes: list[str] = []
        if not self.root.is_dir():
            raise UserError(
                f"There is no folder {self.root}. Expected photos and tags.csv in it; give it with data.root=DIR."
            )
        rows = self._read("tags.csv" if split == "train" else f"{split}.csv")
        known = sorted({tag for _, tags in (rows if split == "train" else self._read("tags.csv")) for tag in tags})
        self.all_classes = ("background", *known)
        for name in classes or ():
            if name not in known:
                raise UserError(
                    f"The class {name!r} occurs in no line of {self.root}/tags.csv; it has: {', '.join(known)}."
                )
        self.classes = ("background", *(classes or known))
        if len(self.classes) < 2:
            raise UserError(f"{self.root}/tags.csv names no tag at all. {TABLE}")
        self.ids = [file for file, _ in rows]
        self._tags = np.array([[name in tags for name in self.classes[1:]] for _, tags in rows], bool)
        for file in self.ids:
            if not (self.root / file).is_file():
                raise UserError(
                    f"The table of {split!r} lists {file}, but there is no {self.root / file}; restore the photo."
                )
        self._check_names(split)

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
        path = (self.root / "masks" / self.ids[i]).with_suffix(".png")
        return shrunk(read_mask(path, photo, self.all_classes, self.classes, self.notes), photo)

    def _check_names(self, split: str) -> None:
        by_name: dict[Path, str] = {}
        for file in self.ids:
            other = by_name.setdefault(Path(file).with_suffix(""), file)
            if other != file:
                raise UserError(
                    f"The table of {split!r} lists {other} and {file}, expected names that differ by more than the "
                    "suffix, since their masks would be one file; rename one of them."
                )

    def _read(self, name: str) -> list[tuple[str, list[str]]]:
        path = self.root / name
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                rows = [(number, row) for number, row in enumerate(csv.reader(file), 1) if any(map(str.strip, row))]
        except FileNotFoundError:
            raise UserError(f"There is no {path}. {TABLE}") from None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{path} cannot be read as UTF-8 text ({error}). {TABLE}") from error
        if rows and rows[0][1][0].strip().lower() in ("file", "photo", "image"):
            rows = rows[1:]
        if not rows:
            raise UserError(f"{path} lists no photo. {TABLE}")
        return [self._line(path, number, row) for number, row in rows]

    def _line(self, path: Path, number: int, row: list[str]) -> tuple[str, list[str]]:
        if len(row) > 2:
            raise UserError(f"{path}, line {number}: got {len(row)} columns, expected 2 (put ; between tags). {TABLE}")
        file, tags = row[0].strip(), row[1] if len(row) == 2 else ""
        if not file or Path(file).is_absolute() or ".." in Path(file).parts:
            raise UserError(f"{path}, line {number}: got the file {file!r}, expected a path below {self.root}. {TABLE}")
        return file, [tag.strip() for tag in tags.split(";") if tag.strip()]
