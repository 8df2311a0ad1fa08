"""The scan written out term by term, and the toy grid with walls and gates set by hand, by iaff.propagation."""

import numpy as np
import torch

from iaff.propagation import Scan, row
from iaff.trace import Trace
from tests.oracles.traces import Traces
from tests.oracles.whatif import cut
from tests.ui.places import TOY

# what a reader does to the toy: walls in these cells (x, y), and gates in thousandths by direction and cell
WALLS = [[], [(1, 0), (1, 1), (1, 2), (1, 3)], [(4, 4)]]
BY_HAND = [{}, {(0, (3, 2)): [0, 500, 0], (0, (2, 2)): [100, 700, 200]}, {(2, (3, 4)): [125, 250, 625]}]
NAMES = ["right", "left", "down", "up"]


def answers(traces: Traces) -> dict:
    return {
        "terms": [terms(traces.chelsea, 1), terms(traces.astronaut, 3)],
        "toy": [edited(walls, by_hand) for walls in WALLS for by_hand in BY_HAND],
    }


def swept(x: np.ndarray, gates: np.ndarray, d: int) -> np.ndarray:
    """One direction over ``x (h, w)``, by the contract's words; gates ``(4, 3, h, w)``."""
    turn = (lambda a: a.T) if d < 2 else (lambda a: a)
    back = slice(None, None, -1 if d % 2 else 1)
    lines, w = turn(x)[back], np.stack([turn(g)[back] for g in gates[d]])
    h = np.empty_like(lines)
    h[0] = lines[0]
    for s in range(1, len(lines)):
        before = np.pad(h[s - 1], 1)
        heard = sum(w[k, s] * before[k : k + len(before) - 2] for k in range(3))
        h[s] = (1 - w[:, s].sum(0)) * lines[s] + heard
    return turn(h[back])


def terms(path, t: int) -> dict:
    """Of a class's map: each direction's terms at some cells in the last pass, and what comes out."""
    trace = Trace.load(path)
    (w, h), passes = trace.meta["grid"], trace.meta["rounds"][t - 1]["affinity"]["passes"]
    gates, x = trace.rounds[t].affinity.gates.astype(np.float64), trace.rounds[t].alpha_u[1].astype(np.float64)
    for _ in range(passes - 1):
        x = np.mean([swept(x, gates, d) for d in range(4)], 0)
    each, cells = [swept(x, gates, d) for d in range(4)], []
    for c, r in [(0, 0), (w - 1, h // 2), (w // 2, h // 3), (w // 3, h - 1)]:
        for d in range(4):
            by, aside = (1 if d % 2 else -1), (-1, 0, 1)
            places = [(r + k, c + by) if d < 2 else (r + by, c + k) for k in aside]
            there = [0 <= y < h and 0 <= x < w for y, x in places]
            cells.append(
                {
                    "p": r * w + c,
                    "d": d,
                    "own": [1 - gates[d, :, r, c].sum(), x[r, c]],
                    "cells": np.array([y * w + x if ok else -1 for (y, x), ok in zip(places, there, strict=True)]),
                    "weights": np.array([gates[d, k, r, c] if there[k] else 0 for k in range(3)]),
                    "values": np.array([each[d][places[k]] if there[k] else 0 for k in range(3)]),
                    "sum": each[d][r, c],
                }
            )
    g = Scan(trace.rounds[t].affinity.propagator.gates, passes)
    out = g.propagate(torch.from_numpy(trace.rounds[t].alpha_u[None].astype(np.float32)))[0, 1].numpy()
    return {"trace": path, "t": t, "terms": cells, "out": out}


def edited(walls: list[tuple[int, int]], by_hand: dict) -> dict:
    """The toy grid as a reader leaves it: every cell's row, of all directions and of each, and the refined map."""
    trace = Trace.load(TOY)
    gates, (w, h) = trace.rounds[1].affinity.gates.astype(np.float32), trace.meta["grid"]
    wall = np.zeros((h, w), bool)
    for (d, (x, y)), three in by_hand.items():
        gates[d, :, y, x] = np.float32(three) / 1000
    for x, y in walls:
        wall[y, x] = True
    made = torch.from_numpy(cut(gates, wall))[None]
    xs, ys = [i % w for i in range(w * h)], [i // w for i in range(w * h)]
    return {
        "trace": TOY,
        "paint": "-".join(["wall", *(f"{x}.{y}" for x, y in walls)]) if walls else None,
        "gates": "_".join(
            f"{NAMES[d]}-{x}.{y}-{'.'.join(map(str, three))}" for (d, (x, y)), three in sorted(by_hand.items())
        )
        or None,
        "rows": [row(made, xs, ys, direction=d)[0].numpy() for d in (0, 1, 2, 3, None)],
        "refined": Scan(made).propagate(torch.from_numpy(trace.rounds[1].alpha_u[None].astype(np.float32)))[0].numpy(),
    }
