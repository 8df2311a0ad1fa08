"""Another model's affinity in the explorer: pair weights within a radius, as AffinityNet (PSA) has them.

    python -m examples.another_affinity && python -m iaff explore walk.safetensors

Here the pairs are made from plain colours, and the unary map from the shipped run; put your own in their place.
"""

from pathlib import Path

import numpy as np
from skimage.measure import block_reduce

import iaff

ours = iaff.explain(Path(__file__).parent.parent / "assets/gallery/chelsea.jpg", ["cat"])
photo, alpha = ours.image(), ours.rounds[1].alpha_u  # uint8 (H, W, 3); (K, h, w), h = ceil(H / 4)
colour = block_reduce(photo / 255.0, (4, 4, 1), np.mean)  # (h, w, 3)

# pairs within a radius of 5 cells: affinity a = exp(-|colour difference|^2 / 2 s^2), as W = a^beta, rows normalised
offsets = np.array([(r, c) for r in range(-4, 5) for c in range(-4, 5) if 0 < r * r + c * c < 25])
h, w = colour.shape[:2]
rows, columns = np.mgrid[:h, :w]
weights = np.zeros((len(offsets), h, w))
for m, (r, c) in enumerate(offsets):
    inside = (rows + r >= 0) & (rows + r < h) & (columns + c >= 0) & (columns + c < w)
    other = colour[(rows + r).clip(0, h - 1), (columns + c).clip(0, w - 1)]
    weights[m] = inside * np.exp(-((colour - other) ** 2).sum(-1) / (2 * 0.1**2)) ** 8
weights /= 1 + weights.sum(0)  # each pixel listens to itself with weight 1 before normalising

# the ten lines that matter
trace = iaff.Trace.from_arrays(
    image=photo,
    classes=ours.classes,
    rounds=[{"alpha_u": alpha, "offsets": offsets, "weights": weights, "steps": 256}],
    truth=None,
    name="random walk on colours",
    title="Random walk over colour pairs, 256 steps",
)
trace.save("walk.safetensors")
print(f"reach of the middle: {np.count_nonzero(trace.rounds[1].affinity.row(176, 116) > 1e-4)} cells")
print("Look at it: python -m iaff explore walk.safetensors")
