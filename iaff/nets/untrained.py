"""Stand-ins for a pairwise network that learn nothing: plain self-training, and PAMR in place of G (ablations)."""

import numpy as np

from iaff.data.transforms import grid_photo
from iaff.grid import grid_size
from iaff.nets.guidance import Pairwise
from iaff.propagation import Nothing, Pamr

# Of PAMR at stride 4; chosen on 100 photos of `tune`, on the shipped run's last alpha^u (see training/bench/README.md).
GRID_DILATIONS, GRID_STEPS = (1, 2, 4, 8), 20


class SelfTraining(Pairwise):
    """G = I: the unary map teaches the next round as it is."""

    def propagator(self, image: np.ndarray) -> Nothing:
        """What refines one photo ``uint8 (H, W, 3)``."""
        return Nothing(grid_size(*image.shape[:2]))


class ByColour(Pairwise):
    """PAMR: what is alike in colour gets alike labels."""

    def propagator(self, image: np.ndarray) -> Pamr:
        """What refines one photo ``uint8 (H, W, 3)``."""
        return Pamr(grid_photo(image), GRID_DILATIONS, GRID_STEPS)
