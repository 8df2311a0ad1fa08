"""Arrays that make a small trace."""

import numpy as np
import torch

from iaff.propagation import gates_from_logits

H, W, CLASSES = 22, 32, ["background", "cat", "dog"]
OFFSETS = np.array([(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0)])


def arrays(seed=0):
    """A photo, one round's arrays with IAL's gates, and one with a random walk over the eight neighbours."""
    generator = torch.Generator().manual_seed(seed)
    image = np.random.default_rng(seed).integers(0, 255, (H, W, 3), np.uint8)
    alpha = torch.rand(3, 6, 8, generator=generator).softmax(0).numpy()
    gates = gates_from_logits(torch.randn(1, 16, 6, 8, generator=generator))[0].numpy()
    weights = np.random.default_rng(seed).random((8, 6, 8), np.float32) / 8
    for m, (r, c) in enumerate(OFFSETS):
        rows, columns = np.mgrid[:6, :8] + np.array([r, c])[:, None, None]
        weights[m, (rows < 0) | (rows >= 6) | (columns < 0) | (columns >= 8)] = 0
    scan = {"alpha_u": alpha, "gates": gates, "passes": 2}
    return image, scan, {"alpha_u": alpha, "offsets": OFFSETS, "weights": weights, "steps": 5}
