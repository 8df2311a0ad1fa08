"""Attacks on a real server, each in a few seconds, on 127.0.0.1 alone. What was tried is counted, and printed at the
end: docs/security.md has its table from there.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
TRIED: dict[str, Counter] = {}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("attack")
            item.add_marker("slow")


@pytest.fixture
def tried(request) -> Callable[..., None]:
    """``tried("uploads cut short", 40)`` adds to the table of what was tried."""

    def count(what: str, number: int = 1) -> None:
        TRIED.setdefault(request.module.__name__.rpartition(".")[2].removeprefix("test_"), Counter())[what] += number

    return count


def pytest_terminal_summary(terminalreporter):
    if TRIED:
        terminalreporter.section("attacks that were tried")
        for chapter, counts in TRIED.items():
            for what, number in counts.items():
                terminalreporter.write_line(f"| {chapter} | {what} | {number:,} |")


class Server:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path, folder: Path):
        self.process, self.port, self.log, self.folder = process, port, log, folder
        self.url = f"http://127.0.0.1:{port}"
        self.most = 0  # bytes of memory, its children's included

    def memory(self) -> int:
        """Bytes of memory that the process and its children hold now."""
        with psutil.Process(self.process.pid).oneshot():
            process = psutil.Process(self.process.pid)
            family = [process, *process.children(recursive=True)]
        total = 0
        for one in family:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        self.most = max(self.most, total)
        return total

    def clients(self) -> list[Path]:
        """Files of clients that lie on the disk."""
        files = [Path(parent, name) for parent, _, names in os.walk(self.folder) for name in names]  # some just go
        return [path for path in files if path.name not in (".in-use", self.log.name)]

    def ask(self, function: str, request: dict, page: str = "page", timeout: float = 60) -> dict:
        """What a server function answers a page."""
        body = {"data": request, "component_id": self.explorer, "fn_name": function, "session_hash": page}
        return json.loads(self.post("/gradio_api/component_server", json.dumps(body).encode(), timeout=timeout))

    @property
    def explorer(self) -> int:
        if not hasattr(self, "_explorer"):
            with urllib.request.urlopen(f"{self.url}/config", timeout=30) as answer:
                components = json.load(answer)["components"]
            self._explorer = next(c["id"] for c in components if c["props"].get("elem_id") == "iaff-explorer")
        return self._explorer

    def post(
        self, path: str, body: bytes, kind: str = "application/json", address: str = "", timeout: float = 60
    ) -> bytes:
        """A POST; ``address``: whom a proxy on this machine says that it comes from."""
        headers = {"Content-Type": kind} | ({"X-Forwarded-For": address} if address else {})
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.read()

    def upload(self, data: bytes, name: str = "photo.jpg", **options) -> str:
        """The path of an upload."""
        body, kind = form([(name, data)])
        return json.loads(self.post("/gradio_api/upload", body, kind, **options))[0]


def form(files: list[tuple[str, bytes]], fields: dict[str, bytes] | None = None) -> tuple[bytes, str]:
    """A form as browsers send it, and its content type."""
    parts = [
        b'--BOUND\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in (fields or {}).items()
    ]
    for name, data in files:
        head = f'--BOUND\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + b"--BOUND--\r\n", "multipart/form-data; boundary=BOUND"


@contextmanager
def serving(folder: Path, *command: str, **environment: str) -> Iterator[Server]:
    """A server with its temporary files in ``folder``; by default ``app.py``. It must print no traceback."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    program = [sys.executable, *(command or ("app.py",)), "--port", str(port)]
    settings = {"IAFF_WARM_UP": "0", "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with log.open("w") as out:
        process = subprocess.Popen(
            program, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=os.environ | settings | environment
        )
    server = Server(process, port, log, folder)
    until(lambda: answers(server) or process.poll() is not None, 60)
    assert process.poll() is None, log.read_text()
    try:
        yield server
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text(), log.read_text()[-5000:]


def answers(server: Server) -> bool:
    """Whether a server is up."""
    try:
        urllib.request.urlopen(server.url, timeout=5).read()
    except OSError:
        return False
    return True


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.05)


@contextmanager
def watched(server: Server) -> Iterator[dict[str, float]]:
    """Meanwhile: the most memory in bytes, the longest s until the page, and a small question, were answered, and the
    longest of either in the `quiet` before, on a machine that may be busy with something else."""
    found = {"memory": 0.0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            found["memory"] = max(found["memory"], server.memory())

    command = [sys.executable, "-m", "tests.attack.visitor", server.url, str(server.explorer)]
    visitor = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert visitor.stdout
    found["quiet"] = max(json.loads(visitor.stdout.readline()).values())
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()
        found.update(json.loads(visitor.communicate(timeout=60)[0]))


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """``app.py`` as a user starts it."""
    with serving(tmp_path_factory.mktemp("attacked")) as served:
        yield served


@pytest.fixture(scope="session")
def quick(tmp_path_factory) -> Iterator[Server]:
    """A server whose jobs take 50 ms each, and whose files are swept after seconds: see quick_server.py."""
    with serving(
        tmp_path_factory.mktemp("quick"), "-m", "tests.attack.quick_server", JOB="0.05", SILENCE="2"
    ) as served:
        yield served
