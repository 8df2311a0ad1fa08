"""Files of a folder, found by names that tables write in another way than the disk has them."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from PIL import Image

from iaff.class_names import tidy

QUOTES = ("'", '"', "`", "‘’", "“”", "«»")
DRIVE = re.compile(r"[A-Za-z]:($|[/\\])|[/\\]|[A-Za-z]+://")  # how a path begins that is none below a folder
PLAIN = re.compile(r"\w[\w -]*(\.\w+)?(/\w[\w -]*(\.\w+)?)*")  # a path that stands for itself
SIDE_FILE = "._"  # macOS writes one beside each file on disks that are not its own


def unquoted(text: str) -> str:
    """Without spaces and one pair of quotes around it."""
    text = text.strip()
    for marks in QUOTES:
        if len(text) > 1 and text[0] == marks[0] and text[-1] == marks[-1]:
            return text[1:-1].strip()
    return text


def outside(name: str) -> bool:
    """Whether a name is a path that may lead out of the folder: absolute, of a drive, an address, or with ``..``."""
    return bool(DRIVE.match(name)) or ".." in name.replace("\\", "/").split("/")


def is_photo_name(name: str) -> bool:
    """Whether it ends as files of pictures do."""
    return PurePosixPath(name).suffix.lower() in Image.registered_extensions()


def key(name: str) -> str:
    """What the names of one file have in common on disks that keep case and Unicode form, and on those that do not."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())


class Listing:
    """The files below ``root`` by name, ``/`` between folders; without hidden ones and those in folders ``skip``."""

    def __init__(self, root: Path, skip: tuple[str, ...] = ()):
        self.root, self.skip = root, skip

    def find(self, cell: str, stems: bool = False) -> list[str]:
        """The files that a cell of a table names: the one of exactly this name, else all that it may mean.

        A backslash, ``./``, quotes and invisible characters, another case or Unicode form are forgiven.

        Args:
            stems: whether the ending of a picture may be left out.
        """
        if PLAIN.fullmatch(cell) and self._is_file(cell):  # as nearly all are, in tables of many thousand lines
            return [cell]
        bare = unquoted(cell)
        slashed = PurePosixPath(bare.replace("\\", "/")).as_posix()
        name = PurePosixPath(tidy(slashed)).as_posix()
        if outside(bare) or name == ".":
            return []
        for spelling in dict.fromkeys((PurePosixPath(cell).as_posix(), PurePosixPath(bare).as_posix(), slashed, name)):
            if self._is_file(spelling):
                return [spelling]
        return self._by_key.get(key(name)) or (self._by_stem.get(key(name), []) if stems else [])

    def beside(self, name: str) -> list[str]:
        """Files of the same last name in other folders, or of the same name with another ending."""
        last = key(PurePosixPath(name.replace("\\", "/")).name)
        stem = PurePosixPath(last).stem
        files = [file for files in self._by_key.values() for file in files]
        return [f for f in files if key(PurePosixPath(f).name) == last] or [
            f for f in files if key(PurePosixPath(f).stem) == stem and is_photo_name(f)
        ]

    def _is_file(self, name: str) -> bool:
        if PurePosixPath(name).name.startswith(SIDE_FILE):
            return False
        try:
            return (self.root / name).is_file()
        except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
            return False

    @cached_property
    def _by_key(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in self._walk():
            found[key(name)].append(name)
        return dict(found)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in filter(is_photo_name, self._walk()):
            found[key(PurePosixPath(name).with_suffix("").as_posix())].append(name)
        return dict(found)

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.root):
            here = Path(folder).relative_to(self.root)
            folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f).as_posix() not in self.skip)
            yield from ((here / file).as_posix() for file in sorted(files) if not file.startswith("."))
