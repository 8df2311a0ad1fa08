"""The way of an own photo through the server: one after the other, cancelled, forgotten, and never anyone else's."""

import base64
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from iaff import Run, Trace, UserError
from iaff.explorer.server import jobs
from iaff.explorer.server.client_files import ClientFiles
from iaff.explorer.server.jobs import JobQueue
from iaff.explorer.server.uploads import uploaded_photos
from iaff.places import SHIPPED

RUN = Run.load(SHIPPED)
PHOTO = (SHIPPED.parent.parent / "gallery/chelsea.jpg").read_bytes()


class Work:
    """Stands in for the networks: every photo takes until ``go`` lets it."""

    def __init__(self):
        self.steps, self.order = threading.Semaphore(0), []

    def __call__(self, job, progress):
        self.order.append(job.name)
        for i in range(3):
            progress(f"step {i}", i / 3)
            assert self.steps.acquire(timeout=5)
        if job.name == "bad":
            raise UserError("bad is empty (0 bytes).")
        if job.name == "bug":
            raise ZeroDivisionError
        return job.data + b"!"

    def go(self, steps=3):
        self.steps.release(steps)


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_one_after_the_other_and_handed_over_once():
    work = Work()
    queue = JobQueue(work)
    a, b, c = (queue.submit(RUN, name.encode(), name, None) for name in "abc")
    until(lambda: a.state == "running")
    assert [queue.ahead(job) for job in (a, b, c)] == [0, 1, 2]
    work.go(1)
    until(lambda: a.stage == "step 1")
    assert (a.share, b.stage) == (1 / 3, "Waiting")
    with pytest.raises(UserError, match="its state is 'running'"):
        queue.take(a.token)
    work.go(8)
    until(lambda: c.ended.is_set())
    assert work.order == ["a", "b", "c"]
    assert queue.take(b.token) == b"b!"
    assert b.data is None  # the photo is gone
    for token in (b.token, "guessed"):
        with pytest.raises(UserError, match="not known here"):
            queue.find(token)


def test_cancelled_photos_make_way():
    work = Work()
    queue = JobQueue(work)
    a, b, c = (queue.submit(RUN, name.encode(), name, None) for name in "abc")
    until(lambda: a.state == "running")
    queue.cancel(b.token)
    queue.cancel(a.token)
    assert queue.ahead(c) == 0
    work.go(1)  # a notices at its next step
    until(lambda: c.state == "running")
    work.go()
    until(lambda: c.ended.is_set())
    assert work.order == ["a", "c"]
    assert (a.state, b.state, c.state, a.trace) == ("cancelled", "cancelled", "done", None)


def test_what_nobody_asks_about_is_dropped():
    work = Work()
    queue = JobQueue(work)
    a = queue.submit(RUN, b"a", "a", None)
    work.go()
    a.asked -= jobs.FORGOTTEN + 1
    b = queue.submit(RUN, b"b", "b", None)
    assert list(queue.jobs) == [b.token]
    work.go()


def test_errors_are_told_and_the_next_photo_goes_on(capsys):
    work = Work()
    queue = JobQueue(work)
    bad, bug, good = (queue.submit(RUN, b"x", name, None) for name in ("bad", "bug", "good"))
    work.go(9)
    until(lambda: good.ended.is_set())
    assert (bad.state, bad.error) == ("failed", "bad is empty (0 bytes).")
    assert bug.error.startswith("The photo could not be explained: an error in iaff")
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert good.trace == b"x!"


@pytest.fixture
def server(tmp_path):
    """The four server functions and the folder of uploads."""
    functions = {f.__name__: f for f in uploaded_photos([RUN], JobQueue(), ClientFiles(tmp_path))}
    return functions, tmp_path


def test_a_photo_from_upload_to_trace(server):
    functions, folder = server
    path = folder / "hash" / "cat.jpg"
    path.parent.mkdir()
    path.write_bytes(PHOTO)
    sent = functions["submit"]({"run": "animals", "path": str(path), "name": "cat.jpg", "tags": ["cat"]})
    assert sent["ok"]
    assert not path.exists()  # an upload is read once, and deleted
    seen = []
    while not seen or seen[-1]["state"] not in ("done", "failed"):
        seen.append(functions["progress"]({"job": sent["job"]}))
        time.sleep(0.02)
    assert seen[-1]["state"] == "done", seen[-1]
    assert len({answer["stage"] for answer in seen}) >= 3
    trace = Trace.from_bytes(base64.b64decode(functions["take"]({"job": sent["job"]})["trace"]))
    assert trace.meta["title"] == "cat.jpg"
    assert not functions["progress"]({"job": sent["job"]})["ok"]
    again = functions["submit"]({"run": "animals", "path": str(path), "name": "cat.jpg", "tags": None})
    assert again["gone"]


def test_a_run_with_truncated_weights_fails_with_a_sentence(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "run")
    weights = tmp_path / "run/weights/unary_2.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "cat.jpg").write_bytes(PHOTO)
    submit, progress, take, _ = uploaded_photos([Run.load(tmp_path / "run")], JobQueue(), ClientFiles(uploads))
    job = submit({"run": "animals", "path": str(uploads / "cat.jpg"), "name": "cat.jpg", "tags": None})["job"]
    until(lambda: progress({"job": job})["state"] == "failed", 60)
    assert "unary_2.safetensors cannot be read" in progress({"job": job})["error"]
    assert not take({"job": job})["ok"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "expected one JSON object"),
        ({"run": "none", "name": "a", "path": "x"}, "No run of that name; the explorer has: animals"),
        ({"run": ["animals"], "name": "a", "path": "x"}, "Got run = ['animals'], expected a text, the name of a run"),
        ({"run": "animals", "path": "x"}, "Got no name, expected a text"),
        ({"run": "animals", "name": "a", "path": "/etc/passwd"}, "not an upload's"),
        ({"run": "animals", "name": "a", "path": "UPLOADS/../secret.jpg"}, "not an upload's"),
        ({"run": "animals", "name": "a", "path": "UPLOADS"}, "not an upload's"),
        ({"run": "animals", "name": "a", "path": "\0"}, "not an upload's"),
        ({"run": "animals", "name": "a", "path": "UPLOADS/a.jpg", "tags": "cat"}, "expected a list of class names"),
    ],
)
def test_strange_requests_are_answered(server, request_, message):
    functions, folder = server
    (folder / "a.jpg").write_bytes(PHOTO)
    if request_ and isinstance(request_.get("path"), str):
        request_ = {**request_, "path": request_["path"].replace("UPLOADS", str(folder))}
    answer = functions["submit"](request_)
    assert not answer["ok"]
    assert message in answer["error"]
    for name in ("progress", "take"):
        assert not functions[name](request_)["ok"]


def test_what_clients_left_is_swept(server):
    functions, folder = server
    (folder / "hash").mkdir()
    for name, age in {"hash/old.jpg": 3600, "trace-old.safetensors": 3600, "hash/new.jpg": 5}.items():
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age,) * 2)
    (folder / "b.jpg").write_bytes(b"x")
    assert functions["submit"]({"run": "animals", "name": "b", "path": str(folder / "b.jpg")})["ok"]
    left = [
        path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".claimed"
    ]  # b.jpg's job waits
    assert left == ["new.jpg"]


def test_uploads_cannot_be_reached_through_a_link(server):
    functions, folder = server
    (folder / "link.jpg").symlink_to(Path(__file__))
    answer = functions["submit"]({"run": "animals", "name": "a", "path": str(folder / "link.jpg"), "tags": None})
    assert not answer["ok"]
    assert Path(__file__).exists()


def test_a_superpixel_between_the_cells_is_scored_too(monkeypatch):
    """It has no cell on the grid, but the trace says its score, as of every other."""
    from iaff import explain
    from iaff.inference import Predictor

    found = Predictor.superpixels

    def one_more(predictor, image):
        ids = found(predictor, image)
        ids[0, 0] = ids.max() + 1  # a pixel that is no cell's centre
        return ids

    monkeypatch.setattr(Predictor, "superpixels", one_more)
    trace = Trace.from_bytes(explain(PHOTO, ["cat"]).to_bytes())
    assert all(len(made.scores) == trace.superpixels().max() + 1 for made in trace.rounds.values())
