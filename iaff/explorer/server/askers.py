"""Who asks, and whose turn it is: addresses take turns, and the pages of one address among themselves."""

import sys
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from starlette.requests import HTTPConnection

REMEMBERED = 1000  # addresses and pages
Item = TypeVar("Item")


class Asker(NamedTuple):
    """A page or program, as far as the server can tell: it is told apart to be fair, never to trust it."""

    address: str = ""  # of the network, as the nearest trusted proxy says it
    page: str = ""  # what Gradio's clients call their session


def asker() -> Asker:
    """Who asks the question that is being answered in this thread or task."""
    context = sys.modules.get("gradio.context")
    request = context.LocalContext.request.get() if context else None
    if request is None:
        return Asker()
    if isinstance(request, HTTPConnection):  # of a server function, which has the page in its body, read by now
        body = getattr(request, "_json", None)
        page = body.get("session_hash") if isinstance(body, dict) else None
    else:  # Gradio's own wrapper, of an endpoint
        page, request = request.session_hash, request.request
    client = request.client if request else None
    return Asker(client.host if client else "", str(page or "")[:80])


class Turns:
    """Remembers who was served when, and says who comes next."""

    def __init__(self):
        self.served: dict[str | Asker, None] = {}  # addresses and askers, the last one served comes last

    def serve(self, who: Asker) -> None:
        """This asker has its turn now."""
        for key in (who.address, who):
            self.served.pop(key, None)
            self.served[key] = None
        while len(self.served) > REMEMBERED:
            del self.served[next(iter(self.served))]

    def order(self, items: Iterable[Item], of: Callable[[Item], Asker]) -> list[Item]:
        """Items, in order of arrival, as they will be served if no others come; ``of`` says whose an item is."""
        rank = {key: i for i, key in enumerate(self.served)}
        addresses: dict[str, dict[Asker, list[Item]]] = {}
        for item in items:
            who = of(item)
            addresses.setdefault(who.address, {}).setdefault(who, []).append(item)
        lines = []
        for address in sorted(addresses, key=lambda address: rank.get(address, -1)):
            pages = addresses[address]
            lines.append(_in_turn([pages[page] for page in sorted(pages, key=lambda page: rank.get(page, -1))]))
        return _in_turn(lines)


def _in_turn(lines: list[list[Item]]) -> list[Item]:
    """The first of each line, then the second of each, and so on."""
    none = object()
    return [item for row in zip_longest(*lines, fillvalue=none) for item in row if item is not none]  # type: ignore
