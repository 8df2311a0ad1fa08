"""Where the page is served: ports, addresses, the browser, and proxies on both sides."""

import asyncio
import os
import socket
import sys
import webbrowser
from types import SimpleNamespace

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from iaff.cli.main import parser
from iaff.errors import UserError
from iaff.explorer import serve
from iaff.explorer.behind_proxy import BehindProxy

IPV6 = socket.has_ipv6 and os.path.exists("/proc/net/if_inet6")


def test_the_next_free_port_is_offered():
    """Not the next number, which is taken as well."""
    with socket.socket() as first, socket.socket() as second:
        while True:
            first.bind(("127.0.0.1", 0))
            first.listen()
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                second.listen()
                break
            except OSError:
                first.close()
                first.__init__()
        with pytest.raises(UserError, match=f"port {port} .*is free: --port ") as error:
            serve.free_port("127.0.0.1", port)
        offered = int(str(error.value).split("--port ")[1].split(".")[0])
        assert offered > port + 1
        assert serve.free_port("127.0.0.1", offered) == offered
    assert serve.free_port("127.0.0.1", 0) > 1023


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_here(host):
    with pytest.raises(UserError, match=r"Expected an address of this machine, such as --host 127\.0\.0\.1"):
        serve.free_port(host, 7860)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
    ],
)
def test_the_address_can_be_clicked(host, address):
    assert serve.clickable(host) == address


@pytest.mark.parametrize("said", ["abc", "-1", "70000", ""])
def test_no_port_number(said, monkeypatch, capsys):
    """On the command line or in the environment: one sentence, and an empty variable is none."""
    monkeypatch.setenv("GRADIO_SERVER_PORT", said)
    if not said:
        assert parser().parse_args(["explore"]).port == 7860
        return
    with pytest.raises(SystemExit):
        parser().parse_args(["explore"])
    assert f"(or GRADIO_SERVER_PORT) got '{said}', expected a number from 0" in capsys.readouterr().err
    assert parser().parse_args(["explore", "--port", "0"]).port == 0


# --- the browser ----------------------------------------------------------------------------------------------------


@pytest.fixture
def desktop(monkeypatch):
    """A person at a terminal on a Linux desktop."""
    for name in ("CI", "SPACE_ID", "SSH_CONNECTION", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(serve, "in_container", lambda: False)
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    return monkeypatch


def test_who_sees_a_browser_open(desktop):
    assert serve.has_display()
    for name in ("CI", "SPACE_ID"):
        with desktop.context() as inner:
            inner.setenv(name, "1")
            assert not serve.has_display(), name
    with desktop.context() as inner:
        inner.setattr(serve, "in_container", lambda: True)
        assert not serve.has_display()
    with desktop.context() as inner:
        inner.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: False))
        assert not serve.has_display()
    desktop.delenv("DISPLAY")
    assert not serve.has_display()
    desktop.setattr(sys, "platform", "darwin")
    assert serve.has_display()
    desktop.setenv("SSH_CONNECTION", "10.0.0.2 22 10.0.0.1 22")
    assert not serve.has_display()


@pytest.mark.parametrize(("name", "opens"), [("xdg-open", True), ("/usr/bin/w3m", False), ("www-browser", False)])
def test_a_browser_without_pictures_is_none(monkeypatch, name, opens):
    opened = []
    monkeypatch.setattr(webbrowser, "get", lambda: SimpleNamespace(name=name, open=opened.append))
    serve.open_browser("http://127.0.0.1:1")
    assert opened == ["http://127.0.0.1:1"] * opens


# --- proxies --------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch):
    """Without a proxy, and as it was afterwards."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for key in (name, name.upper()):
            monkeypatch.setenv(key, "")
    return monkeypatch


def test_what_the_user_has_in_no_proxy_stays(environment):
    environment.setenv("http_proxy", "http://127.0.0.1:3128")
    environment.setenv("no_proxy", "lab.example, 10.0.0.0/8")
    environment.setenv("NO_PROXY", "localhost,other.example")
    serve.bypass_proxies("192.0.2.7")
    expected = "lab.example,10.0.0.0/8,localhost,other.example,127.0.0.1,::1,192.0.2.7"
    assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == (expected, expected)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:notaport", "gopher://127.0.0.1:70", "http://["])
def test_a_proxy_that_cannot_be_used_is_not_asked(environment, proxy):
    environment.setenv("ALL_PROXY", proxy)
    serve.bypass_proxies()
    assert os.environ["no_proxy"] == "*"


@pytest.mark.parametrize(
    ("said", "root"),
    [
        ("", ""),
        ("/", ""),
        ("iaff", "/iaff"),
        ("/iaff/", "/iaff"),
        ("https://a.example/iaff/", "https://a.example/iaff"),
    ],
)
def test_root_paths(said, root):
    assert serve.tidy_root_path(said) == root


@pytest.mark.parametrize("said", ["ftp://a.example", "/ia ff", "/iaff?x=1"])
def test_no_root_path(said):
    with pytest.raises(UserError, match=r"--root-path \(or GRADIO_ROOT_PATH\): got "):
        serve.tidy_root_path(said)


def answered(app, path: str, root: str = "/iaff") -> tuple[dict, bytes, dict]:
    """Headers and body of the answer behind the middleware, and the scope that the app was given."""
    seen, sent = {}, []

    async def watched(scope, receive, send):
        seen.update(scope)
        await app(scope, receive, send)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(BehindProxy(watched, root)(scope, lambda: asyncio.sleep(9), send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return headers, b"".join(message.get("body", b"") for message in sent), seen


@pytest.mark.parametrize("root", ["/iaff", "https://a.example/iaff"])
@pytest.mark.parametrize("path", ["/config", "/iaff/config"])
def test_the_path_is_whole(path, root):
    _, _, scope = answered(PlainTextResponse("ok"), path, root)
    assert (scope["root_path"], scope["path"]) == ("/iaff", "/iaff/config")


def test_a_name_that_begins_alike_is_another():
    _, _, scope = answered(PlainTextResponse("ok"), "/iaffinity")
    assert scope["path"] == "/iaff/iaffinity"


def test_the_page_alone_is_told_its_address():
    page = HTMLResponse('<head><link href="/manifest.json"></head><script>const root = "http://a/b";</script>')
    headers, body, _ = answered(page, "/")
    assert b'href="./manifest.json"' in body
    assert b"http://a/b" not in body
    assert headers["content-length"] == str(len(body))
    assert answered(page, "/other")[1] == page.body


def test_no_proxy_holds_back_a_stream():
    async def stream():
        yield b"data: {}\n\n"

    headers, body, _ = answered(StreamingResponse(stream(), media_type="text/event-stream"), "/queue")
    assert headers["x-accel-buffering"] == "no"
    assert body == b"data: {}\n\n"
    assert "x-accel-buffering" not in answered(PlainTextResponse("ok"), "/queue")[0]
