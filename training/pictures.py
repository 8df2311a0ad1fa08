"""A strip of pictures per photo and round, for TensorBoard: photo, unary map, confident regions, refined map, truth."""

import numpy as np

from iaff.encoding import palette
from iaff.grid import STRIDE, UNKNOWN
from iaff.trace import Trace

SEEN = 0.55  # share of the label's colour over the photo


def strip(trace: Trace, t: int) -> np.ndarray:
    """Round t (from 1) of a trace, side by side: ``uint8 (H, n W, 3)``; unknown pixels show the photo."""
    photo, ids, r = trace.image(), np.array(trace.meta["class_ids"]), trace.rounds[t]
    maps = [ids[r.alpha_u.argmax(0)], r.confident, ids[r.alpha_p.argmax(0)]]
    labels = [np.kron(m, np.ones((STRIDE, STRIDE), np.uint8)) for m in maps if m is not None]
    truth = trace.labels("truth")
    return np.concatenate([photo, *(_over(photo, m) for m in (*labels, *([] if truth is None else [truth])))], 1)


def _over(photo: np.ndarray, labels: np.ndarray) -> np.ndarray:
    labels = labels[: photo.shape[0], : photo.shape[1]]
    colours = np.array(palette(), np.float32).reshape(-1, 3)[labels]
    mixed = (1 - SEEN) * photo + SEEN * colours
    return np.where((labels == UNKNOWN)[..., None], photo, mixed.round()).astype(np.uint8)
