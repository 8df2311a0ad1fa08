"""The propagation G: one operator in three forms, chosen by where the tensors lie.

``reference`` (:mod:`iaff.propagation.reference`) is plain PyTorch on any device, ``cpu``
(:mod:`iaff.propagation.cpu`) the compiled loops, ``triton`` (:mod:`iaff.propagation.gpu`) the GPU kernel. CPU tensors
take ``cpu``, others ``reference``; ``form=`` or the environment variable ``IAFF_SCAN`` chooses otherwise.
All compute in float32 (float64 where an input is) and answer in alpha's own dtype.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Literal

import torch
from torch import Tensor

from iaff.propagation import reference

Form = Literal["reference", "cpu", "triton"]
_MODULES = {"reference": "reference", "cpu": "cpu", "triton": "gpu"}
ALL = (0, 1, 2, 3)


def propagate(
    alpha: Tensor,
    gates: Tensor,
    passes: int = 1,
    *,
    direction: int | None = None,
    fusion: Literal["mean", "max"] = "mean",
    form: Form | None = None,
) -> Tensor:
    """Applies G: ``G^passes alpha``, G the mean of the four directions' scans (method 2.1, 2.5).

    Args:
        alpha: ``(N, C, h, w)``, floating, any values and strides; a distribution over C stays one.
        gates: ``(N, 4, 3, h, w)``, see :mod:`iaff.propagation.gates`.
        passes: how often G is applied, at least 1.
        direction: 0..3 for the matrix of one direction alone.
        fusion: ``max`` takes the larger value of the directions at every pixel and class, as first published. For
            comparison only: it is not linear, so that no G exists, and alpha no longer sums to 1 (method 5.3).
        form: of the computation; default: by device.

    Returns:
        ``(N, C, h, w)`` in alpha's dtype. Differentiable once in alpha and gates.

    Raises:
        ValueError: shapes that do not fit, or an argument out of its range.
    """
    if fusion not in ("mean", "max"):
        raise ValueError(f"fusion: got {fusion!r}, expected 'mean' or 'max'")
    if fusion == "max":
        return _apply(lambda x, g, which: reference.scans(x, g, which).amax(0), alpha, gates, passes, direction)
    return _apply(_form(form, gates).spread, alpha, gates, passes, direction)


def propagate_back(
    alpha: Tensor, gates: Tensor, passes: int = 1, *, direction: int | None = None, form: Form | None = None
) -> Tensor:
    """Applies the transpose of G, one reverse scan per pass; arguments as :func:`propagate`."""
    return _apply(_form(form, gates).gather, alpha, gates, passes, direction)


def column(
    gates: Tensor, x: int | Sequence[int], y: int | Sequence[int], passes: int = 1, *, direction: int | None = None
) -> Tensor:
    """Columns of G, "where this pixel's label goes".

    Args:
        x, y: grid coordinates of a pixel, or of Q pixels.

    Returns:
        ``G[:, (x, y)]`` as ``(N, h, w)``, or ``(N, Q, h, w)`` for sequences; values in 0..1.

    Raises:
        IndexError: a pixel outside the grid.
    """
    return _query(propagate, gates, x, y, passes, direction)


def row(
    gates: Tensor, x: int | Sequence[int], y: int | Sequence[int], passes: int = 1, *, direction: int | None = None
) -> Tensor:
    """Rows of G, "which pixels decide this one": ``G[(x, y), :]``, sums to 1; as :func:`column`."""
    return _query(propagate_back, gates, x, y, passes, direction)


def one_hot(like: Tensor, x: int | Sequence[int] | Tensor, y: int | Sequence[int] | Tensor) -> Tensor:
    """Maps with a 1 at each pixel: ``(N, Q, h, w)``, N, h, w, dtype and device as ``like`` has them."""
    n, h, w = like.shape[0], *like.shape[-2:]
    xs, ys = torch.atleast_1d(torch.as_tensor(x)), torch.atleast_1d(torch.as_tensor(y))
    outside = (xs < 0) | (xs >= w) | (ys < 0) | (ys >= h)
    if outside.any():
        i = int(outside.nonzero()[0])
        raise IndexError(f"pixel ({int(xs[i])}, {int(ys[i])}) is outside the grid of {w} x {h}")
    hot = like.new_zeros(n, len(xs), h, w)
    hot[:, torch.arange(len(xs)), ys, xs] = 1
    return hot


def _query(ask, gates: Tensor, x, y, passes: int, direction: int | None) -> Tensor:
    answer = ask(one_hot(gates, x, y), gates, passes, direction=direction)
    return answer[:, 0] if isinstance(x, int) else answer


def _form(form: Form | None, gates: Tensor):
    name = form or os.environ.get("IAFF_SCAN") or ("cpu" if gates.device.type == "cpu" else "reference")
    if name not in _MODULES:
        raise ValueError(f"form: got {name!r}, expected one of {', '.join(_MODULES)}")
    return import_module(f"iaff.propagation.{_MODULES[name]}")


def _apply(scan, alpha: Tensor, gates: Tensor, passes: int, direction: int | None) -> Tensor:
    _check(alpha, gates, passes, direction)
    precision = torch.float64 if torch.float64 in (alpha.dtype, gates.dtype) else torch.float32
    moved, weights = alpha.to(precision), gates.to(precision)
    for _ in range(passes):
        moved = scan(moved, weights, ALL if direction is None else (direction,))
    return moved.to(alpha.dtype)


def _check(alpha: Tensor, gates: Tensor, passes: int, direction: int | None) -> None:
    if alpha.dim() != 4 or not alpha.is_floating_point():
        raise ValueError(f"alpha: got {alpha.dtype} {tuple(alpha.shape)}, expected floating (N, C, h, w)")
    if gates.dim() != 5 or gates.shape[1:3] != (4, 3):
        raise ValueError(f"gates: got shape {tuple(gates.shape)}, expected (N, 4, 3, h, w)")
    if alpha.shape[0] != gates.shape[0] or alpha.shape[-2:] != gates.shape[-2:]:
        raise ValueError(f"alpha {tuple(alpha.shape)} and gates {tuple(gates.shape)}: batch and grid must be the same")
    if passes < 1:
        raise ValueError(f"passes: got {passes}, expected at least 1")
    if direction not in (None, *ALL):
        raise ValueError(f"direction: got {direction}, expected 0..3, or None for the mean of all")
