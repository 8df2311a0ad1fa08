"""Uploads: the same one by many, too large, too many, too slow, broken off, and what is left of them."""

import base64
import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attack.conftest import ROOT, form, serving, until

PHOTO = (ROOT / "assets/gallery/chelsea.jpg").read_bytes()
ALL = 30  # people
API = "/gradio_api"


def through(server, path: str, page: str, name: str = "photo.jpg") -> bytes:
    """A photo that was uploaded, submitted, followed and taken, as the page does it."""
    sent = server.ask("submit", {"run": "animals", "path": path, "name": name}, page)
    assert sent["ok"], sent
    while True:
        answer = server.ask("progress", {"job": sent["job"]}, page)
        assert answer["ok"], answer
        assert answer["state"] not in ("failed", "cancelled"), answer
        if answer["state"] == "done":
            return base64.b64decode(server.ask("take", {"job": sent["job"]}, page)["trace"])
        time.sleep(0.05)


def explained(server, path: str) -> bytes:
    """A photo through the endpoint `explain`, as programs ask for it; the trace's file."""
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [photo, None, "animals"]}).encode()
    event = json.loads(server.post(f"{API}/call/explain", body))["event_id"]
    with urllib.request.urlopen(f"{server.url}{API}/call/explain/{event}", timeout=60) as stream:
        said = stream.read().decode()
    assert "event: complete" in said, said
    address = json.loads(said.split("data: ")[-1])[0]["path"]
    with urllib.request.urlopen(f"{server.url}{API}/file={address}", timeout=60) as file:
        return file.read()


def together(count: int, task) -> list:
    """What ``task(i)`` returns, all at the same time."""
    barrier = threading.Barrier(count)

    def run(i: int):
        barrier.wait()
        return task(i)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_the_same_photo_by_many_at_once(quick, tried):
    """Pages and programs, under the same and under other names; one upload submitted several times."""
    names = ["photo.jpg", "other.jpg"]
    tried("pages that send the same photo at once", ALL)
    tried("programs that send the same photo at once", ALL)
    tried("times that one upload is submitted at once", 16)

    def page(i: int) -> bytes:
        return through(quick, quick.upload(PHOTO, names[i % 2]), f"page {i}", names[i % 2])

    def program(i: int) -> bytes:
        return explained(quick, quick.upload(PHOTO, names[i % 2]))

    for kind in (page, program):
        assert [trace.partition(b" ")[2] for trace in together(ALL, kind)] == [PHOTO[:100]] * ALL
    path = quick.upload(PHOTO)
    sent = [quick.ask("submit", {"run": "animals", "path": path, "name": "a"}) for _ in range(8)]
    assert all(answer["ok"] for answer in sent), sent
    shared = quick.upload(PHOTO)
    assert {trace.partition(b" ")[2] for trace in together(8, lambda i: explained(quick, shared))} == {PHOTO[:100]}
    for answer in sent:
        until(lambda job=answer["job"]: quick.ask("progress", {"job": job})["state"] == "done")
        assert quick.ask("take", {"job": answer["job"]})["ok"]
    until(lambda: not quick.clients())  # answers for programs are swept after seconds here


class Stream:
    """A request that is written by hand."""

    def __init__(self, server, path: str, kind: str, length: int | None):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        self.chunked = length is None
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{size}\r\n\r\n".encode()
        )

    def send(self, data: bytes) -> None:
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    def answered(self) -> bool:
        """Whether something came back already."""
        self.socket.settimeout(0)
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(30)

    def status(self) -> int:
        return int(self.socket.recv(4096).split()[1])


FIELD = b'--BOUND\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
FORM = "multipart/form-data; boundary=BOUND"
HUGE = 600_000_000
ROUTES = ["upload", "component_server", "component_server/", "queue/join", "run/query", "api/query", "call/explain"]
ROUTES += ["call/v2/explain", "cancel", "reset", "mcp/", "nothing", "process_recording", "stream/x", "upload/"]
OPENINGS = {
    "a field": (FORM, FIELD % (b"x", b"")),
    "a file": (FORM, FIELD % (b"files", b'; filename="a.jpg"')),
    "JSON": ("application/json", b'{"data": ["'),
    "no type": ("", b""),
}


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_body_of_600_mb(quick, tried, opening, announced):
    """Refused at every route, before memory or disk have it."""
    kind, start = OPENINGS[opening]
    before = quick.memory()
    for route in ROUTES:
        tried("bodies of 600 MB")
        stream = Stream(quick, f"{API}/{route}", kind, HUGE if announced else None)
        stream.send(start)
        sent, block = 0, b"x" * 1_000_000
        while sent < HUGE and not stream.answered():
            try:
                stream.send(block)
            except OSError:
                break
            sent += len(block)
        assert sent < 100_000_000, route
        assert 400 <= stream.status() < 500, route
    until(lambda: quick.memory() < before + 60_000_000)
    until(lambda: not quick.clients())


def refused(server, files, fields=None, path=f"{API}/upload") -> tuple[int, str]:
    body, kind = form(files, fields)
    with pytest.raises(urllib.error.HTTPError) as error:
        server.post(path, body, kind)
    return error.value.code, error.value.read().decode()


def test_many_files_and_forms_elsewhere(quick, tried):
    tried("forms of many files, of large ones, or for other routes", 4 + len(ROUTES))
    assert refused(quick, [(f"{i}.jpg", b"x" * 4_000_000) for i in range(20)])[0] == 413
    status, said = refused(quick, [(f"{i}.jpg", b"x") for i in range(1000)])
    assert (status, "expected fewer" in said) == (413, True)
    status, said = refused(quick, [("a.jpg", b"x" * 53_000_000)])
    assert (status, said) == (413, "Got 53 MB or more, expected at most 52 MB. Save it smaller, then try again.")
    assert refused(quick, [], {"a": b"b"})[0] == 400
    for route in ROUTES[1:-1]:
        assert refused(quick, [("a.jpg", PHOTO)], path=f"{API}/{route}")[0] >= 400
    until(lambda: not quick.clients())


NAMES = [
    "../../a.jpg",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a" * 300 + ".jpg",
    "\0.jpg",
    "ü\u202egpj.exe",
    "CON",
    "C:\\a.jpg",
    "%2e%2e%2fa",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files(quick, tried, name):
    """Whatever it is called, it lies in a folder of its own."""
    tried("names of files")
    path = quick.upload(PHOTO, name)
    parts = os.path.relpath(os.path.realpath(path), quick.folder).split(os.sep)
    assert len(parts) == 3
    assert ".." not in parts
    assert through(quick, path, "page")


def test_broken_off(quick, tried):
    """Nothing of them stays."""
    body, _ = form([("a.jpg", b"x" * 3_000_000)])
    for part in (0, 1, 30, 100, 150, 70_000, 1_500_000, 2_999_999, len(body) - 2):
        for length in (len(body), None):
            tried("uploads that break off")
            stream = Stream(quick, f"{API}/upload", FORM, length)
            if part:
                stream.send(body[:part])
            time.sleep(0.02)
            stream.socket.close()
    until(lambda: not quick.clients())
    tried("forms that are cut short")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        quick.post(f"{API}/upload", body[:-30], FORM)
    assert not quick.clients()


def test_bodies_that_trickle(quick, tried):
    """They are given up, and others are taken meanwhile."""
    streams = [Stream(quick, f"{API}/{route}", FORM, 40_000_000) for route in ["upload"] * 12]
    streams += [Stream(quick, f"{API}/{route}", "application/json", 200_000) for route in ROUTES[1:-1]]
    tried("bodies that trickle", len(streams))
    for stream in streams[::2]:
        stream.send(FIELD % (b"files", b'; filename="a.jpg"'))
    start = time.monotonic()
    body, kind = form([("a.jpg", PHOTO)])
    assert json.loads(quick.post(f"{API}/upload", body, kind, address="10.0.0.9"))
    assert time.monotonic() - start < 1
    end = time.monotonic() + 10
    while not all(stream.answered() for stream in streams):
        assert time.monotonic() < end
        for stream in streams[::4]:
            if not stream.answered():
                stream.send(b"x")
        time.sleep(0.2)
    assert {stream.status() for stream in streams} == {404, 408}  # 404 at once, where nothing is answered


def test_what_nobody_asks_for_goes(quick, tried):
    """Uploads that are not used, what Gradio left, folders: by time alone."""
    tried("files that are left")
    [folder] = quick.folder.glob("iaff-clients-*")
    quick.upload(PHOTO)
    (folder / "tmpabc").write_bytes(b"x")
    (folder / "hash").mkdir()
    (folder / "hash/file.jpg").write_bytes(b"x")
    assert len(quick.clients()) >= 3
    until(lambda: [path.name for path in folder.iterdir()] == [".in-use"], 20)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_at_the_end(tmp_path, tried, end):
    """Also of what is just being sent."""
    tried("ends of a server with files and an upload on its way")
    with serving(tmp_path) as server:
        server.upload(PHOTO)
        stream = Stream(server, f"{API}/upload", FORM, 40_000_000)
        stream.send(FIELD % (b"files", b'; filename="a.jpg"') + b"x" * 3_000_000)
        until(lambda: len(server.clients()) == 2)
        server.process.send_signal(end)
        server.process.wait(20)
        assert not list(tmp_path.glob("iaff-*"))


def test_what_a_killed_server_left_goes_with_the_next(tmp_path, tried):
    """But not what a living one has, nor what only looks like it."""
    tried("servers that are killed")
    trace = ROOT / "assets/runs/animals/traces/cow.safetensors"
    with serving(tmp_path, "app.py", "--run", str(trace)) as living, serving(tmp_path) as killed:
        kept = living.upload(PHOTO)
        killed.upload(PHOTO)
        (tmp_path / "iaff-notes").mkdir()
        (tmp_path / "iaff-clients-1-link").symlink_to(tmp_path / "iaff-notes")
        assert len(list(tmp_path.glob("iaff-*-*"))) == 4  # of them one of the trace that is shown
        killed.process.kill()
        killed.process.wait()
        with serving(tmp_path):
            assert len(list(tmp_path.glob("iaff-clients-*"))) == 3  # two that live, and the link
            assert os.path.exists(kept)
            assert (tmp_path / "iaff-notes").exists()
