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
