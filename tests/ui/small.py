"""A trace that is quick to read and to draw, with a round of each kind of affinity."""

import numpy as np

from iaff.trace import Trace
from tests.ui.synthetic import make_gates

H, W, K = 48, 64, 3


def small_trace() -> Trace:
    """Two rounds, one of each affinity; every layer, but the second round has no confident regions."""
    rng = np.random.default_rng(5)
    h, w = H // 4, W // 4
    image = rng.integers(0, 255, (H, W, 3), np.uint8)
    alpha = rng.dirichlet(np.ones(K), (h, w)).transpose(2, 0, 1)
    offsets = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])
    weights = np.full((4, h, w), 0.2)
    weights[0, :, -1] = weights[1, :, 0] = weights[2, -1] = weights[3, 0] = 0
    patches = np.add.outer(np.arange(H) // 16 * (W // 16), np.arange(W) // 16)
    scores = rng.dirichlet(np.ones(K), patches.max() + 1)
    labels = rng.choice([0, 1, 2, 255], (h, w)).astype(np.uint8)
    gates = make_gates(rng.random((h, w, 3)), 2)
    return Trace.from_arrays(
        image,
        ["background", "cat", "dog"],
        [
            {"alpha_u": alpha, "gates": gates, "scores": scores, "confident": labels},
            {"alpha_u": alpha, "offsets": offsets, "weights": weights, "steps": 8},
        ],
        cam=rng.random((K - 1, h, w)),
        seeds=labels,
        superpixels=patches,
        truth=np.kron(labels, np.ones((4, 4), np.uint8)),
        thresholds={"tau": 0.5},
        tag_scores={"cat": 0.9, "dog": 0.2},
    )


def small_sparse() -> Trace:
    """Two rounds of sparse affinities on cells of 8 x 8 px: every cell listens to all others, or to five."""
    rng, stride = np.random.default_rng(6), 8
    h, w = H // stride, W // stride
    n = h * w
    weights = rng.dirichlet(np.ones(n), n)
    partners = rng.permuted(np.tile(np.arange(n), (n, 1)), axis=1)[:, :5]
    alpha = rng.dirichlet(np.ones(K), (h, w)).transpose(2, 0, 1)
    return Trace.from_arrays(
        rng.integers(0, 255, (H, W, 3), np.uint8),
        ["background", "cat", "dog"],
        [
            {"alpha_u": alpha, "partners": None, "weights": weights, "steps": 1},
            {"alpha_u": alpha, "partners": partners, "weights": np.full((n, 5), 0.15), "steps": 30},
        ],
        stride=stride,
        seeds=rng.choice([0, 1, 2, 255], (h, w)).astype(np.uint8),
    )
