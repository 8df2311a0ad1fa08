"""Computations that answer a question on the spot: one at a time, in a thread of their own, askers in turn.

They wait without a thread, so that small questions always find one. In one thread, since each thread that uses torch
gets workers and memory of its own.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

from iaff.explorer.server.askers import Asker, Turns, asker
from iaff.explorer.server.full import Full
from iaff.explorer.server.memory import give_back

PATIENCE = 30  # s that a question waits for its turn; the first one waits for PyTorch


@dataclass(eq=False)
class Question:
    """A computation that waits for its turn."""

    who: Asker
    work: Callable[[], Any]
    answer: Future = field(default_factory=Future)


def in_turn(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A server function whose answers are computed in a lane of its own."""
    lane = Lane(answer.__name__, most=64, of_address=24)  # the page asks for each round of a run at once

    @wraps(answer)
    async def waiting(request: Any) -> Any:
        try:
            return await lane.ask(lambda: answer(request), asker())
        except Full as error:
            return {"ok": False, "full": True, "error": str(error)}

    return waiting


class Lane:
    """The line and its worker, which begins with the first question."""

    def __init__(self, name: str, most: int, of_address: int):
        """``most`` questions wait at most, of one address ``of_address``."""
        self.name, self.most, self.of_address = name, most, of_address
        self.waiting: list[Question] = []
        self.turns = Turns()
        self.change = threading.Condition()
        self.worker: threading.Thread | None = None

    async def ask(self, work: Callable[[], Any], who: Asker, patience: float = PATIENCE) -> Any:
        """What ``work`` returns, or raises.

        Raises:
            Full: too many others wait, or they took too long.
        """
        question = Question(who, partial(copy_context().run, work))
        self._join(question)
        answer = asyncio.wrap_future(question.answer)
        try:
            await asyncio.wait([answer], timeout=patience)
            if not answer.done() and self._leave(question):
                raise Full("The server computes for others; try again in a moment.")
            return await answer
        except asyncio.CancelledError:  # nobody waits for it any more
            self._leave(question)
            raise

    def _join(self, question: Question) -> None:
        with self.change:
            of_address = sum(other.who.address == question.who.address for other in self.waiting)
            if len(self.waiting) >= self.most or of_address >= self.of_address:
                raise Full(f"{len(self.waiting)} questions wait for the server already; try again in a moment.")
            self.waiting.append(question)
            if self.worker is None:
                self.worker = threading.Thread(target=self._serve, daemon=True, name=self.name)
                self.worker.start()
            self.change.notify()

    def _leave(self, question: Question) -> bool:
        """Whether it still waited."""
        with self.change:
            waits = question in self.waiting
            if waits:
                self.waiting.remove(question)
            return waits

    def _next(self) -> Question:
        with self.change:
            while not self.waiting:
                self.change.wait()
            question = self.turns.order(self.waiting, lambda other: other.who)[0]
            self.waiting.remove(question)
            self.turns.serve(question.who)
            return question

    def _serve(self) -> None:
        while True:
            question = self._next()
            if not question.answer.set_running_or_notify_cancel():
                continue
            try:
                question.answer.set_result(question.work())
            except BaseException as error:
                question.answer.set_exception(error)
            del question  # and what it holds
            give_back()
