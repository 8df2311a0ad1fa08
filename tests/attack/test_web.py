"""What a stranger's requests get of a whole server: nothing is fetched, nothing else is read, no folder is named."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.attack.conftest import ROOT, Server, serving

PHOTO = ROOT / "assets" / "gallery" / "cow.jpg"
FILE = {"_type": "gradio.FileData"}
DEEP: dict = {"path": "x"}
for _ in range(300):
    DEEP = {"a": DEEP}


@pytest.fixture(scope="module")
def trap() -> Iterator[socket.socket]:
    """A server of someone else on this machine, which nobody should call."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """Where the server writes down its connections, see watch/sitecustomize.py."""
    return tmp_path_factory.mktemp("book") / "connections.txt"


@pytest.fixture(scope="module")
def server(tmp_path_factory, book, trap) -> Iterator[Server]:
    """``app.py --mcp`` that is watched, for all tests here; after them it has called nobody but itself."""
    watch = f"{ROOT / 'tests' / 'attack' / 'watch'}:{ROOT}"
    folder = tmp_path_factory.mktemp("web")
    with serving(folder, "app.py", "--mcp", PYTHONPATH=watch, CONNECTIONS=str(book)) as served:
        yield served
    calls = {tuple(line.split(" ")[1:]) for line in book.read_text().splitlines()}
    assert ("127.0.0.1", str(served.port)) in calls, "Gradio asks itself whether it has started"
    others = {call for call in calls if call not in {(host, str(served.port)) for host in ("127.0.0.1", "localhost")}}
    assert all(host in ("127.0.0.1", "localhost", "::1") and port in ("0", "None", "") for host, port in others), others
    with pytest.raises(BlockingIOError):
        trap.accept()


def places(trap: socket.socket) -> list[str]:
    """Addresses that a server may be led to fetch, in the forms that slip through filters."""
    port = trap.getsockname()[1]
    host = f"127.0.0.1:{port}"
    own = [f"http://{host}/a.jpg", f"HTTP://{host}/a.jpg", f"https://{host}/a", f"ftp://{host}/a", f"//{host}/a"]
    sloppy = [f"http:/{host}/a", f"http:{host}/a", f" http://{host}/a", f"http://user@{host}/", f"\\\\{host}\\a"]
    forms = [f"http://[::ffff:127.0.0.1]:{port}/", f"http://2130706433:{port}/a", f"http://localhost:{port}/a"]
    others = ["http://example.com/", "gopher://example.com/", "data:text/plain,a"]
    files = ["file:///etc/passwd", "file:/etc/passwd", "/etc/passwd", "../../etc/passwd", "/proc/self/environ"]
    return own + sloppy + forms + others + files


def get(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and text of a raw request: no client tidies its path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode("utf-8", "replace")


def called(server: Server, name: str, data: object) -> str:
    """What an endpoint that waits in the queue answers."""
    event = json.loads(server.post(f"/gradio_api/call/{name}", json.dumps({"data": data}).encode()))["event_id"]
    with urllib.request.urlopen(f"{server.url}/gradio_api/call/{name}/{event}", timeout=60) as answer:
        return answer.read().decode()


def posted(server: Server, path: str, body: object) -> str:
    try:
        return server.post(path, json.dumps(body).encode()).decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def quoted(place: str) -> list[str]:
    """An address as a path may have it."""
    return [
        "".join(f"%{byte:02x}" for byte in place.encode()),
        urllib.request.quote(place),
        urllib.request.quote(place, safe=":/@"),
    ]


def test_no_address_is_fetched(server, trap, tried):
    for place in places(trap):
        for form in quoted(place):
            for route in (
                "/gradio_api/file=",
                "/gradio_api/proxy=",
                "/gradio_api/file/",
                "/gradio_api/stream/",
                "/file=",
            ):
                for method in ("GET", "HEAD"):
                    status, _ = get(server, route + form, method)
                    assert status in (403, 404), (route, place)
                    tried("addresses to fetch")


@pytest.mark.parametrize("meta", [True, False])
def test_no_file_of_a_request_is_fetched(server, trap, tried, meta):
    """In every argument of every endpoint, and of Python's functions for the page."""
    for place in places(trap):
        file = {"path": place, "url": place, "orig_name": "a.jpg", **({"meta": FILE} if meta else {})}
        for value in (file, {**file, "path": ""}, {"path": None, "url": place, "meta": FILE}, [file], {"a": [file]}):
            answer = called(server, "explain", [value, None, "animals"])
            assert "event: error" in answer
            assert str(ROOT) not in answer
            answer = posted(server, "/gradio_api/run/query", {"data": [value, value, 1, 1, 1, "row"]})
            assert '"error":"Got ' in answer, answer
            tried("files of requests", 2)
        answer = server.ask("submit", {"run": "animals", "path": place, "name": "a"})
        assert not answer["ok"]


NESTED = {"path": "x", "meta": FILE}
VALUES = [None, 5, -0.0, True, "x", "/etc/passwd", [], [[[]]], {}, DEEP, NESTED, [NESTED], {"meta": FILE}]
PATHS = [None, 5, "", [], NESTED, "a\0b", "x" * 100_000, "\ud800", "~/x", ".", "CON"]
EXTRAS = [("meta", 5), ("meta", None), ("meta", {"_type": 5}), ("orig_name", 5), ("size", "large"), ("is_stream", True)]
ODD = [*VALUES, *({"path": path, "meta": FILE} for path in PATHS), *({**NESTED, key: odd} for key, odd in EXTRAS)]


def test_odd_photos_and_arguments_are_sentences(server, tried):
    """No traceback in the log, which the fixture looks at, and no folder of this machine in an answer."""
    hidden = (str(ROOT), str(server.folder), "Traceback")
    for odd in ODD:
        answer = called(server, "explain", [odd, None, "animals"])
        assert '"error": "Got ' in answer, (odd, answer)
        assert not any(text in answer for text in hidden), (odd, answer)
        path = server.upload(PHOTO.read_bytes(), "cow.jpg")
        for tags, run in ((odd, "animals"), (["cow"], odd)):
            if tags in (None, []) or odd is True:
                continue  # they mean something
            answer = called(server, "explain", [{"path": path, "meta": FILE, "orig_name": odd}, tags, run])
            assert "event: error" in answer or "event: complete" in answer, (odd, answer)
            assert "Traceback" not in answer
        for endpoint in ("runs", "photos", "figures", "query", "leaks", "compare", "trace", "labels"):
            answer = posted(server, f"/gradio_api/run/{endpoint}", {"data": [odd] * 7})
            assert not any(text in answer for text in hidden), (endpoint, odd, answer)
        for function in ("submit", "browse", "figures", "take", "lessons", "propagate", "__init__", "get_config"):
            body = {"data": odd, "component_id": server.explorer, "fn_name": function, "session_hash": "a"}
            answer = posted(server, "/gradio_api/component_server/", body)
            assert not any(text in answer for text in hidden), (function, odd, answer)
        tried("odd values", 20)


def test_no_folder_is_named(server):
    """By the page, its configuration, the description of the endpoints, and answers about what is not there."""
    texts = [urllib.request.urlopen(server.url + path).read().decode() for path in ("/", "/config", "/gradio_api/info")]
    texts += [get(server, "/traces/0/nothing.safetensors")[1], get(server, "/gradio_api/file=/x")[1]]
    texts.append(posted(server, "/gradio_api/run/trace", {"data": ["animals", "nothing"]}))
    for text in texts:
        assert str(ROOT) not in text
        assert str(server.folder) not in text
        assert str(Path(sys.prefix).resolve()) not in text


def test_pages_of_others(server, tried):
    """Names that point here, forms and scripts of other origins, on every address; what a program sends is answered."""
    addresses = ("/", "/config", "/gradio_api/info", "/traces/0/index.json", "/gradio_api/mcp/", "/gradio_api/upload")
    for address in addresses:
        for method in ("GET", "POST", "OPTIONS"):
            assert get(server, address, method, Host="evil.example")[0] == 421
            assert get(server, address, method, Origin="http://evil.example")[0] == 403
            assert get(server, address, method, Sec_Fetch_Site="cross-site")[0] == 403
            tried("names and origins of others", 3)
    assert get(server, "/config")[0] == 200
    assert get(server, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
    body = json.dumps({"data": []}).encode()
    request = urllib.request.Request(
        f"{server.url}/gradio_api/run/runs", body, {"Origin": "null", "Content-Type": "text/plain"}
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_agents_are_answered_and_fetch_nothing(server, trap):
    """MCP's answers come by the server's own address, whatever a request says that it is."""
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}

    def ask(method: str, **params: object) -> str:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        elsewhere = {"X-Forwarded-Host": f"127.0.0.1:{trap.getsockname()[1]}"}
        request = urllib.request.Request(
            f"{server.url}/gradio_api/mcp/", json.dumps(message).encode(), headers | elsewhere
        )
        return urllib.request.urlopen(request, timeout=30).read().decode()

    start = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    assert "iaff" in ask("initialize", **start)
    assert "animals" in ask("tools/call", name="runs", arguments={})
    for place in places(trap):
        answer = ask("tools/call", name="explain", arguments={"photo": place})
        assert '"isError":true' in answer, answer
        assert not any(folder in answer for folder in (str(ROOT), str(server.folder))), answer


@contextlib.contextmanager
def started(log: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """``app.py`` with options, and its port, once it says that it is up."""
    with log.open("w", encoding="utf-8") as out:
        command = [sys.executable, "app.py", "--port", "0", *options]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=os.environ | environment
        )
        try:
            while "Ctrl+C" not in log.read_text("utf-8"):
                assert process.poll() is None, log.read_text("utf-8")
                time.sleep(0.1)
            yield process, int(re.search(r":(\d+)  \(Ctrl", log.read_text("utf-8"))[1])
        finally:
            process.terminate()
            process.wait(20)


def test_a_password_covers_everything(tmp_path):
    """The page, scripts, traces, programs and agents; with it they work, and gradio_client too."""
    from gradio_client import Client

    with started(tmp_path / "log", "--mcp", IAFF_AUTH="me:secret", GRADIO_TEMP_DIR=str(tmp_path / "t")) as (_, port):
        for path in ("", "config", "traces/0/index.json", "assets/x", "gradio_api/info", "gradio_api/mcp/"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}")
        login = {"auth": ("me", "secret")}
        client = Client(f"http://127.0.0.1:{port}", verbose=False, httpx_kwargs=login, download_files=str(tmp_path))
        assert "animals" in [run["name"] for run in client.predict(api_name="/runs")]
        client.close()
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "runs", "arguments": {}}}
        headers = {"Accept": "application/json, text/event-stream"}
        asked = {"json": message, "headers": headers, "auth": ("me", "secret")}
        assert "animals" in httpx.post(f"http://127.0.0.1:{port}/gradio_api/mcp/", **asked).text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
def test_three_quick_interrupts(tmp_path, host):
    """End it in a few seconds, without a traceback, from whichever address."""
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with started(tmp_path / "log", "--host", host) as (process, _):
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert process.wait(15) in (0, 130)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log
    assert ("--auth" in log) == (host == "0.0.0.0")


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
