"""The table ``images.csv`` of a run, checked as it is read: a line per photo and round."""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import shorten

from iaff.errors import UserError

RESTORE = "Restore the file that training wrote."
SHARES = {*["changed", "agreement", "coverage", "relabelled", "foreground_unary", "foreground_refined"]}
IOU = "iou_refined."  # and the name of a class
SHARES |= {*["miou_unary", "miou_refined", "precision", "leak"]}
WHOLE, NUMBER = re.compile(r"[1-9][0-9]{0,5}"), re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")


def iou_columns(ious: Mapping[str, float | None], names: Sequence[str]) -> dict[str, float | str]:
    """A photo's IoU by class as columns, one for each of the run's classes; empty where there is none."""
    known = {name: value for name, value in ious.items() if value is not None}
    return {IOU + name: known.get(name, "") for name in names}


def read_images(path: Path, data: bytes) -> list[dict[str, str]]:
    """The lines of ``images.csv``, checked: ``round`` and ``image`` are there, all else is a number or empty.

    Raises:
        UserError: it is not such a table; with the line.
    """
    try:
        table = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(table.line_num, row) for row in table if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({error}). {_TABLE}") from error
    if not lines:
        return []
    columns, seen = lines[0][1], set()
    if not {"round", "image"} <= set(columns) or len(set(columns)) < len(columns):
        raise UserError(f"{path}, line 1: got the columns {_short(','.join(columns))}. {_TABLE}")
    rows = []
    for number, row in lines[1:]:
        if wrong := _wrong(columns, row):
            raise UserError(f"{path}, line {number}: got {wrong}. {_TABLE}")
        line = dict(zip(columns, row, strict=True))
        if (line["round"], line["image"]) in seen:
            raise UserError(
                f"{path}, line {number}: got {_short(line['image'])} a second time in round {line['round']}. {_TABLE}"
            )
        seen.add((line["round"], line["image"]))
        rows.append(line)
    return rows


_TABLE = (
    "Expected the table that training wrote: round, image, and figures from 0 to 1, each photo once in a round; "
    f"{RESTORE[0].lower()}{RESTORE[1:]}"
)


def _wrong(columns: Sequence[str], row: Sequence[str]) -> str:
    """What is wrong with a line, or nothing."""
    if len(row) != len(columns):
        return f"{len(row)} values for {len(columns)} columns"
    for column, text in zip(columns, row, strict=True):
        if column == "round":
            good = WHOLE.fullmatch(text)
        elif column == "image":
            good = text and "\0" not in text
        else:
            good = not text or (NUMBER.fullmatch(text) and _fits(column, float(text)))
        if not good:
            return f"{column} = {_short(text)}"
    return ""


def _fits(column: str, value: float) -> bool:
    return -1e-6 <= value <= 1 + 1e-6 if column in SHARES or column.startswith(IOU) else math.isfinite(value)


def _short(text: str) -> str:
    return shorten(repr(text), 60)
