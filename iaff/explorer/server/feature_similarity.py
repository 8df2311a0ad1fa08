"""The propagator ``similarity`` on a photo: it needs the networks of a run, which are loaded once.

Of each photo and round the nearest cells are kept for a while, so that another temperature or k is answered at once.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from iaff.errors import UserError
from iaff.explorer.server.propagator_parameters import table
from iaff.explorer.server.runs import run_of
from iaff.explorer.server.sent_photo import decoded
from iaff.run import Run

WHAT = "similarity compares the features of the unary network that a run trained in that round"


def partners_and_weights(
    runs: dict[str, Run],
    name: str | None,
    t: int | None,
    image: bytes,
    grid: tuple[int, int],
    temperature: float,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Each cell's partners ``int (n, k)`` and their weights ``float32 (n, k)``: :class:`iaff.propagation.Similarity`.

    Args:
        runs: the explorer's, by name; name, t: which of them, and its round; image: a file that was found sound.

    Raises:
        UserError: there is no such run here, or it has no weights of that round.
    """
    if name is None or name not in runs:
        got = "a trace of no run" if name is None else f"a trace of the run {name[:60]!r}, which is not open here"
        remedy = "Send the photo itself, or open its run too."
        raise UserError(f"Got {got}, expected one of {', '.join(runs) or 'a run'}: {WHAT}. {remedy}")
    run = run_of(name, runs)
    finished = run.finished_rounds()
    if t is None or not 1 <= t <= finished:
        got = f"round {t} of {name}, which has weights of {finished or 'no'} rounds"
        raise UserError(f"Got {got}, expected weights: {WHAT}. Choose another run or propagator.")
    from iaff.propagation import similarity_weights

    partners, cosines = nearest(run.dir.resolve(), finished, run.changed(), t, image, grid)
    return partners[:, :k].numpy(), similarity_weights(cosines[:, :k], temperature).numpy()


@lru_cache(maxsize=4)
def nearest(folder: Path, finished: int, changed: float, t: int, image: bytes, grid: tuple[int, int]):
    """As many of each cell's nearest cells as may be chosen; the same question is answered once.

    ``finished`` and ``changed`` say how far the run was trained.
    """
    from iaff.explaining import predictor_of
    from iaff.nets.unary import unary_logits
    from iaff.propagation import nearest_cells

    _, features = unary_logits(predictor_of(Run.load(folder)).rounds[t - 1].f, decoded(image), flip=False)
    return nearest_cells(features, grid, max(table()["similarity"]["k"]["values"]))
