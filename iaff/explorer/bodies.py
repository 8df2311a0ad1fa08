"""Bodies of requests and answers as they stream: counted, and not waited for for ever."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import orjson
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Send

SILENCE = 20  # s without a byte after which a body counts as abandoned
SLOWEST = 4_000  # bytes/s, on the whole: 50 MB in three and a half hours
REST = 30  # s in which a client that was refused may send the rest
LARGE = 256_000  # bytes of an answer's part, above which its reader must keep pace too


class Refused(Exception):
    """A request that is answered before any route sees it, with a status and a sentence."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


class Gone(Exception):
    """The client has hung up, or does not read what it asked for."""


def check_length(headers: Headers, most: int) -> None:
    """Raises Refused where a body says that it is larger than that; a wrong number is left to the server."""
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise too_large(int(said), most)


def too_large(size: int, largest: int) -> Refused:
    """What is said of a body of so many bytes, or more."""
    got, most = megabytes(size), megabytes(largest)
    return Refused(413, f"Got {got} or more, expected at most {most}. Save it smaller, then try again.")


def megabytes(size: int) -> str:
    """A number of bytes as a person reads it."""
    return f"{size / 1e6:,.0f} MB" if size >= 2e6 else f"{size:,} bytes"


class Incoming:
    """A request's body as it is received; ``more`` says whether some of it is still to come."""

    def __init__(self, receive: Receive):
        self.receive, self.more = receive, True

    async def __call__(self) -> Message:
        message = await self.receive()
        self.more = message["type"] == "http.request" and message.get("more_body", False)
        return message


async def chunks_of(receive: Receive, most: int) -> AsyncIterator[bytes]:
    """The parts of a request's body.

    Raises:
        Refused: it is larger than ``most``, or comes too slowly.
        Gone: the client has hung up.
    """
    start, got = time.monotonic(), 0
    while True:
        try:
            message = await asyncio.wait_for(receive(), SILENCE)
        except TimeoutError:
            raise _too_slow(got) from None
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        got += len(chunk)
        if got > most:
            raise too_large(got, most)
        if got < (time.monotonic() - start - SILENCE) * SLOWEST:
            raise _too_slow(got)
        if chunk:
            yield chunk
        if not message.get("more_body"):
            return


def _too_slow(got: int) -> Refused:
    return Refused(
        408, f"Got {got:,} bytes too slowly, expected {SLOWEST:,} a second or more. Try again over a better connection."
    )


class Answer:
    """Sends an answer on; ``count`` is told the size of its parts. A reader that takes no large part is given up.

    Raises:
        Gone: from ``send``, then.
    """

    def __init__(self, send: Send, count: Callable[[int], None] | None = None):
        self.forward, self.count = send, count
        self.started = False

    async def send(self, message: Message) -> None:
        self.started = True
        size = len(message.get("body", b""))
        if size <= LARGE:
            return await self.forward(message)
        if self.count:
            self.count(size)
        try:
            await asyncio.wait_for(self.forward(message), SILENCE + size / SLOWEST)
        except TimeoutError:
            raise Gone from None


async def answer_json(status: int, value: object, send: Send) -> None:
    """A whole answer."""
    body = orjson.dumps(value)
    await send(_start(status, b"application/json", body))
    await send({"type": "http.response.body", "body": body})


async def refuse(error: Refused, body: Incoming, send: Send) -> None:
    """Answers with the sentence, at once, then lets the client send the rest for a while: most clients read no answer
    before all is sent, and would find the connection closed. One that was too slow is not waited for."""
    text = str(error).encode()
    await send(_start(error.status, b"text/plain; charset=utf-8", text))
    await send({"type": "http.response.body", "body": text, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(REST):
            while body.more and error.status != 408:
                await body()
    await send({"type": "http.response.body", "body": b""})


def _start(status: int, kind: bytes, body: bytes) -> Message:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    return {"type": "http.response.start", "status": status, "headers": headers}
