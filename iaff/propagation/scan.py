"""The propagation itself: the recurrence as the textbook has it, in plain PyTorch.

Along one direction, with s the column (or row) in scanning order (SPN, Liu et al. 2017; method 2.1)::

    h_s = (1 - sum_k w_k) x_s + sum_k w_k h_{s-1}[k]

and G is the mean over the four directions. The four scans run as one: every direction is brought into the
form (step, lane), padded to a square and stacked into the batch.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad


def propagate(alpha: Tensor, gates: Tensor, passes: int = 1) -> Tensor:
    """Applies G: ``G^passes alpha``.

    Args:
        alpha: ``(N, C, h, w)``, any values; a distribution over C stays one.
        gates: ``(N, 4, 3, h, w)``, see :mod:`iaff.propagation.gates`.
        passes: how often G is applied, at least 1.

    Returns:
        ``(N, C, h, w)``.
    """
    return _apply(_scan, alpha, gates, passes)


def propagate_back(alpha: Tensor, gates: Tensor, passes: int = 1) -> Tensor:
    """Applies the transpose of G, one reverse scan per pass; shapes as :func:`propagate`."""
    return _apply(_scan_back, alpha, gates, passes)


def column(gates: Tensor, x: int, y: int, passes: int = 1) -> Tensor:
    """Column of G, "where this pixel's label goes": ``G[:, (x, y)]`` as ``(N, h, w)``; grid coordinates."""
    return propagate(_one_hot(gates, x, y), gates, passes)[:, 0]


def row(gates: Tensor, x: int, y: int, passes: int = 1) -> Tensor:
    """Row of G, "which pixels decide this one": ``G[(x, y), :]`` as ``(N, h, w)``, sums to 1; grid coordinates."""
    return propagate_back(_one_hot(gates, x, y), gates, passes)[:, 0]


def _one_hot(gates: Tensor, x: int, y: int) -> Tensor:
    n, _, _, h, w = gates.shape
    if not (0 <= x < w and 0 <= y < h):
        raise IndexError(f"pixel ({x}, {y}) is outside the grid of {w} x {h}")
    hot = gates.new_zeros(n, 1, h, w)
    hot[:, :, y, x] = 1
    return hot


def _apply(scan, alpha: Tensor, gates: Tensor, passes: int) -> Tensor:
    if alpha.shape[0] != gates.shape[0] or alpha.shape[-2:] != gates.shape[-2:]:
        raise ValueError(f"alpha {tuple(alpha.shape)} and gates {tuple(gates.shape)}: batch and grid must be the same")
    if passes < 1:
        raise ValueError(f"passes: got {passes}, expected at least 1")
    weights = _to_steps(gates.unbind(1))
    for _ in range(passes):
        stacked = _to_steps([alpha] * 4)
        alpha = _from_steps(scan(stacked, weights), alpha.shape)
    return alpha


def _scan(x: Tensor, w: Tensor) -> Tensor:
    """x (S, 4N, C, S), w (S, 4N, 3, S) -> h of x's shape; the first axis is the step, the last the lane."""
    stay = 1 - w.sum(2, keepdim=True)
    h = x[0] * stay[0]
    steps = [h]
    for s in range(1, len(x)):
        before = pad(h, (1, 1))  # lanes -1 and S: their gates are 0
        h = stay[s] * x[s] + w[s, :, 0:1] * before[..., :-2] + w[s, :, 1:2] * h + w[s, :, 2:3] * before[..., 2:]
        steps.append(h)
    return torch.stack(steps)


def _scan_back(y: Tensor, w: Tensor) -> Tensor:
    """The transpose of :func:`_scan`: from the last step to the first, gates used from where they point."""
    stay = 1 - w.sum(2, keepdim=True)
    carried = torch.zeros_like(y[0])
    steps = []
    for s in range(len(y) - 1, -1, -1):
        g = y[s] + carried
        steps.append(stay[s] * g)
        sent = w[s].unsqueeze(2) * g.unsqueeze(1)  # (4N, 3, C, S): to lanes -1, 0, +1 of the step before
        carried = sent[:, 1] + pad(sent[:, 0], (0, 1))[..., 1:] + pad(sent[:, 2], (1, 0))[..., :-1]
    return torch.stack(steps[::-1])


def _to_steps(maps: list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """Four maps (N, C, h, w), one per direction -> (S, 4N, C, S) in scanning order, S = max(h, w)."""
    side = max(maps[0].shape[-2:])
    lines = [maps[0], maps[1].flip(-1), maps[2].mT, maps[3].flip(-2).mT]  # each (N, C, lane, step)
    squares = [pad(m, (0, side - m.shape[-1], 0, side - m.shape[-2])) for m in lines]
    return torch.cat(squares).permute(3, 0, 1, 2)


def _from_steps(h: Tensor, shape: torch.Size) -> Tensor:
    """The inverse of :func:`_to_steps`, averaged over the four directions."""
    height, width = shape[-2:]
    right, left, down, up = h.permute(1, 2, 3, 0).chunk(4)
    right, left = right[..., :height, :width], left[..., :height, :width].flip(-1)
    down, up = down[..., :width, :height].mT, up[..., :width, :height].mT.flip(-2)
    return (right + left + down + up) / 4
