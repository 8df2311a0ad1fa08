"""How Python answers: a question is checked by its model, and what is wrong becomes one sentence, made here alone.

A function that raises answers the browser with ``undefined`` and no word, so errors are returned.
"""

import os
import reprlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from iaff.errors import UserError
from iaff.explorer.server.full import Full
from iaff.explorer.server.requests import Request
from iaff.run import Run

Handler = Callable[[Any], dict[str, Any]]
Model = TypeVar("Model", bound=Request)

RELOAD = "reload the page"  # what helps where the page sent something wrong: it is of another version
CORRECT = "correct it"  # what helps a program
FOLDERS: set[str] = set()  # of this machine, which errors may name, and answers do not
SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


def answering(model: type[Model]) -> Callable[[Callable[[Model], dict[str, Any]]], Handler]:
    """A decorator: from a function of a checked request to one that the browser may ask, with any JSON.

    It answers with ``{ok: true, ...}``, or with ``{ok: false, error}`` where the request is malformed or the function
    raises a UserError; ``full: true`` says that it may be asked again.
    """

    def decorate(function: Callable[[Model], dict[str, Any]]) -> Handler:
        def answer(request: Any) -> dict[str, Any]:
            try:
                return {"ok": True, **function(checked(model, request, RELOAD))}
            except Full as error:
                return {"ok": False, "full": True, "error": str(error)}
            except UserError as error:
                return {"ok": False, "error": told(error)}

        answer.__name__ = function.__name__  # what the browser calls it
        return answer

    return decorate


def hide(runs: Sequence[Run], *folders: Path | Sequence[Path]) -> None:
    """Keeps where these lie out of answers: a visitor need not know the names of this machine's folders."""
    about = [run.config.get("data") for run in runs]
    roots = [data["root"] for data in about if isinstance(data, dict) and data.get("root")]
    places = [*(run.dir for run in runs), *map(Path, roots)]
    for folder in folders:
        places += [folder] if isinstance(folder, Path) else folder
    forms = {form for place in places for form in (place, place.absolute(), place.resolve())}
    FOLDERS.update(str(form) for form in forms if len(form.parts) > 1)  # "." and "/" are in other words too


def told(error: UserError) -> str:
    """What clients are told of an error: files of a run by their names in it."""
    text = str(error)
    for folder in sorted(FOLDERS, key=len, reverse=True):
        text = text.replace(folder + os.sep, "").replace(folder, Path(folder).name)
    return text


def checked(model: type[Model], request: Any, remedy: str = CORRECT) -> Model:
    """A request as its model.

    Raises:
        UserError: it is malformed; of several things that are wrong, the first is named.
    """
    try:
        return model.model_validate(request)
    except ValidationError as error:
        raise UserError(_sentence(model, error, remedy)) from error


def within(key: str, value: int, low: int, high: int) -> int:
    """A checked number whose limits only the run or the trace knows.

    Raises:
        UserError: it lies beyond them.
    """
    if not low <= value <= high:
        raise UserError(_wrong(f"{key} = {value}", f"a whole number from {low} to {high}", CORRECT))
    return value


def _sentence(model: type[Request], error: ValidationError, remedy: str) -> str:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return _wrong(SHORT.repr(first["input"]), "one JSON object", remedy)
    name, *places = first["loc"]
    if name not in model.model_fields:
        known = ", ".join(model.model_fields)
        return _wrong(f"the key {SHORT.repr(name)}", f"none but {known}" if known else "none at all", remedy)
    key = name + "".join(f"[{place}]" for place in places)
    expected = str(model.model_fields[name].description)
    if first["type"] == "missing":
        return _wrong(f"no {key}", expected, remedy)
    if first["type"].endswith(("too_short", "too_long")):
        return _wrong(f"{key} of length {len(first['input']):,}", expected, remedy)
    return _wrong(f"{key} = {SHORT.repr(first['input'])}", expected, remedy)


def _wrong(got: str, expected: str, remedy: str) -> str:
    return f"Got {got}, expected {expected}; {remedy}."
