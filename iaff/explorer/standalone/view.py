"""What a view of a trace can be told: the table of ``static/state/view_schema.json``, which the page reads too."""

import json
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from iaff.errors import UserError
from iaff.explorer.files import STATIC

if TYPE_CHECKING:
    from iaff.trace import Trace

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://")
DECIMAL = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")
NAMED = re.compile(r"\{([a-z]+)\}")  # in a pattern: the choices of that key


def query_of(view: dict[str, Any], trace: "Trace") -> str:
    """The view as the query of an address, ``stage=affinity&round=3``; None leaves a key at its start.

    Raises:
        UserError: an unknown key, a value that the table does not allow, or a round or pixel that is not there.
    """
    view = {key: _text(value) for key, value in view.items() if value is not None}
    known = {key: rule for key, rule in schema().items() if rule.get("alone", True)}
    for key, text in view.items():
        if key not in known:
            raise UserError(f"Got {key} = {text!r}, expected one of {', '.join(known)}; correct the name.")
    if ("x" in view) != ("y" in view):
        raise UserError(f"Got {'x' if 'x' in view else 'y'} alone, expected x and y of a pixel; give both.")
    width, height = trace.meta["size"]
    highest = {"x": width - 1, "y": height - 1, "round": len(trace.meta["rounds"])}
    for key, text in view.items():
        rule = {**known[key], "high": highest[key]} if key in highest else known[key]
        if not _allowed(rule, text):
            raise UserError(f"Got {key} = {text!r}, expected {_words(rule)}; choose another.")
    return urlencode(view)


def view_of(query: str) -> dict[str, str]:
    """A query, or the copied address that it is of, as a view; what names a run or a photo falls out.

    An address may have keys of others (Gradio's ``__theme``), which fall out too; a bare query keeps them, so that
    :func:`query_of` refuses what was mistyped.
    """
    before, mark, after = query.partition("#")[0].partition("?")
    address = bool(ADDRESS.match(before) or (mark and before and "=" not in before))
    pairs = parse_qsl(after if address or not before else before + mark + after, keep_blank_values=True)
    unknown = {"alone": not address}
    return {key: value for key, value in pairs if schema().get(key, unknown).get("alone", True)}


@cache
def schema() -> dict[str, dict[str, Any]]:
    """Of each key of a view its type and limits: the table that ``static/state/state.js`` explains."""
    return json.loads((STATIC / "state/view_schema.json").read_text("utf-8"))


def _allowed(rule: dict[str, Any], text: str) -> bool:
    """Whether the table allows a value; the twin of ``valueOf`` in ``static/state/state.js``."""
    match rule["type"]:
        case "whole":
            return bool(re.fullmatch(r"[0-9]{1,5}", text)) and rule["low"] <= int(text) <= rule["high"]
        case "decimal":
            return bool(DECIMAL.fullmatch(text)) and rule["low"] <= float(text) <= rule["high"]
        case "choice":
            return text in rule["choices"]
        case "list":
            items = text.split("_")
            fit = [item in rule["choices"] if "choices" in rule else _matches(rule["item"], item) for item in items]
            return len(items) <= rule["most"] and all(fit)
        case _:
            printable = bool(text) and not any(unicodedata.category(character).startswith("C") for character in text)
            return printable and len(text) <= rule["longest"] and _matches(rule.get("pattern", ".*"), text)


def _matches(pattern: str, text: str) -> bool:
    named = NAMED.sub(lambda key: "|".join(schema()[key[1]]["choices"]), pattern)
    return bool(re.fullmatch(named, text))


def _words(rule: dict[str, Any]) -> str:
    """What a rule expects, for an error."""
    form = " or ".join(rule.get("choices", ())) or rule.get("form")
    match rule["type"]:
        case "whole" | "decimal" as kind:
            digits = " with at most four decimals" if kind == "decimal" else ""
            return f"a {'whole ' if kind == 'whole' else ''}number from {rule['low']} to {rule['high']}{digits}"
        case "choice":
            return f"one of {', '.join(rule['choices'])}"
        case "list":
            return f"at most {rule['most']} of {form}, with _ between them"
        case _:
            return form or f"a text of at most {rule['longest']} characters"


def _text(value: Any) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
