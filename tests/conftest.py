"""What all tests share."""

import sys

import pytest


@pytest.fixture(autouse=True)
def precision_of_its_own():
    """accelerate keeps one precision per process; tests train in several."""
    yield
    if "accelerate" in sys.modules:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A stand-in as the only Hugging Face Hub that huggingface_hub knows; an empty cache, and nobody logged in."""
    from huggingface_hub import close_session, constants

    from iaff.hub import _say_cached
    from tests.hub import Hub

    served = Hub()
    template = served.url + "/{repo_id}/resolve/{revision}/{filename}"
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setattr(constants, "ENDPOINT", served.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    close_session()
    _say_cached.cache_clear()
    yield served
    served.stop()
    close_session()


TIMINGS: list[str] = []


@pytest.fixture
def timing():
    """``timing(text)`` prints a measured time at the end of the test run."""
    return TIMINGS.append


def pytest_terminal_summary(terminalreporter):
    if TIMINGS:
        terminalreporter.section("timings of the scripts")
        for line in TIMINGS:
            terminalreporter.line(line)
