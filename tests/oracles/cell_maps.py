"""Maps of the affinity, by iaff.propagation: reach and self-weight of cells, and the strength of gates."""

import numpy as np
import torch

from iaff.propagation import reach
from iaff.trace import Trace
from tests.oracles.traces import Traces


def answers(traces: Traces) -> dict:
    one, two, walk = (Trace.load(path) for path in (traces.chelsea, traces.astronaut, traces.walk))
    return {
        "all": {"trace": traces.chelsea, "t": 1} | of_rows(one, 1, np.arange(0, 66 * 88, 97)),
        "gates": strength(one, 1),
        "passes": {"trace": traces.astronaut, "t": 2} | of_rows(two, 2, middles(two)),
        "walk": {"trace": traces.walk, "t": 1} | of_rows(walk, 1, middles(walk)),
    }


def middles(trace: Trace) -> np.ndarray:
    """Cells in the middles of blocks of 8 x 8, which the page asks first."""
    w, h = trace.meta["grid"]
    ys, xs = [np.minimum(np.arange(0, size, 8) + 4, size - 1) for size in (h, w)]
    return (ys[:, None] * w + xs).ravel()


def of_rows(trace: Trace, t: int, cells: np.ndarray) -> dict:
    w, _ = trace.meta["grid"]
    xs, ys = torch.from_numpy(cells % w), torch.from_numpy(cells // w)
    rows = trace.rounds[t].affinity.propagator.row(xs, ys)[0]
    own = rows.flatten(1)[torch.arange(len(cells)), torch.from_numpy(cells)]
    return {"cells": cells.astype(np.int32), "reach": reach(rows).numpy().astype(np.int32), "self": own.numpy()}


def strength(trace: Trace, t: int) -> np.ndarray:
    """Sum of the gates of each direction, its mean over the four."""
    return torch.as_tensor(trace.rounds[t].affinity.gates).float().sum(1).mean(0).numpy()
