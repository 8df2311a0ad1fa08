"""What affinities with partners anywhere give, on a grid of another stride, by iaff.propagation and torch."""

import numpy as np
import torch
import torch.nn.functional as F

from iaff.grid import centre
from iaff.propagation import leak
from iaff.trace import Trace
from tests.oracles.traces import Traces

PIXELS = [(0, 0), (200, 120), (349, 263)]  # of 350 x 264


def answers(traces: Traces) -> dict:
    trace = Trace.load(traces.attention)
    (width, height), (w, h) = trace.meta["size"], trace.meta["grid"]
    xs, ys = centre(*np.divmod(np.arange(h * w), w), height, width, trace.stride)
    labels = np.ascontiguousarray(trace.labels("truth")[ys, xs])
    return {
        "trace": traces.attention,
        "stride": trace.stride,
        "labels": labels,
        "rounds": [of_round(trace, t, labels.reshape(h, w)) for t in trace.rounds],
    }


def of_round(trace: Trace, t: int, labels: np.ndarray) -> dict:
    """Rows and columns at pixels, the refined map on the grid and at the photo's size, and the leak of every cell."""
    affinity, (width, height), refined = trace.rounds[t].affinity, trace.meta["size"], trace.rounds[t].alpha_p
    asked = [
        {"what": what, "x": x, "y": y, "expected": getattr(affinity, what)(x, y)}
        for what in ("row", "column")
        for x, y in PIXELS
    ]
    full = F.interpolate(torch.from_numpy(refined)[None], scale_factor=trace.stride, mode="bilinear")
    return {
        "t": t,
        "steps": trace.meta["rounds"][t - 1]["affinity"]["steps"],
        "asked": asked,
        "refined": refined,
        "full": full[0, :, :height, :width].contiguous().numpy(),
        "leak": leak(affinity.propagator, torch.from_numpy(labels)).numpy(),
    }
