"""What comes in: whose turn it is, where files lie and for how long, and which bodies pass."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from iaff import UserError
from iaff.explorer import bodies, scratch
from iaff.explorer.intake import LARGEST_BODY, LARGEST_QUESTION, Intake
from iaff.explorer.server import client_files
from iaff.explorer.server import jobs as jobs_module
from iaff.explorer.server.askers import Asker, Turns
from iaff.explorer.server.client_files import ClientFiles, UploadGone
from iaff.explorer.server.full import Full
from iaff.explorer.server.jobs import MOST_OF_ADDRESS, MOST_OF_PAGE, JobQueue
from iaff.explorer.server.lane import Lane
from iaff.explorer.upload_route import MOST_FILES, tidy_name

RUN = SimpleNamespace(name="animals")
ANN, BEN, CLO = Asker("10.0.0.1", "ann"), Asker("10.0.0.1", "ben"), Asker("10.0.0.2", "clo")


def in_a_loop(work):
    """What a coroutine returns; in a thread, since in this one a browser's event loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_addresses_take_turns_and_the_pages_of_one_among_themselves():
    line = [(ANN, 1), (ANN, 2), (ANN, 3), (BEN, 1), (BEN, 2), (CLO, 1), (CLO, 2)]
    turns = Turns()
    assert turns.order(line, lambda item: item[0]) == [
        (ANN, 1),
        (CLO, 1),
        (BEN, 1),
        (CLO, 2),
        (ANN, 2),
        (BEN, 2),
        (ANN, 3),
    ]
    served = []
    while line:  # one after the other, as the queue does it, is the order that was foretold
        item = turns.order(line, lambda item: item[0])[0]
        turns.serve(item[0])
        line.remove(item)
        served.append(item)
    assert [who.page for who, _ in served] == ["ann", "clo", "ben", "clo", "ann", "ben", "ann"]


def test_one_has_so_many_photos_waiting_and_another_comes_next():
    queue = JobQueue(lambda job, progress: (time.sleep(9), b"")[1])
    queue.submit(RUN, b"", "running", None, ANN)
    time.sleep(0.05)
    for i in range(MOST_OF_PAGE):
        queue.submit(RUN, b"", str(i), None, ANN)
    with pytest.raises(Full, match=f"{MOST_OF_PAGE} photos wait already.*again in a minute"):
        queue.submit(RUN, b"", "one more", None, ANN)
    assert queue.ahead(queue.submit(RUN, b"", "a", None, CLO)) == 1
    assert queue.ahead(queue.submit(RUN, b"", "b", None, BEN)) == 2
    for i in range(MOST_OF_ADDRESS - MOST_OF_PAGE - 1):
        queue.submit(RUN, b"", str(i), None, Asker(ANN.address, f"page {i}"))
    with pytest.raises(Full):
        queue.submit(RUN, b"", "of a page that nobody knows", None, Asker(ANN.address, "new"))


def test_traces_that_nobody_takes_give_way(monkeypatch):
    monkeypatch.setattr(jobs_module, "MOST_RESULTS", 100)
    queue = JobQueue(lambda job, progress: b"x" * 49)
    jobs = [queue.submit(RUN, b"", "a", None, ANN) for _ in range(3)]
    assert all(job.ended.wait(5) for job in jobs)
    assert [job.state for job in jobs] == ["cancelled", "done", "done"]


def test_questions_are_computed_in_turn():
    """One at a time; who finds too many before it, or waits too long, may come again."""

    async def ask():
        lane = Lane("test", most=4, of_address=3)
        order = []

        def work(who):
            return lambda: (time.sleep(0.05), order.append(who.page))

        asked = [asyncio.create_task(lane.ask(work(who), who)) for who in (ANN, ANN, ANN, CLO)]
        await asyncio.sleep(0.01)
        with pytest.raises(Full, match="try again in a moment"):
            await lane.ask(work(BEN), BEN, patience=0.01)
        await asyncio.gather(*asked)
        assert order == ["ann", "clo", "ann", "ann"]
        many = [lane.ask(work(ANN), ANN) for _ in range(8)]
        answers = await asyncio.gather(*many, return_exceptions=True)
        assert sum(isinstance(answer, Full) for answer in answers) == 5
        with pytest.raises(ZeroDivisionError):
            await lane.ask(lambda: 1 / 0, ANN)

    in_a_loop(ask())


@pytest.fixture
def files(tmp_path) -> ClientFiles:
    return ClientFiles(tmp_path)


def put(files: ClientFiles, size: int, address: str = "a") -> str:
    file = files.new("photo.jpg", address)
    file.path.write_bytes(b"x")
    files.grow(file, size)
    files.written(file)
    return str(file.path)


def test_a_file_is_there_until_its_last_job_lets_it_go(files):
    path = put(files, 1)
    assert put(files, 1) != path
    first, second = files.claim(path, "a"), files.claim(path, "b")
    first.release()
    first.release()
    assert second.read() == b"x"
    second.put_back()  # there was no room for its job
    third = files.claim(path, "a")
    third.release()
    with pytest.raises(UploadGone):
        files.claim(path, "a")
    with pytest.raises(UserError, match="not an upload's"):
        files.claim("/etc/passwd", "a")


def test_idle_files_give_way_those_of_the_greediest_first(files, monkeypatch):
    monkeypatch.setattr(client_files, "LEAST", 10)
    monkeypatch.setattr(client_files, "MOST_OF_ADDRESS", 100)
    monkeypatch.setattr(client_files, "MOST_BYTES", 150)
    greedy = [put(files, 45, "a") for _ in range(2)]
    modest = put(files, 30, "b")
    put(files, 45, "a")  # too much for one: its oldest goes
    assert [os.path.exists(path) for path in (*greedy, modest)] == [False, True, True]
    put(files, 40, "c")  # too much for all
    assert [os.path.exists(path) for path in (*greedy, modest)] == [False, False, True]
    needed = [files.claim(path, "d") for path in (put(files, 60, "d"),)]
    with pytest.raises(Full, match="try again in a minute"):
        put(files, 60, "d")
    for claimed in needed:
        claimed.release()
    put(files, 60, "d")


def test_one_file_for_all_who_ask_for_the_same(files):
    one, other, third = (files.keep_shared(data, "labels.png", "a") for data in (b"x", b"x", b"y"))
    assert one == other != third
    assert one.read_bytes() == b"x"
    assert [path.name for path in files.folder.rglob("*") if path.is_file()] == ["labels.png"] * 2


def test_folders_of_processes_that_are_gone_are_deleted(tmp_path):
    pytest.importorskip("fcntl", reason="locks of files")
    mine = scratch.new_folder("clients", tmp_path)
    gone = tmp_path / "iaff-clients-1-abc"
    others = [tmp_path / name for name in ("iaff-clients-2-abc", "iaff-notes", "else-clients-1-abc")]
    for folder in (gone, *others):
        folder.mkdir()
    for folder in (gone, *others[1:]):
        (folder / scratch.LOCK).touch()  # that nobody holds
    scratch.new_folder("traces", tmp_path)
    assert not gone.exists()
    assert mine.exists()
    assert all(folder.exists() for folder in others), "no lock yet, or another's name"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("cat.jpg", "cat.jpg"),
        ("../../cat.jpg", "cat.jpg"),
        ("C:\\photos\\cat.jpg", "cat.jpg"),
        ("..", "upload"),
        ("", "file"),
        ("Käse 1.png", "Käse 1.png"),
        ("x" * 300 + ".jpeg", "x" * 100 + ".jpeg"),
    ],
)
def test_names_are_tidied(name, kept):
    assert tidy_name(name) == kept


@pytest.fixture
def client(files) -> TestClient:
    """An app behind the intake that says how long the body was."""

    async def length(request):
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(routes=[Route("/{path:path}", length, methods=["GET", "POST"])])
    return TestClient(Intake(app, files))


FORM = {"content-type": "multipart/form-data; boundary=B"}
PART = '--B\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n{}\r\n'


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("run/query", LARGEST_BODY, 200),
        ("run/query", LARGEST_BODY + 1, 413),
        ("component_server", LARGEST_QUESTION, 200),
        ("component_server", LARGEST_QUESTION + 1, 413),
        ("mcp/", LARGEST_QUESTION + 1, 413),
        ("upload", 1, 400),
    ],
)
def test_bodies_have_limits(client, path, size, status):
    """With a length that is said and without; the sentence says what was expected."""
    for content in (b"x" * size, (b"x" * (1 << 16) for _ in range(-(-size // (1 << 16))))):
        answer = client.post(f"/gradio_api/{path}", content=content)
        if not isinstance(content, bytes) and status == 200:
            continue  # sent in whole parts, it is a little larger
        assert answer.status_code == status
        if status == 413:
            assert "expected at most" in answer.text


def test_uploads_have_paths_of_their_own(client, files):
    same = [client.post("/gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()[0] for _ in range(2)]
    assert same[0] != same[1]
    assert [Path(path).read_bytes() for path in same] == [b"x", b"x"]
    several = PART.format("x") * MOST_FILES
    assert len(client.post("/gradio_api/upload", content=several + "--B--\r\n", headers=FORM).json()) == MOST_FILES
    answer = client.post("/gradio_api/upload", content=several + PART.format("x") + "--B--\r\n", headers=FORM)
    assert (answer.status_code, "Send them in several" in answer.text) == (413, True)
    assert client.post("/gradio_api/upload", content=PART.format("cut"), headers=FORM).status_code == 400
    assert client.post("/gradio_api/component_server", content=PART.format("x"), headers=FORM).status_code == 415
    assert len(files.files) == 2 + MOST_FILES


def test_bodies_that_trickle_are_given_up(monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE", 0.05)

    async def read(*pauses):
        async def receive():
            await asyncio.sleep(next(waits))
            return {"type": "http.request", "body": b"x", "more_body": True}

        waits = iter(pauses)
        return [chunk async for chunk in bodies.chunks_of(receive, 1000)]

    for pauses in ([0.01, 0.1], [0.02] * 9):  # silent, or too slow on the whole
        with pytest.raises(bodies.Refused, match="too slowly, expected"):
            in_a_loop(read(*pauses))
