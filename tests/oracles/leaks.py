"""Leaks over boundaries between labels, by iaff.propagation."""

import numpy as np
import torch

from iaff.method.superpixels import on_grid
from iaff.propagation import leak, leak_rate, ranked_leaks
from iaff.trace import Trace
from tests.oracles.traces import Traces

LISTED = 40


def answers(traces: Traces) -> dict:
    paths = [traces.chelsea, traces.astronaut, *(traces.trained[name] for name in ("yard",) if name in traces.trained)]
    asked = [(1, "truth"), (2, "truth"), (2, "labels")]
    return {
        "boundaries": [of_boundary(path, t, which) for path in paths for t, which in asked],
        "trained": [{"trace": path, "rate": Trace.load(path).rounds[1].figures["leak"]} for path in paths[2:]],
        "void": with_void(traces.chelsea),
        "walk": of_walk(traces.walk),
    }


def grid_labels(trace: Trace, t: int, which: str) -> np.ndarray:
    if which == "truth":
        return on_grid(torch.from_numpy(trace.labels("truth").copy())).numpy()
    return np.array(trace.meta["class_ids"], np.uint8)[trace.rounds[t].alpha_p.argmax(0)]


def ranking(g, labels: torch.Tensor) -> list[dict]:
    """The edges with the largest flow; ``tied`` where another flow is equal or may be, and so the order is open."""
    edges = ranked_leaks(g, labels, LISTED)
    flows = np.array([edge.flow for edge in edges])
    return [
        {
            "flow": edge.flow,
            "gate": edge.gate,
            "direction": edge.direction,
            "source": edge.source,
            "target": edge.target,
            "tied": bool(np.abs(np.delete(flows, i) - edge.flow).min() < 1e-6 or i == len(edges) - 1),
        }
        for i, edge in enumerate(edges)
    ]


def of_boundary(path, t: int, which: str) -> dict:
    trace = Trace.load(path)
    labels, g = grid_labels(trace, t, which), trace.rounds[t].affinity.propagator
    y = torch.from_numpy(labels)
    found = {"labels": labels, "map": leak(g, y).numpy(), "rate": float(leak_rate(g, y)), "ranking": ranking(g, y)}
    return {"trace": path, "t": t, "which": which, **found}


def with_void(path) -> dict:
    trace = Trace.load(path)
    labels, g = grid_labels(trace, 1, "truth").copy(), trace.rounds[1].affinity.propagator
    labels[20:40, 30:50] = 255
    y = torch.from_numpy(labels)
    return {"trace": path, "labels": labels, "map": leak(g, y).numpy(), "ranking": ranking(g, y)}


def of_walk(path) -> dict:
    trace = Trace.load(path)
    w, h = trace.meta["grid"]
    labels = (np.arange(w)[None] > 30).repeat(h, 0).astype(np.uint8)
    expected = leak(trace.rounds[1].affinity.propagator, torch.from_numpy(labels)).numpy()
    return {"trace": path, "labels": labels, "map": expected, "refined": trace.rounds[1].alpha_p}
