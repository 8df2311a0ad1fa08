"""Names of classes: when two spellings are one name, which names are none, and how many there may be."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache

from iaff.errors import UserError
from iaff.grid import UNKNOWN

MOST_CLASSES = UNKNOWN - 1  # labels are 8 bit: 0 is the background, 255 void
BACKGROUND = ("background", "bg", "0")  # what other programs call label 0, with or without underscores around
NOTHING = ("nan", "none", "null", "n/a", "<na>")  # what programs write into a cell that is empty
UNSEEN = re.compile("[\ufe00-\ufe0f]")  # selectors of a character's variant


def tidy(text: str) -> str:
    """A name as it is meant to be seen: composed (NFC), without invisible characters, single spaces between words."""
    kept = (" " if c.isspace() or unicodedata.category(c) == "Zs" else c for c in UNSEEN.sub("", text))
    seen = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFC", " ".join(seen.split()))


@lru_cache(maxsize=10_000)
def fold(text: str) -> str:
    """What two spellings of one name have in common, whatever their case, Unicode form and invisible characters."""
    return tidy(unicodedata.normalize("NFKC", tidy(unicodedata.normalize("NFKC", text)).lower()))


def shown(text: str) -> str:
    """A spelling in quotes, so that it can be told from others: what cannot be seen is written as an escape."""
    return repr(text) if unicodedata.is_normalized("NFC", text) else ascii(text)


def near(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'cat'?`` where a known name is spelled much like this one, else nothing."""
    names = {fold(other): other for other in known}
    close = get_close_matches(fold(name), names, 1, 0.6)
    return f"; did you mean {names[close[0]]!r}?" if close else ""


def no_class(name: str) -> str:
    """Why a name is no class of objects, as the end of a sentence; empty where it is one."""
    folded = fold(name)
    if folded.strip("_") in BACKGROUND:
        return "which is the background's (label 0), and no tag: leave it out; every photo has a background"
    if folded in NOTHING:
        return "which programs write where there is none: leave the cell empty for a photo that shows no class"
    return ""


def check_classes(names: Sequence[str], where: str) -> None:
    """Whether these can be the classes of objects, background not among them.

    Args:
        where: what names them, as an error begins: a file, a setting.

    Raises:
        UserError: they are more than labels of 8 bit can tell apart, one is the background's, or one is named twice.
    """
    if len(names) > MOST_CLASSES:
        raise UserError(
            f"{where}: got {len(names)} classes, expected at most {MOST_CLASSES}, since labels are 8 bit (0 is the "
            f"background, {UNKNOWN} void). Name those that you need with data.classes, or merge some."
        )
    seen: dict[str, str] = {}
    for name in names:
        if reason := no_class(name):
            raise UserError(f"{where}: got the class {shown(name)}, {reason}.")
        other = seen.setdefault(fold(name), name)
        if other is not name:
            raise UserError(f"{where}: got the class {shown(other)} twice, as {shown(name)} too. Name each once.")
