"""What reverse proxies change, put right: the path before the app's own, and answers held back."""

from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page's address is what its browser sees; the server knows a part of that at most, and Gradio guesses the rest
# from headers that few proxies send. Set before Gradio's own scripts read it.
PAGE_SAYS_ROOT = b"""<script>{
  const root = new URL(".", location.href).href.replace(/\\/$/, "");
  let config;
  const set = (given) => { config = { ...given, root }; };
  Object.defineProperty(window, "gradio_config", { configurable: true, get: () => config, set });
}</script>"""


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
        if self.root and path == self.root:  # the page's own addresses are relative to the folder
            query = scope["query_string"].decode("latin-1")
            return await RedirectResponse(f"{self.root}/{query and '?' + query}")(scope, receive, send)
        if not path.startswith(self.root + "/"):
            path = self.root + path
        is_page = path == self.root + "/"
        answer = Answer(send, PAGE_SAYS_ROOT if is_page else b"")
        await self.app({**scope, "root_path": self.root, "path": path}, receive, answer.send)


class Answer:
    """Sends an answer on: HTML with a script at the head's begin, streams so that no proxy holds them back."""

    def __init__(self, send: Send, script: bytes):
        self.forward, self.script = send, script
        self.start: Message = {}
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            kind = headers.get(b"content-type", b"")
            if kind.startswith(b"text/event-stream"):
                message["headers"] = [*message["headers"], (b"x-accel-buffering", b"no")]
            if self.script and kind.startswith(b"text/html"):
                self.start = message  # its length is known with the body
                return
        if not self.start:
            return await self.forward(message)
        self.body += message.get("body", b"")
        if not message.get("more_body"):
            body = self.body.replace(b"<head>", b"<head>" + self.script, 1)
            headers = [(name, value) for name, value in self.start["headers"] if name != b"content-length"]
            self.start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
            await self.forward(self.start)
            await self.forward({**message, "body": body})
