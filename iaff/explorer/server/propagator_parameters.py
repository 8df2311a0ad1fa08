"""What may be chosen of each other propagator: the table ``static/state/propagator_parameters.json``, which the page
reads too. A parameter takes one of a few values, so that links are short, and answers can be kept."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from iaff.errors import UserError
from iaff.explorer.files import STATIC


@cache
def table() -> dict[str, dict[str, dict[str, Any]]]:
    """Of each propagator and each of its parameters: ``name``, ``about``, ``values``, ``start`` (the default)."""
    return json.loads((STATIC / "state/propagator_parameters.json").read_text("utf-8"))


def parameters(by: str, given: Mapping[str, float]) -> dict[str, Any]:
    """All parameters of a propagator: those that were given, else their defaults.

    Raises:
        UserError: an unknown parameter, or a value that the table does not have.
    """
    known = table().get(by, {})
    for key, value in given.items():
        if key not in known:
            expected = f"some of {', '.join(known)}" if known else "none"
            raise UserError(f"Got the parameter {key[:60]!r} of {by}, expected {expected}; correct the name.")
        if value not in known[key]["values"]:
            values = ", ".join(map(str, known[key]["values"]))
            raise UserError(f"Got {key} = {value:g} of {by}, expected one of {values}; choose another.")
    chosen = {key: given.get(key, rule["start"]) for key, rule in known.items()}
    return {key: value if value % 1 else int(value) for key, value in chosen.items()}
