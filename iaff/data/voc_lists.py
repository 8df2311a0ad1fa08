"""Lists of a VOC devkit: the photos of a split, and which of them show a class."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from iaff.data.listing import is_photo_name, outside
from iaff.data.text import read_text
from iaff.errors import UserError

LINES = "Expected an id of a photo in JPEGImages on each line, such as 2007_000032."
FLAGS = "Expected an id and a flag on each line, such as `2007_000032 -1` (1: shows it, 0: difficult, -1: does not)."
DELETE = "Write the flags, or delete the list: tags are then read from Annotations."
FLAG = re.compile(r"[+-]?\d+(\.0*)?")
WORDS = {"yes": 1, "true": 1, "present": 1, "no": -1, "false": -1, "absent": -1}
PAIR = re.compile(r"(\S.*?\.(?:jpe?g|png|bmp|tiff?|webp))[\s,;]+(\S.*\.png)", re.IGNORECASE)  # a photo and its mask
MASKS = ("SegmentationClassAug", "SegmentationClass")


def read_split(path: Path, find: Callable[[str], Path | None], notes: list[str]) -> dict[str, Path | None]:
    """The photos of a list in ``ImageSets/Segmentation``, in its order.

    A line is an id, a file name, or a pair of a photo's and its mask's path. A photo whose id is the whole line comes
    first, so that ids may hold dots and spaces.

    Args:
        find: an id's photo in ``JPEGImages``, if it is there.
        notes: where is said what was read in another way than it stands there.

    Returns:
        the photo by id; None where there is none.

    Raises:
        UserError: the list is missing, no text or empty, or a line is no id; with the line.
    """
    found: dict[str, Path | None] = {}
    first: dict[str, int] = {}
    twice, comments, flagged = [], [], []
    for number, line in _lines(read_text(path, LINES)):
        photo, name = find(line), line
        if not photo and line.startswith("#"):
            comments.append(number)
            continue
        head, *flag = line.rsplit(None, 1)
        if not photo:
            name = _id(path, number, line)
            photo = find(name)
        if not photo and flag and FLAG.fullmatch(flag[0]):
            if float(flag[0]) != 1:
                raise UserError(
                    f"{path}, line {number}: got {line!r}, which is a line of a class's list (ImageSets/Main); "
                    "expected an id alone. List the photos of the split, and those only."
                )
            name, photo = head, find(head)
            flagged.append(number)
        key = unicodedata.normalize("NFC", name)
        if key in first:
            twice.append((number, name))
            continue
        first[key] = number
        found[name] = photo
    if not found:
        raise UserError(f"{path} lists no photo. {LINES}")
    if twice:
        number, name = twice[0]
        others = f"; so are {len(twice) - 1} others" if len(twice) > 1 else ""
        notes.append(f"{path}, line {number}: {name} is listed twice, and read once{others}.")
    if comments:
        notes.append(f"{path}, line {comments[0]}: read as a comment, since it begins with # and is no photo.")
    if flagged:
        notes.append(
            f"{path}, line {flagged[0]}: got a flag 1 behind the id, which is left out ({len(flagged)} lines)."
        )
    return found


def _id(path: Path, number: int, line: str) -> str:
    """The id that a line names as a file, or as a pair of files."""
    pair = PAIR.fullmatch(line)
    photo, mask = pair.groups() if pair else (line, None)
    name = _inside(path, number, photo, ("JPEGImages",))
    if mask and _inside(path, number, mask, MASKS) != name:
        raise UserError(f"{path}, line {number}: got the photo {photo} with the mask {mask}; expected one id of both.")
    return name


def _inside(path: Path, number: int, text: str, folders: tuple[str, ...]) -> str:
    """A file's name without its ending, and without the path to its folder of the devkit."""
    parts = text.strip("\"'").replace("\\", "/").split("/")
    for folder in folders:
        if folder in parts[:-1]:
            parts = parts[parts.index(folder) + 1 :]
    parts = [part for part in parts if part != "."]
    if len(parts) != 1 or not parts[0] or outside(parts[0]):
        raise UserError(
            f"{path}, line {number}: got {text!r}, expected an id, or a file in {' or '.join(folders)}. {LINES}"
        )
    return str(PurePosixPath(parts[0]).with_suffix("")) if is_photo_name(parts[0]) else parts[0]


def read_flags(path: Path, ids: set[str], notes: list[str]) -> dict[str, bool]:
    """Which photos show a class, of a list in ``ImageSets/Main``.

    Args:
        ids: of the split: a line that is one of these has no flag, whatever it ends in.

    Raises:
        UserError: the list is no text, a line has no flag or another than 1, 0 and -1, or a photo has two flags; with
            the line. Or it has 0 and no -1: there 0 would mean "difficult", thus that each photo shows the class.
    """
    found: dict[str, tuple[int, int]] = {}
    words = 0
    for number, line in _lines(read_text(path, FLAGS)):
        head, *rest = line.rsplit(None, 1)
        flag = rest[0] if rest else ""
        if not rest or unicodedata.normalize("NFC", line) in ids:
            raise UserError(f"{path}, line {number}: got {line!r} without a flag. {FLAGS} {DELETE}")
        value = float(flag) if FLAG.fullmatch(flag) else WORDS.get(flag.lower())
        if value not in (1, 0, -1):
            raise UserError(f"{path}, line {number}: got the flag {flag!r}. {FLAGS} {DELETE}")
        if flag.lower() in WORDS:
            words = words or number
        name = unicodedata.normalize("NFC", head)
        other, at = found.setdefault(name, (int(value), number))
        if other != value:
            raise UserError(
                f"{path}, line {number}: got the flag {flag} for {head}, which line {at} gives {other}; expected one. "
                "Delete the wrong line."
            )
    flags = {value for value, _ in found.values()}
    if 0 in flags and -1 not in flags:
        number = next(number for value, number in found.values() if value == 0)
        raise UserError(
            f"{path}, line {number}: got flags 0 and no -1. In VOC 0 means difficult, thus that the photo shows it, "
            f"and every photo of this list would: is 0 meant for -1? {FLAGS} {DELETE}"
        )
    if words:
        notes.append(
            f"{path}, line {words}: flags in words are read: yes, true, present as 1; no, false, absent as -1."
        )
    return {name: value >= 0 for name, (value, _) in found.items()}


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers, without spaces around them, and without those that are blank."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # splitlines would split at characters too
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
