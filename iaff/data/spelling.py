"""Names of known classes in the spellings of other programs."""

import re
import unicodedata
from collections.abc import Iterable


def letters(name: str) -> str:
    """What spellings of a name have in common, since programs differ in case, spaces and dashes: ``TV monitor`` and
    ``tv-monitor`` are ``tvmonitor``."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).lower())


def by_letters(names: Iterable[str]) -> dict[str, str]:
    """Names by their :func:`letters`."""
    return {letters(name): name for name in names}
