"""``key=value`` of a command line as settings: what a value is depends on the setting, not on what it looks like."""

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from iaff.errors import UserError


def override(tree: dict[str, Any], item: str, settings: type[BaseModel]) -> None:
    """Sets one ``key=value`` in the tree that a TOML file makes, as ``settings`` has it; whether the value is allowed
    is not checked.

    Raises:
        UserError: it is no ``key=value``, or the key names no setting.
    """
    key, equals, value = item.partition("=")
    if not equals:
        raise UserError(f"Override {item!r}: expected key=value, such as rounds=2 or data.root=DIR.")
    *parents, last = key.strip().split(".")
    kind: Any = settings
    for depth, name in enumerate([*parents, last], 1):
        if not _is_section(kind):
            section = ".".join([*parents, last][: depth - 1])
            raise UserError(
                f"Override {item!r}: got {section} as a section, expected it as a setting; give {section}=VALUE."
            )
        if name not in kind.model_fields:
            raise UserError(f"Override {item!r}: there is no setting {key.strip()}{suggestion(key.strip(), settings)}.")
        kind = _type_of(kind, name)
    if _is_section(kind):
        inside = ", ".join(f"{key.strip()}.{name}" for name in kind.model_fields)
        raise UserError(f"Override {item!r}: got a value for a section, expected one of its settings: {inside}.")
    for name in parents:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise UserError(f"Override {item!r}: the config has {name} = {tree!r}, expected a section [{name}].")
    tree[last] = typed(value.strip(), kind)


def suggestion(key: str, settings: type[BaseModel]) -> str:
    """``; did you mean data.root?`` of settings that are called like this one, else nothing."""
    known = list(names_of(settings))
    same = [name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]]
    close = same if 0 < len(same) < 6 else get_close_matches(key, known, 1, 0.6)
    return f"; did you mean {' or '.join(close)}" if close else "; docs/formats.md and iaff/config.py list them"


def names_of(settings: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The names of all settings, as in ``data.root``."""
    for name in settings.model_fields:
        kind = _type_of(settings, name)
        if _is_section(kind):
            yield from names_of(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def typed(text: str, kind: Any) -> Any:
    """A value as its setting's type has it: text stays text (``2012``, ``true``), but for the quotes of TOML around it;
    of a list the brackets and, of words, the quotes may be left out (``cat,dog``); the rest is read as TOML has it.

    What does not fit the type is left as text, for pydantic to refuse.
    """
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if get_origin(kind) is tuple:
        return [typed(part, choices[0]) for part in _parts(text)]
    if get_origin(kind) is not Literal and len(choices) < len(get_args(kind)):  # X | None
        return None if text in ("", "none") else typed(text, choices[0])
    value = _toml(text)
    if kind is str or get_origin(kind) is Literal:
        return value if text[:1] in ('"', "'") and isinstance(value, str) else text
    return value if isinstance(value, (bool, int, float)) else text


def _parts(text: str) -> list[str]:
    """The parts of a list, each as it is written."""
    inside = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    parts, quote = [""], ""
    for letter in inside:
        if letter == "," and not quote:
            parts.append("")
            continue
        if letter in "\"'":
            quote = "" if letter == quote else quote or letter if quote or not parts[-1].strip() else ""
        parts[-1] += letter
    parts = [part.strip() for part in parts]
    return parts if parts[-1] else parts[:-1]  # TOML allows a comma at the end


def _toml(text: str) -> Any:
    try:
        found = tomllib.loads(f"x = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return found["x"] if len(found) == 1 else None  # a value of several lines could hold more


def _type_of(section: type[BaseModel], name: str) -> Any:
    return section.model_fields[name].annotation


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
