"""What exports need the server for: the shell of a self-contained file."""

from typing import Any

from iaff.explorer.handlers import Handler, answering
from iaff.explorer.standalone import shell as build_shell


def exports() -> list[Handler]:
    """``shell({}) -> {shell}``, see :func:`iaff.explorer.standalone.shell`."""

    @answering
    def shell(_: dict) -> dict[str, Any]:
        return {"shell": build_shell()}

    return [shell]
