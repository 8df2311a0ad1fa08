"""The categories of a table: COCO's, in any spelling and with any ids, or those of a data set of one's own."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iaff.class_names import BACKGROUND, fold, tidy
from iaff.data.coco_values import Id, as_id, is_name, short
from iaff.data.spelling import by_letters, letters
from iaff.errors import UserError

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
SPELLINGS = by_letters(COCO_CLASSES)


@dataclass(frozen=True)
class Categories:
    """What the ids of a table mean.

    Attributes:
        by_id: the names of the classes by id, and ``"background"`` where that has an id too.
        names: the classes in the order of their labels, without the background.
        of_coco: whether all of them are COCO's.
    """

    by_id: dict[Id, str]
    names: tuple[str, ...]
    of_coco: bool


def read_categories(path: Path, entries: list[Any], notes: list[str]) -> Categories:
    """The categories of a table. If all names are COCO's, they are COCO's classes; else all are classes of their own.

    Raises:
        UserError: one has no id or no name, one id has two names, or there is none but the background.
    """
    found = _by_id(path, entries)
    empty = [id for id, name in found.items() if fold(name).strip("_") in BACKGROUND]
    for id in empty:
        notes.append(f"{path}: category {short(id)} = {found[id]!r} is the background, and no class.")
    things = {id: name for id, name in found.items() if id not in empty}
    if not things:
        raise UserError(f"{path}: got no category but the background. Expected the classes of its annotations.")
    of_coco = all(letters(name) in SPELLINGS for name in things.values())
    if of_coco:
        notes += _differences(path, things)
        things = {id: SPELLINGS[letters(name)] for id, name in things.items()}
        names = tuple(name for name in COCO_CLASSES if name in things.values())
    else:
        first: dict[str, str] = {}
        order = sorted(things, key=lambda id: (isinstance(id, str), id))
        things = {id: first.setdefault(fold(things[id]), things[id]) for id in order}
        names = tuple(first.values())
        notes.append(f"{path}: the classes are its own {len(names)} categories, in the order of their ids.")
    for name, count in Counter(things.values()).items():
        if count > 1:
            ids = ", ".join(short(id) for id, other in things.items() if other == name)
            notes.append(f"{path}: the categories {ids} are read as one class, {name}.")
    return Categories(things | dict.fromkeys(empty, "background"), names, of_coco)


def _by_id(path: Path, entries: list[Any]) -> dict[Id, str]:
    found: dict[Id, str] = {}
    for position, entry in enumerate(entries):
        known = entry if isinstance(entry, dict) else {}
        id, name = as_id(known.get("id")), known.get("name")
        if id is None or not is_name(name) or not tidy(name):
            raise UserError(
                f"{path}: got {short(entry)} as categories[{position}], expected an id and a name, such as "
                '{"id": 17, "name": "cat"}. Mend the entry.'
            )
        if fold(found.setdefault(id, tidy(name))) != fold(name):
            raise UserError(
                f"{path}: got category {short(id)} twice, as {found[id]!r} and {name!r}; expected an id of its own for "
                "each. Write the table again."
            )
    return found


def _differences(path: Path, things: dict[Id, str]) -> list[str]:
    """How names and ids differ from COCO's own, as sentences."""
    own = {name: id for id, name in CATEGORIES}
    notes = []
    if spelled := [name for name in things.values() if name not in own]:
        each = ", ".join(f"{name!r} as {SPELLINGS[letters(name)]}" for name in spelled[:5])
        notes.append(f"{path}: categories in another spelling than COCO's are read: {each}.")
    if other := [(id, name) for id, name in things.items() if own[SPELLINGS[letters(name)]] != id]:
        id, name = other[0]
        notes.append(
            f"{path}: its categories have other ids than COCO's ({short(id)} is {name}, for example), and are read by "
            "name."
        )
    return notes
