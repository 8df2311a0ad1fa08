"""The lessons, as the browser asks for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import EmptyRequest
from iaff.lessons import read_folders
from iaff.places import LESSONS


def lesson_list(folders: Sequence[Path]) -> Handler:
    """``lessons({}) -> {lessons, broken}``, see :func:`iaff.lessons.read_folders`: the shipped ones and those of
    ``folders``, read at each call, so that a file that is dropped there appears."""

    @answering(EmptyRequest)
    def lessons(_: EmptyRequest) -> dict[str, Any]:
        return read_folders([LESSONS, *folders])

    return lessons
