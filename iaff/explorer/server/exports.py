"""What exports need the server for: the shell of a self-contained file."""

from typing import Any

from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import EmptyRequest
from iaff.explorer.standalone.page import shell as build_shell


def exports() -> list[Handler]:
    """``shell({}) -> {shell}``, see :func:`iaff.explorer.standalone.page.shell`."""

    @answering(EmptyRequest)
    def shell(_: EmptyRequest) -> dict[str, Any]:
        return {"shell": build_shell()}

    return [shell]
