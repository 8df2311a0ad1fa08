"""What reverse proxies change, put right: the path before the app's own, and answers held back."""

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page's address is what its browser sees; the server knows a part of that at most, and Gradio guesses the rest
# from headers that few proxies send. Set before Gradio's own scripts read it. Without a slash at the end, all that is
# relative to the page would be beside it instead of below.
PAGE_SAYS_ROOT = b"""<link rel="icon" href="./favicon.ico"><script>{
  const { pathname, search, hash } = location;
  if (!pathname.endsWith("/")) location.replace(pathname + "/" + search + hash);
  const root = new URL(".", location.href).href.replace(/\\/$/, "");
  let config;
  const set = (given) => { config = { ...given, root }; };
  Object.defineProperty(window, "gradio_config", { configurable: true, get: () => config, set });
}</script>"""
# What else in Gradio's page has the guess in it, or is not relative to the page.
RELATIVE = {
    re.compile(rb"<head>"): b"<head>" + PAGE_SAYS_ROOT,
    re.compile(rb'const root = "[^"]*"'): b"const root = window.gradio_config.root",
    re.compile(rb'href="/manifest.json"'): b'href="./manifest.json" crossorigin="use-credentials"',  # with the password
}


class BehindProxy:
    """ASGI middleware for an app whose page is served below ``root_path``, with or without it in what is asked for.

    A proxy may hand on ``/iaff/config`` or ``/config``; by the ASGI specification ``path`` contains ``root_path``, and
    only then every route of the app is found: so the first is made of the second.
    """

    def __init__(self, app: ASGIApp, root_path: str = ""):
        self.app = app
        self.root = urlsplit(root_path).path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        if path == self.root:
            path += "/"
        elif not path.startswith(self.root + "/"):
            path = self.root + path
        is_page = path == self.root + "/"
        answer = Answer(send, is_page)
        await self.app({**scope, "root_path": self.root, "path": path}, receive, answer.send)


class Answer:
    """Sends an answer on: the page with its own address, streams so that no proxy holds them back."""

    def __init__(self, send: Send, is_page: bool):
        self.forward, self.is_page = send, is_page
        self.start: Message = {}
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(b"text/event-stream"):
                message = {**message, "headers": [*message["headers"], (b"x-accel-buffering", b"no")]}
            if self.is_page and kind.startswith(b"text/html"):
                self.start = message  # its length is known with the body
                return
        if not self.start:
            return await self.forward(message)
        self.body += message.get("body", b"")
        if not message.get("more_body"):
            body = self.body
            for found, better in RELATIVE.items():
                body = found.sub(lambda _, better=better: better, body, count=1)
            headers = [(name, value) for name, value in self.start["headers"] if name != b"content-length"]
            await self.forward({**self.start, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
            await self.forward({**message, "body": body})
