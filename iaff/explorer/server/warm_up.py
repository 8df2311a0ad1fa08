"""PyTorch and a run's networks are made ready while the first picture is looked at: the first photo is then as quick as
the second, and so is the first question to another propagator. The page asks once its picture is drawn, so that nothing
of this delays it."""

import contextlib
import io
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from iaff.decoding import read_photo_safely
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import RunRequest
from iaff.explorer.server.runs import named, run_of
from iaff.explorer.server.torch_start import start_torch
from iaff.run import Run

LOWEST = 19  # of all priorities, as `nice` counts them
REHEARSED = (64, 96)  # px of the photo that is tried: small enough for a tenth of a second


def warm_up(runs: list[Run], work: Callable[[Run], None] | None = None) -> Handler:
    """``warm_up({run})`` answers at once; ``work``, by default :func:`prepare`, goes on. Later calls do nothing.

    Where the environment has IAFF_WARM_UP=0, since memory is short, no call does anything.
    """
    by_name, first = named(runs), threading.Semaphore()

    @answering(RunRequest)
    def warm_up(request: RunRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        if os.environ.get("IAFF_WARM_UP") != "0" and first.acquire(blocking=False):
            threading.Thread(target=work or prepare, args=(run,), daemon=True, name="warm-up").start()
        return {}

    return warm_up


def prepare(run: Run) -> None:
    """Loads what takes seconds, giving way to everything else, then lets a tiny photo go through all of it.

    What fails here fails again, and is told, when somebody sends a photo.
    """
    with contextlib.suppress(Exception):
        give_way()
        start_torch()
        from iaff.explaining import predictor_of

        if run.finished_rounds():
            predictor_of(run)
    # The photo has a thread of its own: pools of threads that it starts stay, and must not give way for ever.
    threading.Thread(target=rehearse, args=(run,), daemon=True, name="rehearsal").start()


def give_way() -> None:
    """Lowers the priority of this thread, where the system has one for each thread."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)


def rehearse(run: Run) -> None:
    """A tiny photo through the linear propagators and, where the run has them, the networks."""
    with contextlib.suppress(Exception):
        from iaff.data.transforms import grid_photo
        from iaff.explaining import explain
        from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
        from iaff.propagation import Pamr, colour_walk

        height, width = REHEARSED
        photo = np.linspace(0, 255, height * width).reshape(height, width, 1).repeat(3, axis=2).astype(np.uint8)
        if run.finished_rounds():
            explain(photo, run.classes[1:2], run).to_bytes()
        file = io.BytesIO()
        Image.fromarray(photo).save(file, "PNG")
        read_photo_safely(file.getvalue(), "rehearsal")  # starts the decoder
        colour_walk(grid_photo(photo))
        Pamr(grid_photo(photo), GRID_DILATIONS, GRID_STEPS)
