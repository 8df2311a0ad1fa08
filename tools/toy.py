"""Makes the toy grid that the explorer ships, ``?img=toy``: ``python tools/toy.py``.

6 x 6 cells in two halves. Within a half every cell listens to each of its three neighbours with 1/4, in all four
directions, and to nobody beyond: numbers that can be reckoned at a blackboard.
"""

from pathlib import Path

import numpy as np

from iaff import Trace

FILE = Path(__file__).parents[1] / "iaff/explorer/static/trace/toy.safetensors"
CELLS, STRIDE, GATE = 6, 64, 0.25
PAPER = ((236, 222, 190), (196, 211, 228))  # of the object and of the background
LINE = (250, 250, 250)
STEPS = (
    ((-1, -1), (0, -1), (1, -1)),
    ((-1, 1), (0, 1), (1, 1)),
    ((-1, -1), (-1, 0), (-1, 1)),
    ((1, -1), (1, 0), (1, 1)),
)


def toy() -> Trace:
    """The trace: an object in the left half, which the unary map has but for one cell in either half."""
    truth = np.zeros((CELLS, CELLS), np.uint8)
    truth[:, : CELLS // 2] = 1
    unary = np.where(truth == 1, 0.9, 0.1).astype(np.float32)
    unary[3, 1], unary[1, 4] = 0.2, 0.7
    return Trace.from_arrays(
        photo(truth),
        ["background", "object"],
        [{"alpha_u": np.stack([1 - unary, unary]), "gates": gates(truth)}],
        stride=STRIDE,
        truth=truth.repeat(STRIDE, 0).repeat(STRIDE, 1),
        name="toy",
        title="A toy grid",
        note="6 × 6 cells, made by hand: gates of 1/4 within each half, none between them.",
    )


def gates(parts: np.ndarray) -> np.ndarray:
    """``float32 (4, 3, h, w)``: GATE to each neighbour in the grid and of the same part, else 0."""
    beyond = np.pad(parts.astype(int), 1, constant_values=-1)
    h, w = parts.shape
    made = np.zeros((4, 3, h, w), np.float32)
    for d, steps in enumerate(STEPS):
        for k, (down, right) in enumerate(steps):
            made[d, k][beyond[1 + down : 1 + down + h, 1 + right : 1 + right + w] == parts] = GATE
    return made


def photo(parts: np.ndarray) -> np.ndarray:
    """``uint8 (H, W, 3)``: squared paper in two colours."""
    image = np.where(parts[..., None] == 1, *PAPER).astype(np.uint8).repeat(STRIDE, 0).repeat(STRIDE, 1)
    for at in range(STRIDE, CELLS * STRIDE, STRIDE):
        image[at - 1 : at + 1] = image[:, at - 1 : at + 1] = LINE
    return image


if __name__ == "__main__":
    toy().save(FILE)
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")
