"""JSON from anywhere, read so that every reader reads the same: Python, the browser, and what is written from it."""

import json
from typing import Any

DEEPEST = 100  # objects and lists in each other
LARGEST = 2**53  # beyond it, browsers no longer tell whole numbers apart


def parse_json(text: str | bytes, finite: bool = True) -> Any:
    """The value that JSON text (of bytes: UTF-8, with or without a byte order mark) describes.

    Args:
        finite: whether numbers that are not finite, which Python writes and browsers refuse, are errors.

    Raises:
        ValueError: it is no JSON, or JSON that readers differ about or stumble over: one key twice, numbers that are
            not finite or beyond 2^53, half a character, more than 100 levels.
    """
    try:
        value = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text, object_pairs_hook=_object)
    except RecursionError:
        raise _too_deep() from None
    _check(value, 0, finite)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)[:40]!r} is there twice")
    return found


def _check(value: Any, depth: int, finite: bool) -> None:
    if depth > DEEPEST:
        raise _too_deep()
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"half a character in the text {value[:40]!r}") from None
    elif isinstance(value, int | float) and not abs(value) <= LARGEST and (finite or isinstance(value, int)):  # nor NaN
        raise ValueError("a number that is not finite, or beyond 2^53")
    elif isinstance(value, list):
        for one in value:
            _check(one, depth + 1, finite)
    elif isinstance(value, dict):
        for key, one in value.items():
            _check(key, depth + 1, finite)
            _check(one, depth + 1, finite)


def _too_deep() -> ValueError:
    return ValueError(f"nested in more than {DEEPEST} levels")
