"""MS COCO reader: photos, image-level tags, and semantic masks for metrics only.

Works on COCO as distributed (2014 or 2017, which have the same layout), on any subset like it, and on data sets of
one's own in its format (docs/formats.md)::

    ROOT/annotations/instances_train2014.json      val2014, train2017, val2017
    ROOT/train2014/COCO_train2014_000000000009.jpg

A class is a tag of a photo if any annotation has it, crowds too: whoever tags the photo sees them, and the field
counts all annotations. Photos that show none of the classes are left out, for training and for scoring alike;
that leaves the field's 82,081 of 82,783 photos in train2014 and 40,137 of 40,504 in val2014.
"""

import os
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from iaff.class_names import check_classes
from iaff.data.coco_categories import COCO_CLASSES
from iaff.data.coco_table import INSTANCES, LAYOUT, Entry, read_outlines, read_table
from iaff.data.coco_values import as_id, short
from iaff.data.listing import Listing
from iaff.data.masks import shrunk, stored_size, upright
from iaff.data.outlines import pixels_inside
from iaff.data.voc import LARGEST
from iaff.errors import UserError
from iaff.grid import UNKNOWN
from iaff.images import Photo, read_photo
from iaff.places import expanded


class COCO:
    """One split of COCO, or of a data set of one's own in its format, optionally reduced to some of its classes.

    Args:
        root: the folder that holds ``annotations`` and the folders of photos.
        split: ``train2014``, ``val2014``, ``train2017``, ``val2017``, or the name of a subset in the same layout.
        classes: names to keep, in the order of their labels 1..C; photos that show none of them are left
            out, and pixels of the other classes are void (255) in every mask. Default: the categories of the table, in
            COCO's order if all are COCO's, else in the order of their ids.

    Attributes:
        all_classes: what full label maps mean, background first: COCO's eighty, or the table's own categories.

    Raises:
        UserError: a folder, table, photo or class is missing, the table is another kind or contradicts itself, or no
            photo shows any of the classes.
    """

    def __init__(self, root: str | Path, split: str, classes: tuple[str, ...] | None = None):
        self.root, self.split = expanded(root), split
        self._table = self.root / "annotations" / f"instances_{split}.json"
        table = read_table(self._table)
        self.notes, names = table.notes, table.categories.names
        known = COCO_CLASSES if table.categories.of_coco else names
        self.all_classes = ("background", *known)
        foreground = tuple(classes or names)
        if unknown := [name for name in foreground if name not in known]:
            kind = "COCO class" if table.categories.of_coco else f"class of {self._table},"
            raise UserError(f"Unknown {kind} {unknown[0]!r}; expected some of {', '.join(known)}.")
        check_classes(foreground, str(self._table))
        self.classes = ("background", *foreground)
        by_id = table.categories.by_id
        self._labels = {id: self.classes.index(name) for id, name in by_id.items() if name in self.classes}
        tags = np.zeros((len(table.photos), len(foreground)), bool)
        for place, name in enumerate(foreground):
            if name in names:  # else one of COCO's that this table leaves out
                tags[:, place] = table.tags[:, names.index(name)]
        kept = np.flatnonzero(tags.any(1))
        if not len(kept):
            shown = [names[i] for i in np.flatnonzero(table.tags.any(0))]
            raise UserError(
                f"{self._table}: none of the {len(table.photos)} photos shows {_listed(foreground)}; the annotations "
                f"name: {_listed(shown) or 'no category'}. Name classes that they show with data.classes. {INSTANCES}"
            )
        self._entries, self._tags = [table.photos[i] for i in kept], tags[kept]
        place = {row: i for i, row in enumerate(kept.tolist())}
        self._places = {id: place[row] for id, row in table.rows.items() if row in place}
        self.ids = [entry.name for entry in self._entries]
        self._files = self._find_photos()

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)`` RGB."""
        return self._read(i).pixels

    def tags(self, i: int) -> np.ndarray:
        """Image-level tags of photo i as ``bool (C,)``, background not among them."""
        return self._tags[i]

    def mask(self, i: int) -> np.ndarray:
        """Ground truth of photo i as ``uint8 (H, W)``: 0, 1..C, 255 void. For metrics only.

        Where instances overlap, the smaller one lies on top; a pixel of a crowd is void, whatever else lies there.

        Raises:
            UserError: an annotation of the photo has no outline or a bad one, which the mask would lack; or the
                outlines are of another size than the photo.
        """
        photo, entry = self._read(i), self._entries[i]
        width, height = self._check_size(entry, photo)
        shapes = []
        for called, annotation in self._outlines.get(i, []):
            name = f"{self._table}, {called} of {entry.file}"
            inside = pixels_inside(annotation.get("segmentation"), width, height, name)
            category = as_id(annotation.get("category_id"))
            label = UNKNOWN if category is None else self._labels.get(category, UNKNOWN)
            shapes.append((_is_crowd(annotation, name), inside, label))
        labels = np.zeros((height, width), np.uint8)
        for crowd, inside, label in sorted(shapes, key=lambda shape: (shape[0], -shape[1].sum())):
            labels[inside] = UNKNOWN if crowd else label
        return shrunk(upright(labels, photo, f"{self._table}, {entry.file}", notes=self.notes), photo)

    def _check_size(self, entry: Entry, photo: Photo) -> tuple[int, int]:
        """(width, height) that a photo's outlines are drawn for: as it is seen, or as it is stored."""
        if entry.size is None:
            raise UserError(
                f"{self._table}: got no width and height of {entry.file}, expected the size that its outlines are "
                "drawn for, px. Add them."
            )
        if entry.size not in (photo.size, stored_size(photo)):
            got, expected = (f"{width} x {height}" for width, height in (photo.size, entry.size))
            raise UserError(
                f"{entry.file}: got {got} px, expected {expected} as in {self._table}, which its masks are drawn for; "
                "restore the photo."
            )
        return entry.size

    def _read(self, i: int) -> Photo:
        return read_photo(self.root / self._files[i], side=LARGEST, smallest=1)

    def _find_photos(self) -> list[str]:
        """The photos' files, relative to the root: below the split's folder, else below the root itself."""
        folder = self.root / self.split
        present = set(os.listdir(folder)) if folder.is_dir() else set()  # one look at the folder, not 80,000
        places = [(f"{self.split}/", Listing(folder)), ("", Listing(self.root))]
        found = []
        for entry in self._entries:
            file = f"{self.split}/{entry.file}" if entry.file in present else self._find(entry.file, places)
            if file is None and not folder.is_dir():
                raise UserError(f"There is no folder {folder} with the photos. {LAYOUT}")
            if file is None:
                raise UserError(f"{self._table} lists {entry.file}, but it is not in {folder}; restore it.")
            found.append(file)
        for what, names in (("one file", found), ("files whose predictions would be one", self.ids)):
            if len(set(names)) < len(names):
                twice = next(name for name, count in Counter(names).items() if count > 1)
                files = [entry.file for entry, name in zip(self._entries, names) if name == twice]
                raise UserError(
                    f"{self._table} lists {' and '.join(files)}, which are {what}; expected names that differ by more "
                    "than their ending or case. Rename one of them."
                )
        return found

    def _find(self, name: str, places: list[tuple[str, Listing]]) -> str | None:
        for prefix, listing in places:
            found = listing.find(name)
            if len(found) > 1:
                raise UserError(
                    f"{self._table} lists {name}, got {' and '.join(found)} in {listing.root}; expected one that is "
                    "called so. Rename or delete the others."
                )
            if found:
                return f"{prefix}{found[0]}"
        return None

    @cached_property
    def _outlines(self) -> dict[int, list[tuple[str, dict[str, Any]]]]:
        """Annotations of the photos, with their outlines: for masks, so never in training."""
        return read_outlines(self._table, self._places)


def _is_crowd(annotation: dict[str, Any], name: str) -> bool:
    """Tables of other programs often leave ``iscrowd`` out, for "no"."""
    value = annotation.get("iscrowd")
    many = 0 if value is None else value if isinstance(value, bool) else as_id(value)
    if many not in (0, 1):
        raise UserError(f"{name}: got iscrowd = {short(value)}, expected 0 or 1.")
    return bool(many)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
