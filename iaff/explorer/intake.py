"""What comes in, bounded: ASGI middleware in front of every route, which no request's body passes uncounted.

Uploads are written to files as they come (:mod:`iaff.explorer.upload_route`). Every other body is small, and is read
before its route sees anything of it, so that what is too large, too slow or too much is refused in one place.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iaff.explorer.bodies import Answer, Gone, Incoming, Refused, answer_json, check_length, chunks_of, refuse
from iaff.explorer.doors import Doors
from iaff.explorer.server.client_files import ClientFiles
from iaff.explorer.upload_route import LARGEST_UPLOAD, OVERHEAD, UploadRoute

API = "/gradio_api"
LARGEST_QUESTION = 16_000_000  # bytes: a photo and a map for another propagator, in base64; an agent's photo
LARGEST_BODY = 256_000  # of all other requests
SERVER_FUNCTIONS = f"{API}/component_server"
QUESTIONS = (SERVER_FUNCTIONS, f"{API}/mcp")
FORMS = ("/login",)  # the only other place for a form: what parses one writes to files of its own
SMALL = 64_000  # bytes that are taken whatever else is on its way
MOST_AT_ONCE = 384_000_000  # bytes of bodies and answers that are on their way
MOST_OF_ADDRESS = 192_000_000
AT_ONCE = 4  # bodies of an address that are not small; others of it wait
MOST_WAITING = 100  # of them
PATIENCE = 30  # s that they wait
BUSY = "The server is busy; try again in a moment."


class Intake:
    """The middleware; ``files`` is where uploads go."""

    def __init__(self, app: ASGIApp, files: ClientFiles):
        self.app = app
        self.upload = UploadRoute(files)
        self.doors = Doors(AT_ONCE, MOST_WAITING, PATIENCE)
        self.held: Counter[str] = Counter()  # bytes of each address that are on their way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        answer, receive = Answer(send), Incoming(receive)
        try:
            await self._pass(scope, path, receive, answer)
        except Refused as error:
            if path.startswith(SERVER_FUNCTIONS) and error.status == 503:
                # of a server function the page hears no status
                await answer_json(200, {"ok": False, "full": True, "error": str(error)}, send)
            else:
                await refuse(error, receive, send)
        except Gone:
            pass

    async def _pass(self, scope: Scope, path: str, receive: Receive, answer: Answer) -> None:
        headers, address = Headers(scope=scope), (scope.get("client") or ("",))[0]
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return await self.app(scope, receive, answer.send)
        if path == f"{API}/upload" and scope["method"] == "POST":
            check_length(headers, LARGEST_UPLOAD + OVERHEAD)
            return await self.upload(address, headers, chunks_of(receive, LARGEST_UPLOAD + OVERHEAD), answer.send)
        if headers.get("content-type", "").lower().startswith("multipart/") and path not in FORMS:
            raise Refused(415, f"Got a form for {path[:60]}, expected JSON; files go to {API}/upload.")
        most = LARGEST_QUESTION if path.startswith(QUESTIONS) else LARGEST_BODY
        check_length(headers, most)
        is_small = headers.get("content-length", "").isdecimal() and int(headers["content-length"]) <= SMALL
        door = nullcontext() if is_small else self.doors.through(address)
        async with door:
            with self._holding(address) as hold:
                body = replay(b"".join([chunk async for chunk in held(chunks_of(receive, most), hold)]), receive)
                answer.count = lambda size: hold(size, True)
                await self.app(scope, body, answer.send)

    @contextmanager
    def _holding(self, address: str) -> Iterator[Callable[[int, bool], None]]:
        """Counts bytes of an address until its request is answered; ``hold(size, must)`` adds some."""
        own = 0

        def hold(size: int, must: bool) -> None:
            nonlocal own
            if not must and (self.held[address] + size > MOST_OF_ADDRESS or self.held.total() + size > MOST_AT_ONCE):
                raise Refused(503, BUSY)
            own += size
            self.held[address] += size

        if self.held[address] > MOST_OF_ADDRESS:  # of answers: they are not read
            raise Refused(503, BUSY)
        try:
            yield hold
        finally:
            self.held[address] -= own
            if not self.held[address]:
                del self.held[address]


async def held(chunks, hold: Callable[[int, bool], None]):
    """The parts of a body, each counted."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        hold(len(chunk), size <= SMALL)
        yield chunk


def replay(body: bytes, receive: Receive) -> Receive:
    """A body that was read, as an app receives it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
