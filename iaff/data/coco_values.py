"""Values of COCO's tables, which other programs write in other types."""

import re
from typing import Any, TypeGuard

Id = int | str


def as_id(value: Any) -> Id | None:
    """An id, a whole number also where it is written as text; None where it is none."""
    if type(value) is int:
        return value
    if isinstance(value, str) and (text := value.strip()):
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
    return int(value) if isinstance(value, float) and value.is_integer() else None


def is_name(value: Any) -> TypeGuard[str]:
    """Whether it is text that can be the name of something: not blank, and without half characters and zeros."""
    return isinstance(value, str) and bool(value.strip()) and not re.search("[\0\ud800-\udfff]", value)


def named(annotation: dict[str, Any], position: int) -> str:
    """What errors call an annotation."""
    id = as_id(annotation.get("id"))
    return f"annotations[{position}]" if id is None else f"annotation {short(id)}"


def short(value: Any) -> str:
    """A value as it is written, of any length."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) < 80 else f"{text[:76]} ..."
