"""What browsers let the page do: its Content-Security-Policy, and what else headers say.

Scripts run only where they come from this server as files, or stand in the page as Python wrote it: each inline script
is named by its hash. So what later becomes HTML by mistake, a title with a tag in it, runs nothing.

``'unsafe-eval'`` is Gradio's need: its HTML component makes functions of the template and of ``js_on_load``, which are
constants of ``iaff/explorer/components.py``.
"""

import base64
import hashlib
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE = re.compile(rb"<script(?![^>]*\s(?:src|type=.application/json))[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
PAGE = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",  # Gradio's, Plotly's and our own attributes
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
FILE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # of what is opened by itself: a picture, an upload


def hashes(page: bytes) -> str:
    """The inline scripts of a page, as ``script-src`` names them."""
    found = dict.fromkeys(hashlib.sha256(script).digest() for script in INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in found)


def page_policy(page: bytes, frames: tuple[str, ...]) -> str:
    """The policy of a page that those origins may show in a frame, and its own."""
    parts = {**PAGE, "script-src": f"{PAGE['script-src']} {hashes(page)}".strip(), "frame-ancestors": ancestors(frames)}
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def ancestors(frames: tuple[str, ...]) -> str:
    """The value of ``frame-ancestors``."""
    return "*" if "*" in frames else " ".join(("'self'", *frames))


class Policy:
    """ASGI middleware that adds these headers to every answer."""

    def __init__(self, app: ASGIApp, frames: tuple[str, ...] = ()):
        self.app, self.frames = app, frames
        self.always = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
        if not frames:  # it knows no list of origins
            self.always.append((b"x-frame-options", b"SAMEORIGIN"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start: Message = {}
        body = b""

        async def send_on(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                message = {**message, "headers": [*message["headers"], *self.always]}
                if kind.startswith(b"text/html"):
                    start = message  # its policy is known with its body
                    return
                if b"javascript" not in kind:  # a worker would take its script's policy as its own
                    message["headers"].append((b"content-security-policy", FILE.encode()))
            elif start:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                policy = page_policy(body, self.frames).encode()
                await send({**start, "headers": [*start["headers"], (b"content-security-policy", policy)]})
                message = {**message, "body": body}
            await send(message)

        await self.app(scope, receive, send_on)
