"""A strip of pictures per photo and round, for TensorBoard: photo, unary map, confident regions, refined map, truth."""

import numpy as np
from torch import Tensor

from iaff.data.transforms import enlarge
from iaff.grid import UNKNOWN
from iaff.method.photo import RoundMaps
from iaff.trace.encoding import palette

SEEN = 0.55  # share of the label's colour over the photo


def strip(photo: np.ndarray, maps: RoundMaps, classes: Tensor, truth: np.ndarray | None) -> np.ndarray:
    """A round's maps of a photo, side by side: ``uint8 (H, n W, 3)``; unknown pixels show the photo.

    Args:
        photo: ``uint8 (H, W, 3)``; classes: ids of the maps' channels, ``int (K,)``; truth: ``uint8 (H, W)``, if any.
    """
    labels = (classes[maps.alpha_u.argmax(0)], maps.confident, classes[maps.alpha_p.argmax(0)])
    shown = [enlarge(label, *photo.shape[:2]).numpy() for label in labels] + ([] if truth is None else [truth])
    return np.concatenate([photo, *(_over(photo, label) for label in shown)], 1)


def _over(photo: np.ndarray, labels: np.ndarray) -> np.ndarray:
    colours = np.array(palette(), np.float32).reshape(-1, 3)[labels]
    mixed = (1 - SEEN) * photo + SEEN * colours
    return np.where((labels == UNKNOWN)[..., None], photo, mixed.round()).astype(np.uint8)
