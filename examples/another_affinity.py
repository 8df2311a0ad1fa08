"""Another model's affinity in the explorer: pair weights within a radius, as AffinityNet (PSA) has them.

    python -m examples.another_affinity && python -m iaff explore walk.safetensors

Here the pairs are made from plain colours, and the unary map from the shipped run; put your own in their place.
"""

from pathlib import Path

import numpy as np

import iaff
from iaff.data.transforms import grid_photo
from iaff.propagation import colour_affinities, transition

ours = iaff.explain(Path(__file__).parent.parent / "assets/gallery/chelsea.jpg", ["cat"])
photo, alpha = ours.image(), ours.rounds[1].alpha_u  # uint8 (H, W, 3); (K, h, w), h = ceil(H / 4)

# pairs within a radius of 5 cells: a = exp(-|colour difference|^2 / 2 s^2), W = a^beta, rows normalised
offsets, affinities = colour_affinities(grid_photo(photo), sigma=0.1)  # (M, 2) as (row, column); (M, h, w)
weights = transition(affinities, beta=8)

# the ten lines that matter
trace = iaff.Trace.from_arrays(
    image=photo,
    classes=ours.classes,
    rounds=[{"alpha_u": alpha, "offsets": offsets.numpy(), "weights": weights.numpy(), "steps": 256}],
    truth=None,
    name="random walk on colours",
    title="Random walk over colour pairs, 256 steps",
)
trace.save("walk.safetensors")
print(f"reach of the middle: {np.count_nonzero(trace.rounds[1].affinity.row(176, 116) > 1e-4)} cells")
print("Look at it: python -m iaff explore walk.safetensors")
