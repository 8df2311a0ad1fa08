"""Who may use the server: under which names, from which pages, in whose frames, and with which password."""

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from iaff.errors import UserError

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")  # or an IPv6 address
FRAME = re.compile(r"\*|https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")
SPACES = "https://huggingface.co"  # which shows a Space in a frame


@dataclass(frozen=True)
class Access:
    """What a user allows beyond the start: nothing, by default.

    ``names``: further names of this server, as a reverse proxy passes them on; ``frames``: origins whose pages may show
    the explorer in a frame, ``*`` for all; ``login``: user and password, without which nothing is answered.
    """

    names: frozenset[str] = frozenset()
    frames: tuple[str, ...] = ()
    login: tuple[str, str] | None = None


OWN_ALONE = Access()


def access_of(names: Iterable[str], frames: Iterable[str], login: str | None) -> Access:
    """The access that ``--allow-host``, ``--embed`` and ``--auth`` (or IAFF_AUTH) ask for.

    Raises:
        UserError: one of them is not what it should be.
    """
    return Access(
        frozenset(map(_name, names)), tuple(map(_frame, frames)), _login(login or os.environ.get("IAFF_AUTH"))
    )


def _name(text: str) -> str:
    name = text.strip().strip("[]").lower()
    if not HOST_NAME.fullmatch(name):
        raise UserError(
            f"--allow-host: got {text!r}, expected a name without scheme, port or path, as the browser's address line "
            "has it: lab.example."
        )
    return name


def _frame(text: str) -> str:
    if not FRAME.fullmatch(text):
        raise UserError(
            f"--embed: got {text!r}, expected the origin of a page that shows the explorer in a frame, such as "
            "https://course.example, or * for all pages; give that."
        )
    return text


def _login(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise UserError(
            "--auth (or IAFF_AUTH): got a text without a user or a password, expected both with a colon between them: "
            "USER:PASSWORD."
        )
    return user, password


# --- what a server makes of it --------------------------------------------------------------------------------------


def own_names(access: Access, host: str, root_path: str) -> frozenset[str]:
    """The names that a user gave this server, or that a Space has; those of this machine alone are known without."""
    given = [host, urlsplit(root_path).hostname or "", os.environ.get("SPACE_HOST", "")]
    return access.names | {name.lower() for name in given if name and not is_loopback(name.lower())}


def answers_all(access: Access, host: str) -> bool:
    """Whether any name is answered: others than this machine reach the server, and by which name is not known.

    On a loopback address every other name belongs to a page of someone else, who lets its name point here.
    """
    return not (is_loopback(host) or access.names)


def frames_of(access: Access) -> tuple[str, ...]:
    """Whose pages may show this one in a frame, beside its own."""
    return (*access.frames, *((SPACES,) if os.environ.get("SPACE_ID") else ()))


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's alone; nobody else can own ``localhost`` or names below it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(authority: str) -> str:
    """The name in ``NAME:PORT``, lower case; empty where there is none."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""
