"""The lessons, as the browser asks for them."""

from pathlib import Path
from typing import Any

from iaff.explorer.server.handlers import Handler, answering
from iaff.lessons import LESSONS, read_folders


def lesson_list(folders: list[Path]) -> Handler:
    """``lessons({}) -> {lessons, broken}``, see :func:`iaff.lessons.read_folders`: the shipped ones and those of
    ``folders``, read at each call, so that a file that is dropped there appears."""

    @answering
    def lessons(request: dict) -> dict[str, Any]:
        return read_folders([LESSONS, *folders])

    return lessons
