"""Lets a few large bodies of each address in at a time; the others wait outside, where they take no memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from iaff.explorer.bodies import Refused

BUSY = "The server is busy with others that you sent; try again in a minute."


class Doors:
    """One door for each address."""

    def __init__(self, at_once: int, most_waiting: int, patience: float):
        """``at_once`` of an address are inside, so many more wait, for ``patience`` seconds at most."""
        self.at_once, self.most_waiting, self.patience = at_once, most_waiting, patience
        self.doors: dict[str, asyncio.Semaphore] = {}
        self.guests: Counter[str] = Counter()

    @asynccontextmanager
    async def through(self, address: str) -> AsyncIterator[None]:
        """Inside, once there is room.

        Raises:
            Refused: there was none in time, or too many wait already.
        """
        if self.guests[address] >= self.at_once + self.most_waiting:
            raise Refused(503, BUSY)
        door = self.doors.setdefault(address, asyncio.Semaphore(self.at_once))
        self.guests[address] += 1
        try:
            try:
                await asyncio.wait_for(door.acquire(), self.patience)
            except TimeoutError:
                raise Refused(503, BUSY) from None
            try:
                yield
            finally:
                door.release()
        finally:
            self.guests[address] -= 1
            if not self.guests[address]:
                del self.guests[address], self.doors[address]
