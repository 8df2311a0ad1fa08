"""Requests that are refused: of names and pages of others, without the password, and to addresses that nobody needs.

All are pure ASGI middleware, so that nothing of Gradio is asked before they have let a request through.
"""

import base64
import os
import re
import secrets
import sys
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iaff.explorer.web.access import Access, answers_all, host_name, is_loopback, own_names

STARTED = "/gradio_api/startup-events"  # Gradio asks itself, without a password; it says that it has started
UPLOADED = "/gradio_api/file="
# All that the page, gradio_client, MCP and plain HTTP use (docs/programs.md). Gradio has some sixty more addresses,
# among them such that fetch what others name.
READ = re.compile(
    r"/|/(config|theme\.css|manifest\.json|favicon\.ico|robots\.txt)/?"
    r"|/(assets|static|scripts|plotly|traces)/.+"
    r"|/gradio_api/(info|startup-events|queue/data|mcp|call/[a-z]+/\w+)/?"
    r"|/gradio_api/file=.+",
    re.DOTALL,
)
CHANGE = re.compile(r"/gradio_api/(component_server|upload|queue/join|cancel|mcp|(run|call)/[a-z]+)/?")
END = re.compile(r"/gradio_api/mcp/?")  # a session
ADDRESSES = {"GET": READ, "HEAD": READ, "POST": CHANGE, "DELETE": END}


def refusal(status: int, sentence: str, **headers: str) -> JSONResponse:
    """An answer in Gradio's form of errors."""
    return JSONResponse({"error": sentence, "detail": sentence}, status, headers)


class OwnPages:
    """Refuses what pages of others ask, by the names and origins that browsers send along.

    A page elsewhere can let its own name point to this machine, or send a form or a script's request here. Programs
    send no origin, and are not meant.
    """

    def __init__(self, app: ASGIApp, access: Access, host: str, root_path: str = ""):
        self.app = app
        self.any_name = answers_all(access, host)
        self.names = own_names(access, host, root_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing here has any
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if (name := self.strange_name(headers)) is not None:
                sentence = (
                    f"Got a request for {name[:100]!r}, expected one of the names of this server, such as 127.0.0.1. "
                    "If it is one, start the explorer with --allow-host and that name."
                )
                return await refusal(421, sentence)(scope, receive, send)
            if (page := self.strange_page(scope["method"], headers)) is not None:
                sentence = (
                    f"Got a request from a page of {page[:100]}, expected one of the explorer's own. Open the "
                    "explorer itself; behind a proxy of another name, start it with --allow-host and that name."
                )
                return await refusal(403, sentence)(scope, receive, send)
        await self.app(scope, receive, send)

    def strange_name(self, headers: Headers) -> str | None:
        """A name in the request's Host that is not this server's."""
        for authority in headers.getlist("host"):
            if not (self.any_name or self.is_own(host_name(authority))):
                return authority
        return None

    def strange_page(self, method: str, headers: Headers) -> str | None:
        """The origin of a page that is not this server's. Links from elsewhere may be followed."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site in ("same-origin", "none"):  # the browser knows, whatever names proxies have on the way
            return None
        if site:
            follows = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
            return None if follows else origin or "another site"
        if origin is None or self.is_own_origin(origin, headers):
            return None
        return origin

    def is_own_origin(self, origin: str, headers: Headers) -> bool:
        """Whether an origin is that of the address that was asked, here or at the proxy before."""
        authority = _short(origin.partition("://")[2])
        hosts = [*headers.getlist("host"), *headers.get("x-forwarded-host", "").split(",")]
        return bool(authority) and (authority in map(_short, hosts) or host_name(authority) in self.names)

    def is_own(self, name: str) -> bool:
        return is_loopback(name) or name in self.names


def _short(authority: str) -> str:
    """Without the port that its scheme has anyway; a proxy may have taken TLS away."""
    return re.sub(r":(80|443)$", "", authority.strip().lower())


class Password:
    """Asks for user and password by HTTP Basic, for every address alike: of Gradio, of the scripts, of MCP."""

    def __init__(self, app: ASGIApp, login: tuple[str, str] | None):
        self.app = app
        self.expected = login and ":".join(login).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.expected and scope["type"] == "http" and not self.knows(scope):
            sentence = "Got no user and password, or wrong ones; expected those that the explorer was started with."
            ask = {"WWW-Authenticate": 'Basic realm="iaff", charset="UTF-8"'}
            return await refusal(401, sentence, **ask)(scope, receive, send)
        await self.app(scope, receive, send)

    def knows(self, scope: Scope) -> bool:
        if scope["path"] == scope.get("root_path", "") + STARTED:
            return True
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        try:
            said = base64.b64decode(given.strip(), validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(said, self.expected or b"")


class KnownAddresses:
    """Answers those addresses alone that something here uses, and of files those alone that were uploaded or are an
    answer's."""

    def __init__(self, app: ASGIApp, uploads: Path):
        self.app, self.uploads = app, uploads.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.is_known(scope):
            sentence = "Got an address that is not answered here; expected one of the page's or of docs/programs.md."
            return await refusal(404, sentence)(scope, receive, send)
        await self.app(scope, receive, send)

    def is_known(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        addresses = ADDRESSES.get(scope["method"])
        if not (addresses and addresses.fullmatch(path)) or _asks_for_state(scope["query_string"]):
            return False
        return not path.startswith(UPLOADED) or self.is_upload(path.removeprefix(UPLOADED))

    def is_upload(self, path: str) -> bool:
        try:
            file = Path(path).resolve()
            return file.is_relative_to(self.uploads) and file.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, a zero byte, links in a circle
            return False


def _asks_for_state(query: bytes) -> bool:
    """Whether a query names a state of a page that Gradio would read from a file."""
    try:
        return "deep_link" in parse_qs(query.decode("latin-1"), keep_blank_values=True)
    except ValueError:  # a thousand keys
        return True


class Failures:
    """What no request should do, and one did: a sentence for the client, a line for the log."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except ClientDisconnect:
            pass
        except Exception as error:
            if os.environ.get("IAFF_DEBUG"):
                raise
            said = f"{scope['method']} {scope['path'][:100]} failed: {type(error).__name__}: {str(error)[:200]}"
            print(f"iaff: {ascii(said)[1:-1]}", file=sys.stderr, flush=True)  # one line, and no terminal's commands
            if not started:
                sentence = (
                    "The request could not be answered: it is not what the page or gradio_client send, or the server "
                    "lacks something, which its log names. Reload the page, or correct the request."
                )
                await refusal(500, sentence)(scope, receive, send)


class NoOtherOrigins:
    """Stands in for Gradio's middleware that lets pages of other origins read answers: none may."""

    def __init__(self, app: ASGIApp, **_: object):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
