"""The dense CRF (Kraehenbuehl and Koltun, NIPS 2011) as PSA and IRN use it, by an optional library."""

from importlib import import_module
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from iaff.extras import missing
from iaff.grid import STRIDE


class DenseCrf:
    """Ten mean-field steps with a Gaussian and a bilateral kernel (method 4.1).

    Args:
        photo: ``(3, h, w)`` on the affinity grid, 0..255. The kernels' widths in px are those of PSA, divided by the
            grid's stride, px per cell.

    Raises:
        UserError: the library is not installed.
    """

    name: ClassVar[str] = "dense crf"
    linear: ClassVar[bool] = False
    why: ClassVar[str] = "mean-field steps end in a softmax: they are not linear, and have no rows"

    def __init__(self, photo: Tensor, steps: int = 10, stride: int = STRIDE):
        try:
            library = import_module("pydensecrf.densecrf")
        except ImportError as error:
            raise missing("pydensecrf", "crf", "The dense CRF, which a C++ compiler has to compile") from error
        self._new, self.steps, self.stride = library.DenseCRF2D, steps, stride
        self.photo = np.ascontiguousarray(photo.permute(1, 2, 0).clamp(0, 255).byte().cpu().numpy())

    def propagate(self, alpha: Tensor) -> Tensor:
        """Refines ``(N, C, h, w)`` to the same; of another photo's maps nothing sensible."""
        return torch.stack([self._refine(a) for a in alpha])

    def _refine(self, alpha: Tensor) -> Tensor:
        c, h, w = alpha.shape
        crf = self._new(w, h, c)
        energy = -alpha.float().clamp(min=1e-5).log().flatten(1)
        crf.setUnaryEnergy(np.ascontiguousarray(energy.cpu().numpy()))
        crf.addPairwiseGaussian(sxy=3 / self.stride, compat=3)
        crf.addPairwiseBilateral(sxy=80 / self.stride, srgb=13, rgbim=self.photo, compat=10)
        refined = np.array(crf.inference(self.steps), np.float32).reshape(c, h, w)
        return torch.from_numpy(refined).to(alpha)
