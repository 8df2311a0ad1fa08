"""What the scan gives: by the contract's words, and by iaff.propagation."""

import numpy as np
import torch

from iaff.propagation import column, reach, row
from iaff.trace import Trace
from tests.oracles.traces import Traces
from tests.ui.synthetic import numpy_scan


def answers(traces: Traces) -> dict:
    first = next(iter(traces.trained.values()))
    rounds = [(traces.chelsea, [1, 3]), (traces.astronaut, [1, 3]), (first, list(Trace.load(first).rounds))]
    return {
        "rounds": [of_round(path, t) for path, some in rounds for t in some],
        "labels": label_maps(traces.chelsea),
        "reached": reached(traces.chelsea, 2, 44, 29),
        "directions": directions(traces.astronaut),
        "travelling": travelling(traces.chelsea),
    }


def gates_of(trace: Trace, t: int) -> torch.Tensor:
    return torch.from_numpy(trace.rounds[t].affinity.gates)[None]


def scanned(x: np.ndarray, trace: Trace, t: int) -> np.ndarray:
    for _ in range(trace.meta["rounds"][t - 1]["affinity"]["passes"]):
        x = numpy_scan(x, trace.rounds[t].affinity.gates)
    return x


def of_round(path, t: int) -> dict:
    trace = Trace.load(path)
    w, h = trace.meta["grid"]
    passes, points = trace.meta["rounds"][t - 1]["affinity"]["passes"], []
    for x, y in [(0, 0), (w - 1, h - 1), (w // 2, h // 3)]:
        point = np.zeros((1, h, w), np.float32)
        point[0, y, x] = 1
        points.append(
            {
                "p": y * w + x,
                "row": row(gates_of(trace, t), x, y, passes)[0].numpy(),
                "column": scanned(point, trace, t),
            }
        )
    refined = scanned(trace.rounds[t].alpha_u, trace, t)
    return {"trace": path, "t": t, "refined": refined, "stored": trace.rounds[t].alpha_p, "points": points}


def label_maps(path) -> dict:
    trace = Trace.load(path)
    maps = {name: trace.labels(name) for name in ("seeds", "truth")}
    return {"trace": path, "superpixels": trace.superpixels(), "confident": trace.labels("rounds.2.confident"), **maps}


def reached(path, t: int, x: int, y: int) -> dict:
    trace = Trace.load(path)
    weights = row(gates_of(trace, t), x, y, 1)[0]
    return {"trace": path, "t": t, "p": y * trace.meta["grid"][0] + x, "count": int(reach(weights))}


def directions(path) -> dict:
    """One direction or all, with one pass and with three."""
    trace = Trace.load(path)
    (w, h), gates, asked = trace.meta["grid"], gates_of(trace, 2), []
    for passes in (1, 3):
        for d in (0, 1, 2, 3, None):
            for x, y in [(w - 1, 0), (w // 2, h // 3)]:
                for what, ask in (("row", row), ("column", column)):
                    expected = ask(gates, x, y, passes, direction=d)[0].numpy()
                    asked.append({"what": what, "p": y * w + x, "d": d, "passes": passes, "expected": expected})
    return {"trace": path, "asked": asked}


def travelling(path) -> dict:
    """Row and column of each direction, one pass, of a cell amid the photo."""
    trace = Trace.load(path)
    (w, h), gates = trace.meta["grid"], gates_of(trace, 2)
    x, y = w // 2, h // 3
    each = [
        {"row": row(gates, x, y, direction=d)[0].numpy(), "column": column(gates, x, y, direction=d)[0].numpy()}
        for d in range(4)
    ]
    return {"trace": path, "p": y * w + x, "directions": each}
