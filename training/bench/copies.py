"""A data set for benchmarks: the gallery's photos as JPEG files, many times over."""

import csv
import io
import json
from pathlib import Path

from PIL import Image

from iaff.config import Data
from iaff.data import COCO_CLASSES, VOC_CLASSES, Folder
from iaff.places import GALLERY

CLASSES = {"voc": VOC_CLASSES, "coco": COCO_CLASSES}


def gallery_copies(folder: Path, count: int, data: Data, side: int) -> Folder:
    """Writes ``count`` files, the gallery's photos in turn, and opens them with the classes of ``data``.

    Args:
        side: longer side, px, at which the files are written and read.
    """
    gallery = json.loads((GALLERY / "gallery.json").read_text("utf-8"))
    photos = gallery["photos"]
    files = [jpeg(GALLERY / photo["file"], side) for photo in photos]
    lines = []
    for i in range(count):
        photo = photos[i % len(photos)]
        name = f"{i:04d}_{photo['name']}.jpg"
        (folder / name).write_bytes(files[i % len(photos)])
        lines.append([name, ";".join(photo["tags"])])
    classes = data.classes or CLASSES.get(data.kind, gallery["classes"][1:])
    known = {*classes, *gallery["classes"][1:]}
    # a class without a photo makes the networks as wide as in the full training all the same
    write(folder / "tags.csv", [[lines[0][0], ";".join(sorted(known))]])
    write(folder / "bench.csv", lines)
    return Folder(folder, "bench", tuple(classes), side)


def jpeg(path: Path, side: int) -> bytes:
    """A photo, scaled to a longer side of ``side`` px, as a JPEG file."""
    with Image.open(path) as source:
        image = source.convert("RGB")
    scale = side / max(image.size)
    image = image.resize([round(scale * length) for length in image.size], Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def write(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
