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


def small_sparse_trace() -> Trace:
    """Two rounds on a grid of stride 8: partners anywhere, and a dense matrix. Their weights leave some cells alone."""
    rng = np.random.default_rng(6)
    h, w = H // 8, W // 8
    n, k = h * w, 7
    alpha = rng.dirichlet(np.ones(K), (h, w)).transpose(2, 0, 1)
    partners = np.stack([rng.choice(n, k, replace=False) for _ in range(n)])
    weights = rng.dirichlet(np.ones(k), n) * rng.choice([0, 0.5, 1], (n, 1))
    labels = rng.choice([0, 1, 2, 255], (h, w)).astype(np.uint8)
    image = rng.integers(0, 255, (H - 5, W - 3, 3), np.uint8)
    return Trace.from_arrays(
        image,
        ["background", "cat", "dog"],
        [
            {"alpha_u": alpha, "partners": partners, "weights": weights, "steps": 3, "confident": labels},
            {"alpha_u": alpha, "partners": None, "weights": rng.dirichlet(np.ones(n) / 4, n), "steps": 1},
        ],
        stride=8,
        seeds=labels,
        truth=np.kron(labels, np.ones((8, 8), np.uint8))[: H - 5, : W - 3],
    )
