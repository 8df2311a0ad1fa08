"""What a view of a trace can be told: the table of ``static/state.js``, read by Python."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from iaff.errors import UserError
from iaff.explorer.files import STATIC

if TYPE_CHECKING:
    from iaff.trace import Trace

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://")


def query_of(view: dict[str, Any], trace: "Trace") -> str:
    """The view as the query of an address, ``stage=affinity&round=3``; None leaves a key at its start.

    Raises:
        UserError: an unknown key, or a stage, round or pixel that is not there.
    """
    view = {key: value for key, value in view.items() if value is not None}
    known = keys()
    for key, value in view.items():
        if key not in known:
            raise UserError(f"Got {key} = {value!r}, expected one of {', '.join(known)}; correct the name.")
        if known[key] and str(value) not in known[key]:
            raise UserError(f"Got {key} = {value!r}, expected one of {', '.join(known[key])}; choose one of these.")
    _check_numbers(view, trace)
    return urlencode({key: _text(value) for key, value in view.items()})


def view_of(query: str) -> dict[str, str]:
    """A query, or the copied address that it is of, as a view; what names a run or a photo falls out.

    An address may have keys of others (Gradio's ``__theme``), which fall out too; a bare query keeps them, so that
    :func:`query_of` refuses what was mistyped.
    """
    before, mark, after = query.partition("#")[0].partition("?")
    address = bool(ADDRESS.match(before) or (mark and before and "=" not in before))
    pairs = parse_qsl(after if address or not before else before + mark + after, keep_blank_values=True)
    return {key: value for key, value in pairs if key not in _elsewhere() and (key in keys() or not address)}


@cache
def keys() -> dict[str, tuple[str, ...]]:
    """The keys of a view and, where only some names are allowed, these."""
    text = (STATIC / "state/state.js").read_text("utf-8")
    lists = {name: _names(items) for name, items in re.findall(r"const (\w+) = \[([^\]]*)\];", text)}
    table = text.split("export const TABLE = {", 1)[1].split("\n};", 1)[0]
    found = {}
    for key, rule in re.findall(r"^  (\w+): \{ parse: (.*?), start:", table, re.MULTILINE):
        choice = re.fullmatch(r"oneOf\((.*)\)", rule)
        named = re.fullmatch(r"\.\.\.(\w+)", choice.group(1)) if choice else None
        found[key] = lists[named.group(1)] if named else _names(choice.group(1)) if choice else ()
    return {key: names for key, names in found.items() if key not in _elsewhere()}


@cache
def _elsewhere() -> tuple[str, ...]:
    """Keys that choose among things that one trace does not have: runs, photos, lessons."""
    text = (STATIC / "export/export_file.js").read_text("utf-8")
    return _names(re.search(r"const ELSEWHERE = \[([^\]]*)\]", text).group(1))


def _names(items: str) -> tuple[str, ...]:
    return tuple(re.findall(r'"([^"]*)"', items))


def _check_numbers(view: dict[str, Any], trace: "Trace") -> None:
    if ("x" in view) != ("y" in view):
        raise UserError(f"Got {'x' if 'x' in view else 'y'} alone, expected x and y of a pixel; give both.")
    width, height = trace.meta["size"]
    limits = {"x": (0, width - 1), "y": (0, height - 1), "round": (1, len(trace.meta["rounds"]))}
    for key, (low, high) in limits.items():
        value = view.get(key)
        whole = isinstance(value, int) or str(value).isdecimal()
        if value is not None and not (whole and low <= int(value) <= high):
            raise UserError(f"Got {key} = {value!r}, expected a whole number from {low} to {high}; choose another.")


def _text(value: Any) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
