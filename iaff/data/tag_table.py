"""The table of a folder's tags, in the dialects in which such tables are met: text -> photos, each with its tags.

Most of a dialect is found by one question: which cells name files of the folder? What separates the columns is what
makes the most such cells; the column of the photos is the one that has them; a first line without one is a header.
The tags are the other cells. Where that leaves two readings, the table is refused.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

from iaff.class_names import fold, shown, tidy
from iaff.data.listing import SIDE_FILE, Listing, is_photo_name, outside, unquoted
from iaff.data.text import read_text
from iaff.errors import UserError

EXPECTED = "Expected lines such as: cat.jpg,cat;dog"
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars (|)", " ": "spaces"}
EXCEL = re.compile(r'"?sep=(.|\\t)"?[,;\t]*', re.IGNORECASE)  # the first line of some spreadsheets' exports
LOOKED_AT = 200  # lines that tell the dialect
SEPARATORS = re.compile("[;|,\t；，、｜]")  # between tags: no name of a class has one of them
BRACKETS = {"[": "]", "{": "}", "(": ")"}
QUOTED = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
MARKS = {"1": True, "1.0": True, "true": True, "yes": True, "x": True, "0": False, "0.0": False, "false": False}
MARKS |= {"no": False, "": False}  # cells of a table with a column for each class
VALUE = re.compile(r"[:=]\s*([+-]?\.?\d|true\b|false\b)", re.IGNORECASE)  # a name with a score behind it
WORDS = re.compile(r"[\s;,|:'\"]+")
BITS = {"0", "1", "0.0", "1.0", "true", "false"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A line: which photo, as the folder has it, and its tags as they are spelled."""

    line: int
    file: str
    tags: tuple[str, ...]


@dataclass
class TagTable:
    """What a table says, a row for each line, and what was read in another way than ``file,tag;tag``."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Line = tuple[int, list[str]]


def read_tag_table(path: Path, files: Listing) -> TagTable:
    """Reads a table of photos and their tags.

    Raises:
        UserError: it is missing or no text, a line can be read in two ways, or a photo is not there; with the line.
    """
    text = read_text(path, EXPECTED).rstrip("\x1a").replace("\r\n", "\n").replace("\r", "\n")
    return _Reader(path, files).read(text)


class _Reader:
    """Reads one table; its methods add to ``table.notes`` what they do."""

    def __init__(self, path: Path, files: Listing):
        self.path, self.files, self.table = path, files, TagTable(path)
        self.stems = False  # whether photos are named without their ending
        self.renamed: list[str] = []

    def read(self, text: str) -> TagTable:
        lines, delimiter, column = self._dialect(text)
        lines = self._without_remarks(lines, column)
        if column:
            self._note(f"column {column + 1} names the photos")
        header = self._header(lines, column)
        if header:
            lines = lines[1:]
        if not lines:
            raise UserError(f"{self.path} lists no photo. {EXPECTED}")
        others = self._tag_columns(lines, header, column)
        names, joint = self._class_columns(lines, header, others), " " if delimiter == " " else ","
        if not names:
            self._check_columns(lines, header, others, joint)
        separators: dict[str, int] = {}  # and the first line that has each
        for number, cells in lines:
            file = self._file(number, _cell(cells, column))
            if file is None:
                continue
            if names:
                tags = [name for j, name in names.items() if MARKS[_mark(_cell(cells, j))]]
            else:
                tags = self._tags(number, joint.join(filter(None, (_cell(cells, j) for j in others))), separators)
            self.table.rows.append(Row(number, file, tuple(tags)))
        if self.renamed:
            more = f", and so are {len(self.renamed) - 1} more" if len(self.renamed) > 1 else ""
            self.table.notes.append(f"{self.renamed[0]}{more}.")
        separators.pop(";", None)
        for separator, number in separators.items():
            self._note(f"{separator if separator.strip() else 'a tab'} between tags, read as ;", number)
        if not self.table.rows:
            raise UserError(f"{self.path} lists no photo. {EXPECTED}")
        return self.table

    def _note(self, what: str, line: int | None = None) -> None:
        where = self.path if line is None else f"{self.path}, line {line}"
        self.table.notes.append(f"{where}: {what}.")

    def _refused(self, line: int, what: str) -> UserError:
        return UserError(f"{self.path}, line {line}: {what}")

    def _dialect(self, text: str) -> tuple[list[Line], str, int]:
        """The table's cells, what separates them, and which column names the photos."""
        first, _, rest = text.partition("\n")
        if told := EXCEL.fullmatch(first.strip()):
            candidates, text = ["\t" if told[1] == "\\t" else told[1]], f"\n{rest}"
        else:
            candidates = list(DELIMITERS)
        best: tuple[tuple[int, bool], str, int] | None = None
        fault: UserError | None = None
        for self.stems in (False, True):
            for delimiter in candidates:
                try:
                    lines = list(islice(self._cells(text, delimiter), LOOKED_AT))
                except UserError as error:
                    fault = fault or error
                    continue
                column, count = self._photo_column(lines)
                split = delimiter != " " and min(len(cells) for _, cells in lines or [(0, [])]) > 1
                if best is None or (count, split) > best[0]:
                    best = (count, split), delimiter, column
            if best and best[0][0]:
                break
        if best is None or (fault and not best[0][0]):
            raise fault or UserError(f"{self.path} lists no photo. {EXPECTED}")
        _, delimiter, column = best
        lines = list(self._cells(text, delimiter))
        if delimiter != "," and any(len(cells) > 1 for _, cells in lines):
            self._note(f"columns are separated by {DELIMITERS.get(delimiter, repr(delimiter))}")
        return lines, delimiter, column

    def _photo_column(self, lines: list[Line]) -> tuple[int, int]:
        """The column with the most cells that name files, and how many."""
        found = Counter(j for _, cells in lines for j, cell in enumerate(cells) if self._find(cell))
        return min(found.items(), key=lambda item: (-item[1], item[0]), default=(0, 0))

    def _find(self, cell: str) -> list[str]:
        return self.files.find(cell, self.stems)

    def _cells(self, text: str, delimiter: str) -> Iterator[Line]:
        """Lines that are not blank, as cells without spaces around."""
        before = 0
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
            for cells in reader:
                number, before = before + 1, reader.line_num
                cells = [cell.strip(" \r\n\t\v\f") for cell in cells]
                if reader.line_num > number and any("\n" in cell for cell in cells):
                    raise self._refused(number, f"a quote is opened and not closed in this line. Close it. {EXPECTED}")
                while cells and not tidy(cells[-1]):
                    cells.pop()
                if delimiter == " ":
                    cells = list(filter(None, cells))
                if cells:
                    yield number, cells
        except (csv.Error, TypeError, ValueError) as error:
            raise self._refused(before + 1, f"got cells that cannot be told apart ({error}). {EXPECTED}") from error

    def _without_remarks(self, lines: list[Line], column: int) -> list[Line]:
        """Without lines that begin with ``#``, unless a photo does."""
        remarks = {n for n, cells in lines if cells[0].startswith("#") and not self._find(_cell(cells, column))}
        if remarks:
            more = f", and {len(remarks) - 1} more," if len(remarks) > 1 else ""
            self._note(f"begins with #{more} and is left out", min(remarks))
        return [line for line in lines if line[0] not in remarks]

    def _header(self, lines: list[Line], column: int) -> list[str]:
        """The cells of a first line that names no photo while others do; empty where there is none."""
        if not lines:
            return []
        photos = [self._is_photo(_cell(cells, column)) for _, cells in lines[:LOOKED_AT]]
        if photos[0] or (len(lines) > 1 and not any(photos[1:])):
            return []
        number, cells = lines[0]
        if fold(_cell(cells, column)) not in ("file", "photo", "image"):
            self._note(f"{', '.join(cells)!r} is taken for a header, since it names no photo", number)
        return cells

    def _is_photo(self, cell: str) -> bool:
        """Whether it names a photo, or looks as if it did."""
        return bool(self._find(cell)) or outside(cell) or any(map(is_photo_name, WORDS.split(cell)))

    def _tag_columns(self, lines: list[Line], header: list[str], column: int) -> list[int]:
        """The columns beside the photos', without one that only numbers the lines."""
        width = max(len(cells) for _, cells in lines)
        others = [j for j in range(max(width, len(header))) if j != column]
        for j in [j for j in others if j < column]:
            numbers = [_cell(cells, j) for _, cells in lines]
            if not all(number.isdecimal() for number in numbers) or len(set(numbers)) < len(numbers):
                continue
            counted = [int(number) - int(numbers[0]) for number in numbers] == [*range(len(numbers))]
            if (header and not _cell(header, j)) or (counted and int(numbers[0]) in (0, 1)):
                others.remove(j)
                self._note(f"column {j + 1} only numbers the lines, and is left out")
        return others

    def _class_columns(self, lines: list[Line], header: list[str], others: list[int]) -> dict[int, str]:
        """Columns that are classes themselves, with a mark in the line of each photo that shows one; or none."""
        names = {j: tidy(unquoted(header[j])) for j in others if _cell(header, j)}
        cells = [_mark(_cell(cells, j)) for _, cells in lines for j in others]
        if len(names) < 2 or len(names) < len(others) or not all(cell in MARKS for cell in cells) or not any(cells):
            return {}
        zeros = any(cell and not MARKS[cell] for cell in cells)
        short = next((n for n, row in lines if zeros and not all(_cell(row, j) for j in others)), None)
        if short is not None:
            raise self._refused(short, "got an empty cell, expected 0 or 1 for each class as in other lines. Fill it.")
        self._note(f"a column for each class: {', '.join(list(names.values())[:8])}{' ...' * (len(names) > 8)}")
        return names

    def _check_columns(self, lines: list[Line], header: list[str], others: list[int], joint: str) -> None:
        """Refuses columns of which one cannot tell whether they are tags."""
        used = [j for j in others if any(_cell(cells, j) for _, cells in lines)]
        titles = {fold(header[j]).split(".")[0].rstrip("0123456789_ ") for j in used if _cell(header, j)}
        number, cells = lines[0]
        if len(titles) > 1:
            raise self._refused(
                number,
                f"got {len(cells)} columns ({', '.join(header)}), expected 2, of the photo and of its tags (; between "
                "tags), or one of 0 and 1 for each class. Leave out the others.",
            )
        marks = (
            {_mark(_cell(cells, used[0])) for _, cells in lines if _cell(cells, used[0])} if len(used) == 1 else set()
        )
        if header and marks and marks <= BITS:
            raise self._refused(
                number,
                f"got {' and '.join(sorted(marks))} alone in the column {_cell(header, used[0])!r}, expected names of "
                "classes. Write the name for a photo that shows the class, and nothing for another.",
            )
        for number, cells in lines:
            found = [cell for j in used if (cell := _cell(cells, j))]
            numbers = [cell for cell in found if NUMBER.fullmatch(cell)]
            if numbers and len(found) > 1:
                raise self._refused(
                    number,
                    f"got {numbers[0]} among {len(found) + 1} columns, expected 2, of the photo and of its tags. Leave "
                    "out the others, or name the classes in a first line.",
                )
        if joint == " ":
            return
        several = next((number for number, cells in lines if sum(bool(_cell(cells, j)) for j in used) > 1), None)
        if several is not None and not any(_cell(cells, j)[:1] in BRACKETS for _, cells in lines for j in used):
            self._note("more than two columns, all of which but the photo's are read as tags", several)

    def _file(self, number: int, cell: str) -> str | None:
        """The photo that a cell names; None for a side file of macOS."""
        bare = unquoted(cell)
        if not bare or outside(bare):
            raise self._refused(number, f"got the file {cell!r}, expected a path below {self.files.root}. {EXPECTED}")
        found = self._find(cell)
        if len(found) > 1:
            raise self._refused(
                number, f"got {shown(bare)}, which may be {shown(found[0])} or {shown(found[1])}. Rename one of them."
            )
        if found:
            if found[0] not in (cell, bare):
                self.renamed.append(f"{self.path}, line {number}: {shown(bare)} is read as {shown(found[0])}")
            return found[0]
        name = re.split(r"[/\\]", bare)[-1]
        if name.startswith(SIDE_FILE) and self._find(bare[: -len(name)] + name[len(SIDE_FILE) :]):
            self._note(f"{bare} is a side file of macOS, and is left out", number)
            return None
        other = self.files.beside(bare)
        mended = f"did you mean {other[0]}?" if other else "restore the photo, or take out the line."
        raise self._refused(number, f"lists {bare}, but there is no {self.files.root / bare}; {mended}")

    def _tags(self, number: int, text: str, separators: dict[str, int]) -> list[str]:
        """The tags of a cell, as they are spelled."""
        text = text.strip()
        end = BRACKETS.get(text[:1])
        listed = QUOTED.sub("", text)
        if end and text.endswith(end) and (end != ")" or listed != text):
            text, listed = text[1:-1], listed[1:-1]
            if listed != text:
                if not re.fullmatch(r"[\s;|,]*", listed):
                    raise self._refused(number, f"got {text!r}, expected names of classes alone. {EXPECTED}")
                separators.setdefault("brackets", number)
                return [a or b for a, b in QUOTED.findall(text) if tidy(a or b)]
            separators.setdefault("brackets", number)
        parts = [part for part in (unquoted(part) for part in SEPARATORS.split(text)) if tidy(part)]
        for separator in SEPARATORS.findall(text):
            separators.setdefault(separator, number)
        for part in parts:
            if set(part) & set('[]{}"\n') or VALUE.search(part):
                raise self._refused(
                    number, f"got the tag {part!r}, expected a name without brackets, quotes and values. {EXPECTED}"
                )
        return parts


def _cell(cells: list[str], j: int) -> str:
    return cells[j] if j < len(cells) else ""


@lru_cache(maxsize=1000)
def _mark(cell: str) -> str:
    return unquoted(cell).lower()
