"""What a random walk over local pairs gives, by iaff.propagation."""

import torch

from iaff.propagation import RandomWalk
from iaff.trace import Trace
from tests.oracles.traces import Traces

LONG = 1000  # steps: more than a browser walks within a frame


def answers(traces: Traces) -> dict:
    trace = Trace.load(traces.walk)
    walk, (w, _) = trace.rounds[1].affinity, trace.meta["grid"]
    asked = [
        {"what": what, "p": y * w + x, "expected": getattr(walk, what)(4 * x, 4 * y)}
        for what in ("row", "column")
        for x, y in [(40, 30), (0, 0), (79, 59)]
    ]
    long = RandomWalk(torch.from_numpy(walk.offsets), torch.from_numpy(walk.weights), LONG)
    cells = [("row", 10, 10), ("row", 40, 30), ("row", 70, 50), ("row", 79, 0), ("column", 40, 30)]
    return {
        "trace": traces.walk,
        "asked": asked,
        "refined": trace.rounds[1].alpha_p,
        "long": {
            "steps": LONG,
            "asked": [
                {"what": what, "p": y * w + x, "expected": getattr(long, what)(x, y)[0].numpy()} for what, x, y in cells
            ],
        },
    }
