"""Tags of many lines -> classes: spellings of one name are one class, and what looks like two classes is none."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from iaff.class_names import fold, near, no_class, shown, tidy
from iaff.data.tag_table import EXPECTED, Row
from iaff.errors import UserError

JOINTS = (" and ", "/", "+", "&", ":", " ", "_", "-")
REMEDY = ("_", "-")  # what a class of two words may be joined by, so that it is not taken for two


class Spellings:
    """The classes that the rows of a table name.

    Attributes:
        names: their spelling by what :func:`iaff.class_names.fold` makes of it: the most frequent one, else the first.
        notes: which spellings were taken for one class, and which names look like two.

    Raises:
        UserError: a tag is the background's or stands for none, or is two classes in one; with its line.
    """

    def __init__(self, path: Path, rows: Iterable[Row]):
        self.path = path
        self.notes: list[str] = []
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.lines: dict[str, int] = {}  # of each spelling, the first
        for row in rows:
            for tag in row.tags:
                counts[fold(tag)][tag] += 1
                self.lines.setdefault(tag, row.line)
        self.names = {key: tidy(found.most_common(1)[0][0]) for key, found in counts.items()}
        for key, found in counts.items():
            line = min(self.lines[tag] for tag in found)
            if reason := no_class(key):
                raise UserError(f"{path}, line {line}: got the tag {shown(next(iter(found)))}, {reason}.")
            if len(found) > 1:
                each = [f"{shown(tag)} (line {self.lines[tag]})" for tag in found][:4]
                self.notes.append(f"{path}: {', '.join(each)} are read as one class, {self.names[key]!r}.")
        self._look_for_two_in_one()

    def check(self, row: Row, table: Path) -> str | None:
        """A sentence about a tag of another split's row that is no class, if there is one."""
        for tag in row.tags:
            if fold(tag) not in self.names:
                return (
                    f"{table}, line {row.line}: {shown(tag)} is no class, since it occurs in no line of {self.path}"
                    f"{near(tag, self.names.values())}."
                )
        return None

    def _look_for_two_in_one(self) -> None:
        """Refuses names whose parts are classes too, or that occur in another order; says where words come again."""
        of_words: dict[tuple[str, ...], str] = {}
        met: dict[str, set[str]] = defaultdict(set)
        split = {key: _parts(key) for key in self.names}
        for key, (joint, parts) in split.items():
            if not parts:
                continue
            for part in parts:
                met[part].add(key)
            other = of_words.setdefault(tuple(sorted(parts)), key)
            known = all(part in self.names for part in parts)
            if joint not in REMEDY and (known or (other != key and len(set(parts)) > 1)):
                found = (
                    f"of which {' and '.join(map(repr, parts))} are classes too"
                    if known
                    else (f"and {self.names[other]!r} in line {self._line(other)}")
                )
                raise UserError(
                    f"{self.path}, line {self._line(key)}: got the tag {self.names[key]!r}, {found}; is {joint!r} "
                    f"between two tags? {EXPECTED}; or join the words of one class, as "
                    f"{'_'.join(parts)}."
                )
        again = {
            key: parts
            for key, (_, parts) in split.items()
            if parts and all(part in self.names or len(met[part]) > 1 for part in parts)
        }
        if not again:
            return
        first = min(again, key=self._line)
        joint, more = split[first][0], f", as {len(again) - 1} more are," if len(again) > 1 else ""
        if joint not in REMEDY and len(again) > len({part for parts in again.values() for part in parts}):
            raise UserError(
                f"{self.path}, line {self._line(first)}: got the tag {self.names[first]!r}, one of {len(again)} that "
                f"are made of fewer words; is {joint!r} between two tags? {EXPECTED}; or join the words of one "
                "class by _."
            )
        self.notes.append(
            f"{self.path}, line {self._line(first)}: {self.names[first]!r} is read as one class{more} though its words "
            f"come in others too; if {joint!r} is between two tags, put ; there."
        )

    def _line(self, key: str) -> int:
        return min(line for tag, line in self.lines.items() if fold(tag) == key)


def _parts(key: str) -> tuple[str, list[str]]:
    """What a name may be joined by, and its parts: the first of the joints that leaves words on each side."""
    for joint in JOINTS:
        parts = [part.strip() for part in key.split(joint)]
        if len(parts) > 1 and all(re.search(r"\w", part) for part in parts):
            return joint, parts
    return "", []
