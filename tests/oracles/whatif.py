"""What walls and labels that are painted on a photo make of the refined map, by iaff.propagation."""

import numpy as np
import torch
from scipy.ndimage import label

from iaff.propagation import Scan
from iaff.trace import Trace
from tests.oracles.traces import Traces

# a closed quadrilateral with steep, flat and diagonal sides
CORNERS = [(20, 12), (60, 20), (48, 52), (14, 38)]
FENCE = [(a, b, "wall", 0, 1) for a, b in zip(CORNERS, CORNERS[1:] + CORNERS[:1], strict=True)]
STROKES = [*FENCE, ((30, 25), (44, 33), "label", 1, 3), ((5, 5), (5, 30), "erase", 0, 2)]
NOTHING, ERASED = -1, -2  # in place of a painted channel


def answers(traces: Traces) -> dict:
    paths = [traces.chelsea, traces.astronaut, *(traces.trained[name] for name in ("yard",) if name in traces.trained)]
    return {
        "painted": [repainted(path, passes) for path in paths for passes in (None, 3)],
        "fence": fenced(traces.chelsea),
        "unpainted": traces.astronaut,
    }


def line(start: tuple[int, int], end: tuple[int, int]):
    """Cells of a stroke, each beside the last: the next step goes along the axis that is behind the straight line."""
    (x, y), across, down = start, end[0] - start[0], end[1] - start[1]
    i = j = 0
    yield x, y
    while (i, j) != (abs(across), abs(down)):
        if (1 + 2 * i) * abs(down) < (1 + 2 * j) * abs(across):
            i += 1
        else:
            j += 1
        yield x + i * int(np.sign(across)), y + j * int(np.sign(down))


def draw(grid: tuple[int, int], strokes) -> tuple[np.ndarray, np.ndarray]:
    """Walls ``bool (h, w)`` and labels ``int (h, w)``: channels, NOTHING or ERASED."""
    w, h = grid
    wall, labels = np.zeros((h, w), bool), np.full((h, w), NOTHING)
    rows, columns = np.mgrid[:h, :w]
    for start, end, tool, channel, size in strokes:
        for x, y in line(start, end):
            middle = (size - 1) / 2 - (size - 1) // 2
            brush = (rows - y - middle) ** 2 + (columns - x - middle) ** 2 <= (size / 2) ** 2
            if tool == "wall":
                wall |= brush
            else:
                labels[brush] = channel if tool == "label" else ERASED
    return wall, labels


def cut(gates: np.ndarray, wall: np.ndarray) -> np.ndarray:
    """Gates without those that begin or end at a wall, by the contract's words."""
    gates, (h, w) = gates.copy(), wall.shape
    for d in range(4):
        for k in range(3):
            r, c = (k - 1, -1 if d == 0 else 1) if d < 2 else (-1 if d == 2 else 1, k - 1)
            there = np.pad(wall, 1)[1 + r : 1 + r + h, 1 + c : 1 + c + w]
            gates[d, k][wall | there] = 0
    return gates


def repainted(path, passes: int | None) -> dict:
    """The refined map of round 2 under strokes of all kinds."""
    trace = Trace.load(path)
    wall, labels = draw(trace.meta["grid"], STROKES)
    alpha, r = trace.rounds[2].alpha_u.copy(), trace.rounds[2]
    alpha[:, labels >= 0] = np.eye(len(alpha), dtype=np.float32)[labels[labels >= 0]].T
    alpha[:, labels == ERASED] = 1 / len(alpha)
    g = Scan(torch.from_numpy(cut(r.affinity.gates, wall))[None], passes or r.affinity.passes)
    refined = g.propagate(torch.from_numpy(alpha)[None])[0].numpy()
    assert np.abs(refined - r.alpha_p).max() > 0.1, "the strokes change something"
    painted = {"wall": wall, "label": labels, "refined": refined}
    return {"trace": path, "passes": passes, "strokes": STROKES, **painted}


def fenced(path) -> dict:
    """A closed wall, the part that each cell belongs to (0: the wall), and cells inside and outside."""
    trace = Trace.load(path)
    wall, _ = draw(trace.meta["grid"], FENCE)
    parts, count = label(~wall, np.ones((3, 3)))
    assert count == 2
    assert parts[0, 0] != parts[30, 35]
    cells = [y * wall.shape[1] + x for y, x in [(30, 35), (24, 40), (2, 2), (62, 80)]]
    return {"trace": path, "strokes": FENCE, "wall": wall, "parts": parts, "cells": cells}
