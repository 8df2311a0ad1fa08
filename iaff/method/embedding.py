"""A map of the superpixels by what the unary network sees in them: its pooled features in two dimensions."""

import numpy as np

DIMENSIONS = 2
FLAT = 1e-6  # a direction with less of the variance than this is rounding noise


def embed(features: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The two principal components of pooled features, each scaled to unit variance.

    Args:
        features: ``(S, D)``, see :func:`iaff.method.mining.pool_features`; sizes: cells of each superpixel ``(S,)``.

    Returns:
        ``float16 (S, 2)``, the same at every call; (0, 0) for a superpixel of size 0, which has no features, and for
        all where there are fewer than three others, or all look alike.
    """
    places = np.zeros((len(features), DIMENSIONS), np.float16)
    seen = features[sizes > 0].astype(np.float64)
    if min(seen.shape) > DIMENSIONS and np.ptp(seen, axis=0).max() > 0:
        u, singular, axes = np.linalg.svd(seen - seen.mean(0), full_matrices=False)
        largest = np.abs(axes[:DIMENSIONS]).argmax(1)  # an axis has no direction of its own: this loading is positive
        found = u[:, :DIMENSIONS] * np.sign(axes[range(DIMENSIONS), largest]) * np.sqrt(len(seen) - 1)
        shares = singular**2 / (singular**2).sum()
        found[:, shares[:DIMENSIONS] < FLAT] = 0
        places[sizes > 0] = found
    return places
