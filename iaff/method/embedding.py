"""A map of the superpixels by what the unary network sees in them: its pooled features in two dimensions."""

import numpy as np
from sklearn.decomposition import PCA

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
        # arpack finds no more components than asked for; scikit-learn fixes the signs by the largest loading
        pca = PCA(DIMENSIONS, whiten=True, svd_solver="arpack", random_state=0)
        found = pca.fit_transform(seen)
        found[:, pca.explained_variance_ratio_ < FLAT] = 0
        places[sizes > 0] = found
    return places
