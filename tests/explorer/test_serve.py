"""Where the page is served: ports, addresses, the browser, and proxies on both sides."""

import contextlib
import os
import socket
import webbrowser
from types import SimpleNamespace

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.testclient import TestClient

from iaff.cli.main import parser
from iaff.errors import UserError
from iaff.explorer import serve
from iaff.explorer.behind_proxy import BehindProxy


def test_the_next_free_port_is_offered():
    """Not the next number, which is taken as well."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]
        with contextlib.suppress(OSError):  # taken by another, which is as good
            second.bind(("127.0.0.1", port + 1))
            second.listen()
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


# --- the start ------------------------------------------------------------------------------------------------------


class Demo:
    def block_thread(self):
        pass


def test_the_address_is_said_and_opened_once_it_is_served(monkeypatch, capsys):
    happened = []
    monkeypatch.setattr(serve, "launch", lambda *_, **__: happened.append(capsys.readouterr().out))
    monkeypatch.setattr(serve, "has_display", lambda: True)
    monkeypatch.setattr(serve, "open_browser", lambda address: happened.append(capsys.readouterr().out + address))
    serve.serve(Demo(), "::1", 7860)
    where = "http://[::1]:7860"
    assert happened == ["", f"iaff explorer: {where}  (Ctrl+C stops it)\n{where}"]
    serve.serve(Demo(), "::1", 7860, open_page=False)
    assert len(happened) == 3


@pytest.mark.parametrize("error", [OSError("no\nport"), RuntimeError("no\nport"), ImportError("no\nport")])
def test_a_start_that_fails_is_one_sentence(monkeypatch, capsys, error):
    def launch(*_, **__):
        raise error

    monkeypatch.setattr(serve, "launch", launch)
    monkeypatch.delenv("IAFF_DEBUG", raising=False)
    with pytest.raises(UserError) as said:
        serve.serve(Demo(), "127.0.0.1", 7860)
    assert f"could not start: got {type(error).__name__}: no port. Expected http://127.0.0.1:7860" in str(said.value)
    assert not capsys.readouterr().out
    monkeypatch.setenv("IAFF_DEBUG", "1")
    with pytest.raises(type(error)):
        serve.serve(Demo(), "127.0.0.1", 7860)


# --- the browser ----------------------------------------------------------------------------------------------------


@pytest.fixture
def desktop(monkeypatch):
    """A person at a terminal on a Linux desktop."""
    for name in ("CI", "SPACE_ID", "SSH_CONNECTION", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(serve, "sys", SimpleNamespace(platform="linux", stdout=terminal))
    monkeypatch.setattr(serve, "in_container", lambda: False)
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
        inner.setattr(serve.sys.stdout, "isatty", lambda: False)
        assert not serve.has_display()
    desktop.delenv("DISPLAY")
    assert not serve.has_display()
    desktop.setattr(serve.sys, "platform", "darwin")
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
            monkeypatch.setenv(key, "")  # so that what the code sets is undone
            monkeypatch.delenv(key)
    return monkeypatch


def test_what_the_user_has_in_no_proxy_stays(environment):
    environment.setenv("http_proxy", "http://127.0.0.1:3128")
    environment.setenv("no_proxy", "lab.example, 10.0.0.0/8")
    environment.setenv("NO_PROXY", "localhost,other.example")
    serve.bypass_proxies("192.0.2.7")
    expected = "lab.example,10.0.0.0/8,localhost,other.example,127.0.0.1,::1,192.0.2.7"
    assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == (expected, expected)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:notaport", "gopher://127.0.0.1:70"])
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


def answered(app, path: str, root: str = "/iaff"):
    """The answer behind the middleware, and the scope that the app was given."""
    seen = {}

    async def watched(scope, receive, send):
        seen.update(scope)
        await app(scope, receive, send)

    return TestClient(BehindProxy(watched, root)).get(path), seen


@pytest.mark.parametrize("root", ["/iaff", "https://a.example/iaff"])
@pytest.mark.parametrize("path", ["/config", "/iaff/config"])
def test_the_path_is_whole(path, root):
    _, scope = answered(PlainTextResponse("ok"), path, root)
    assert (scope["root_path"], scope["path"]) == ("/iaff", "/iaff/config")


def test_a_name_that_begins_alike_is_another():
    _, scope = answered(PlainTextResponse("ok"), "/iaffinity")
    assert scope["path"] == "/iaff/iaffinity"


def test_the_page_alone_is_told_its_address():
    page = HTMLResponse('<head><link href="/manifest.json"></head><script>const root = "http://a/b";</script>')
    answer, _ = answered(page, "/")
    assert 'href="./manifest.json"' in answer.text
    assert "http://a/b" not in answer.text
    assert answered(page, "/other")[0].content == page.body


def test_no_proxy_holds_back_a_stream():
    async def stream():
        yield b"data: {}\n\n"

    answer, _ = answered(StreamingResponse(stream(), media_type="text/event-stream"), "/queue")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.content == b"data: {}\n\n"
    assert "x-accel-buffering" not in answered(PlainTextResponse("ok"), "/queue")[0].headers
