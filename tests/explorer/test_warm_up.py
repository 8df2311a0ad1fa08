"""What happens behind the first picture: once, in the background, and without a word where it fails."""

import threading

from iaff import Run, explaining
from iaff.explorer.server.warm_up import prepare, warm_up
from iaff.places import SHIPPED

RUN = Run.load(SHIPPED)


def test_the_first_page_starts_it_and_no_other(monkeypatch):
    monkeypatch.setenv("IAFF_WARM_UP", "0")
    begun, may_end = [], threading.Event()

    def work(run):
        begun.append((run.name, threading.current_thread().daemon))
        may_end.wait(5)

    ask = warm_up([RUN], work)
    assert ask({"run": "nobody"})["ok"] is False
    assert ask({"run": RUN.name}) == {"ok": True}
    assert not begun, "somebody is short of memory"
    monkeypatch.delenv("IAFF_WARM_UP")
    assert [ask({"run": RUN.name}) for _ in range(3)] == [{"ok": True}] * 3, "at once, while it still works"
    may_end.set()
    assert begun == [(RUN.name, True)]


def prepared(run: Run) -> int:
    """How many networks are there after it."""
    explaining._predictor.cache_clear()
    prepare(run)
    for thread in threading.enumerate():
        if thread.name == "rehearsal":
            thread.join(60)
    return explaining._predictor.cache_info().currsize


def test_afterwards_the_networks_are_there(monkeypatch):
    rehearsed = []
    monkeypatch.setattr(explaining, "trace_photo", lambda predictor, *_, **__: rehearsed.append(predictor))
    thread = threading.Thread(target=lambda: rehearsed.append(prepared(RUN)))  # it gives way from there on
    thread.start()
    thread.join(60)
    assert rehearsed == [explaining.predictor_of(RUN), 1]
    assert explaining._predictor.cache_info().misses == 1, "asked for once"


def test_a_run_that_cannot_be_used_is_no_error(tmp_path, capfd):
    thread = threading.Thread(target=prepared, args=(Run(tmp_path, RUN.config),))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert capfd.readouterr() == ("", "")
