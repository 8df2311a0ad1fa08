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
