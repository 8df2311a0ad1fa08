"""COCO's table of instances as it is met: read and checked, with what it says of photos, categories and tags."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from iaff.data.coco_categories import Categories, read_categories
from iaff.data.coco_values import Id, as_id, is_name, named, short
from iaff.data.listing import is_photo_name, outside
from iaff.data.text import read_text
from iaff.errors import UserError

LAYOUT = (
    "Expected COCO's own layout, e.g. annotations/instances_train2014.json beside train2014/ (or val2014, train2017, "
    "val2017); `iaff prepare coco --root DIR` makes it, and data.root=DIR (or --root DIR) names it."
)
INSTANCES = "Expected COCO's table of instances: an object with images, annotations and categories."


@dataclass
class Entry:
    """A photo of the table."""

    file: str  # as it is below the folder of photos, with / between folders
    size: tuple[int, int] | None  # (width, height) that its outlines are drawn for, px

    @property
    def name(self) -> str:
        """The file without its ending."""
        return str(PurePosixPath(self.file).with_suffix("")) if is_photo_name(self.file) else self.file


@dataclass
class Table:
    """What a table says.

    Attributes:
        photos: one for each file; rows: where an image id has its photo there.
        tags: ``bool (photos, C)``, of the categories' names.
        notes: what was read in another way than it stands there.
    """

    path: Path
    photos: list[Entry]
    rows: dict[Id, int]
    categories: Categories
    tags: np.ndarray
    notes: list[str]


def read_table(path: Path) -> Table:
    """Reads a table without the outlines of its annotations, which fill most of the file and of the memory.

    Raises:
        UserError: it is missing, no JSON (with line and column), another kind of table, or photos or categories in it
            cannot be told apart (with their id). Annotations that name no photo or category are left out, and said.
    """
    content, notes = _parts_of(path, _without_outline), []
    photos, rows = _read_photos(path, content["images"], notes)
    categories = read_categories(path, content["categories"], notes)
    tags = np.zeros((len(photos), len(categories.names)), bool)
    _read_tags(path, content["annotations"], rows, categories, tags, notes)
    return Table(path, photos, rows, categories, tags, notes)


def read_outlines(path: Path, places: dict[Id, int]) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """The annotations with their outlines, each with what errors call it, by the place of their image id in ``places``.

    Raises:
        UserError: the table is missing or no JSON.
    """
    found: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for position, annotation in enumerate(_parts_of(path)["annotations"]):
        id = as_id(annotation.get("image_id")) if isinstance(annotation, dict) else None
        if id is not None and id in places:
            found.setdefault(places[id], []).append((named(annotation, position), annotation))
    return found


def _parts_of(path: Path, hook: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path, LAYOUT), object_hook=hook)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}, line {error.lineno}, column {error.colno}: no JSON ({error.msg}). {INSTANCES} Download it again."
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise UserError(f"{path} cannot be read as JSON ({error}). {INSTANCES} Download it again.") from error
    if kind := _other_kind(content):
        raise UserError(f"{path}: got {kind}. {INSTANCES}")
    return content


def _other_kind(content: Any) -> str:
    """What a file of JSON is that is no table of instances, in words; empty where it seems to be one."""
    if isinstance(content, list):
        results = content and isinstance(content[0], dict) and "score" in content[0]
        return "what seems to be a file of results (predictions)" if results else "a list"
    if not isinstance(content, dict):
        return f"{type(content).__name__}, no object"
    listed = content.get("annotations")
    first = next(filter(_is_object, listed), {}) if isinstance(listed, list) else {}
    if "caption" in first:
        return "what seems to be the table of captions (captions_*.json)"
    if "segments_info" in first:
        return "what seems to be the table of panoptic segments (panoptic_*.json)"
    if "images" in content and "categories" in content and "annotations" not in content:
        return "what seems to be the list of test photos (image_info_*.json), without annotations"
    for part in ("images", "annotations", "categories"):
        if part not in content:
            return f"no {part} (but {', '.join(map(short, list(content)[:6])) or 'nothing'})"
        if not isinstance(content[part], list):
            return f"{part} = {short(content[part])}, no list"
        if not content[part] and part != "annotations":
            return f"no {part} in it"
    things = list(filter(_is_object, content["categories"]))
    if len(things) == 1 and "keypoints" in things[0] and things[0].get("name") == "person":
        return "what seems to be the table of keypoints (person_keypoints_*.json), which has persons alone"
    return ""


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _without_outline(item: dict[str, Any]) -> dict[str, Any]:
    item.pop("segmentation", None)
    return item


def _read_photos(path: Path, images: list[Any], notes: list[str]) -> tuple[list[Entry], dict[Id, int]]:
    photos: list[Entry] = []
    rows: dict[Id, int] = {}
    of_file: dict[str, int] = {}
    twice: list[str] = []
    for position, image in enumerate(images):
        id = as_id(image.get("id")) if isinstance(image, dict) else None
        if id is None:
            raise UserError(f"{path}: got no id in images[{position}]. {INSTANCES} Restore the entry, or delete it.")
        name = image.get("file_name")
        if not is_name(name) or outside(name.strip()):
            raise UserError(
                f"{path}: got file_name = {short(name)} of image {short(id)}, expected a file below the folder of "
                "photos, such as 000000000009.jpg. Mend the entry."
            )
        entry = Entry(PurePosixPath(name.strip().replace("\\", "/")).as_posix(), _size(image))
        row = of_file.setdefault(unicodedata.normalize("NFC", entry.file), len(photos))
        other = rows.setdefault(id, row)
        if other != row:
            raise UserError(
                f"{path}: got image {short(id)} twice, as {photos[other].file} and {entry.file}; expected an id of its "
                "own for each, since the annotations of one would be taken for the other's. Write the table again."
            )
        if row == len(photos):
            photos.append(entry)
        elif photos[row].size != entry.size:
            raise UserError(
                f"{path}: got {entry.file} twice, with the sizes {photos[row].size} and {entry.size}; expected the one "
                "that its outlines are drawn for. Delete the wrong entry."
            )
        else:
            twice.append(entry.file)
    if twice:
        notes.append(f"{path}: {twice[0]} is listed twice, and read as one photo ({len(twice)} such).")
    return photos, rows


def _size(image: dict[str, Any]) -> tuple[int, int] | None:
    width, height = as_id(image.get("width")), as_id(image.get("height"))
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _read_tags(
    path: Path, annotations: list[Any], rows: dict[Id, int], categories: Categories, tags: np.ndarray, notes: list[str]
) -> None:
    """Sets the tags, and says which annotations name no photo or no category."""
    column = {name: place for place, name in enumerate(categories.names)}
    columns = {id: column.get(name) for id, name in categories.by_id.items()}
    strays, first = {"image": 0, "category": 0}, {}
    for position, annotation in enumerate(annotations):
        known = annotation if isinstance(annotation, dict) else {}
        image, category = as_id(known.get("image_id")), as_id(known.get("category_id"))
        if image in rows and category in columns:
            if (place := columns[category]) is not None:  # else the background
                tags[rows[image], place] = True
            continue
        kind = "category" if image in rows else "image"
        strays[kind] += 1
        first.setdefault(kind, f"{named(known, position)} names {short(known.get(f'{kind}_id'))}")
    for kind, count in strays.items():
        if count:
            what = "left out" if kind == "image" else "no tag; in masks they are void"
            notes.append(
                f"{path}: {count} annotations name no {kind} of the table, and are {what}. The first: {first[kind]}."
            )
