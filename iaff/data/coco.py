"""MS COCO reader: photos, image-level tags, and semantic masks for metrics only.

Works on COCO as distributed (2014 or 2017, which have the same layout) and on any subset like it::

    ROOT/annotations/instances_train2014.json      val2014, train2017, val2017
    ROOT/train2014/COCO_train2014_000000000009.jpg

A class is a tag of a photo if any annotation has it, crowds too: whoever tags the photo sees them, and the field
counts all annotations. Photos that show none of the classes are left out, for training and for scoring alike;
that leaves the field's 82,081 of 82,783 photos in train2014 and 40,137 of 40,504 in val2014.
"""

import json
import os
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from iaff.data.voc import LARGEST
from iaff.errors import UserError
from iaff.extras import missing
from iaff.grid import UNKNOWN
from iaff.images import Photo, read_photo

# (category id, name) of the labels 1..80: ten of the ids up to 90 are not used, so an id is not a label.
CATEGORIES = (
    (1, "person"),
    (2, "bicycle"),
    (3, "car"),
    (4, "motorcycle"),
    (5, "airplane"),
    (6, "bus"),
    (7, "train"),
    (8, "truck"),
    (9, "boat"),
    (10, "traffic light"),
    (11, "fire hydrant"),
    (13, "stop sign"),
    (14, "parking meter"),
    (15, "bench"),
    (16, "bird"),
    (17, "cat"),
    (18, "dog"),
    (19, "horse"),
    (20, "sheep"),
    (21, "cow"),
    (22, "elephant"),
    (23, "bear"),
    (24, "zebra"),
    (25, "giraffe"),
    (27, "backpack"),
    (28, "umbrella"),
    (31, "handbag"),
    (32, "tie"),
    (33, "suitcase"),
    (34, "frisbee"),
    (35, "skis"),
    (36, "snowboard"),
    (37, "sports ball"),
    (38, "kite"),
    (39, "baseball bat"),
    (40, "baseball glove"),
    (41, "skateboard"),
    (42, "surfboard"),
    (43, "tennis racket"),
    (44, "bottle"),
    (46, "wine glass"),
    (47, "cup"),
    (48, "fork"),
    (49, "knife"),
    (50, "spoon"),
    (51, "bowl"),
    (52, "banana"),
    (53, "apple"),
    (54, "sandwich"),
    (55, "orange"),
    (56, "broccoli"),
    (57, "carrot"),
    (58, "hot dog"),
    (59, "pizza"),
    (60, "donut"),
    (61, "cake"),
    (62, "chair"),
    (63, "couch"),
    (64, "potted plant"),
    (65, "bed"),
    (67, "dining table"),
    (70, "toilet"),
    (72, "tv"),
    (73, "laptop"),
    (74, "mouse"),
    (75, "remote"),
    (76, "keyboard"),
    (77, "cell phone"),
    (78, "microwave"),
    (79, "oven"),
    (80, "toaster"),
    (81, "sink"),
    (82, "refrigerator"),
    (84, "book"),
    (85, "clock"),
    (86, "vase"),
    (87, "scissors"),
    (88, "teddy bear"),
    (89, "hair drier"),
    (90, "toothbrush"),
)
COCO_CLASSES = tuple(name for _, name in CATEGORIES)
LAYOUT = (
    "Expected COCO's own layout, e.g. annotations/instances_train2014.json beside train2014/ (or val2014, train2017, "
    "val2017); `iaff prepare coco --root DIR` makes it, and data.root=DIR (or --root DIR) names it."
)


class COCO:
    """One split of COCO, optionally reduced to some of its classes.

    Args:
        root: the folder that holds ``annotations`` and the folders of photos.
        split: ``train2014``, ``val2014``, ``train2017``, ``val2017``, or the name of a subset in the same layout.
        classes: names to keep, in the order of their labels 1..C; photos that show none of them are left
            out, and pixels of the other classes are void (255) in every mask. Default: all eighty.

    Raises:
        UserError: a folder, table, photo or class is missing, or the table has other categories.
    """

    def __init__(self, root: str | Path, split: str, classes: tuple[str, ...] | None = None):
        self.root, self.split = Path(root), split
        foreground = tuple(classes or COCO_CLASSES)
        unknown = [name for name in foreground if name not in COCO_CLASSES]
        if unknown:
            raise UserError(f"Unknown COCO class {unknown[0]!r}; expected some of {', '.join(COCO_CLASSES)}.")
        self.classes = ("background", *foreground)
        self.notes: list[str] = []
        self._labels = {id: self.classes.index(name) for id, name in CATEGORIES if name in foreground}
        photos, annotations = self._read_table()
        tags = self._read_tags(photos, annotations)
        kept = np.flatnonzero(tags.any(1))
        self._photos = [photos[i] for i in kept]
        self._tags = tags[kept]
        self.ids = [Path(photo["file_name"]).stem for photo in self._photos]
        self._check_photos()

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
        """
        photo = self._photos[i]
        expected, got = (photo["width"], photo["height"]), self._read(i).size
        if got != expected:
            raise UserError(
                f"{photo['file_name']}: got {got[0]} x {got[1]} px, expected {expected[0]} x {expected[1]} as in "
                f"{self._table}, which its masks are drawn for; restore the photo."
            )
        shapes = [
            (bool(a["iscrowd"]), self._instances.annToMask(a).astype(bool), a["category_id"])
            for a in self._instances.imgToAnns[photo["id"]]
        ]
        labels = np.zeros(expected[::-1], np.uint8)
        for crowd, inside, category in sorted(shapes, key=lambda shape: (shape[0], -shape[1].sum())):
            labels[inside] = UNKNOWN if crowd else self._labels.get(category, UNKNOWN)
        return labels

    @property
    def _table(self) -> Path:
        return self.root / "annotations" / f"instances_{self.split}.json"

    def _read(self, i: int) -> Photo:
        return read_photo(self.root / self.split / self._photos[i]["file_name"], side=LARGEST, smallest=1)

    def _read_table(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Photos, and annotations without their outlines, which fill most of the file and of the memory."""
        try:
            with self._table.open(encoding="utf-8") as file:
                table = json.load(file, object_hook=_without_outline)
            photos, annotations = table["images"], table["annotations"]
            found = {c["id"]: c["name"] for c in table["categories"]}
        except FileNotFoundError:
            raise UserError(f"There is no {self._table}. {LAYOUT}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{self._table} cannot be read as COCO's table of instances ({error!r}). Download it again."
            ) from error
        expected = dict(CATEGORIES)
        for id in sorted(found.keys() | expected.keys()):
            if found.get(id) != expected.get(id):
                raise UserError(
                    f"{self._table}: got category {id} = {found.get(id)!r}, expected {expected.get(id)!r}. Labels "
                    "would be mixed up: take COCO's own table, or open yours as a plain folder."
                )
        return photos, annotations

    def _read_tags(self, photos: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> np.ndarray:
        rows = {photo["id"]: row for row, photo in enumerate(photos)}
        tags = np.zeros((len(photos), len(self.classes)), bool)
        for annotation in annotations:
            row, label = rows.get(annotation["image_id"]), self._labels.get(annotation["category_id"])
            if row is not None and label is not None:
                tags[row, label] = True
        return tags[:, 1:]

    def _check_photos(self) -> None:
        folder = self.root / self.split
        if not folder.is_dir():
            raise UserError(f"There is no folder {folder} with the photos. {LAYOUT}")
        present = set(os.listdir(folder))  # one look at the folder, not 80,000
        for photo in self._photos:
            if photo["file_name"] not in present:
                raise UserError(f"{self._table} lists {photo['file_name']}, but it is not in {folder}; restore it.")

    @cached_property
    def _instances(self) -> Any:
        """pycocotools' own reader, with the outlines: for masks, so never in training."""
        try:
            from pycocotools.coco import COCO as Instances
        except ImportError as error:
            raise missing("pycocotools", "train", "The masks of COCO") from error
        with redirect_stdout(None):  # it prints its progress
            return Instances(self._table)


def _without_outline(item: dict[str, Any]) -> dict[str, Any]:
    item.pop("segmentation", None)
    return item
