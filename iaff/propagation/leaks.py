"""Leaks: where the affinity mixes labels that differ (DESIGN, "Contracts").

Leak of pixel i with label y_i: ``1 - (G onehot(y))_{i, y_i}``, the share of its decision that other labels make. All
pixels' leaks are exact after one scan with a channel per label.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from iaff.grid import UNKNOWN, overlap
from iaff.propagation.gates import NEIGHBOURS
from iaff.propagation.propagators import Linear, Scan
from iaff.propagation.scan import ALL, propagate


def leak(g: Linear, labels: Tensor) -> Tensor:
    """Leak of every pixel of one photo.

    Args:
        labels: ``int (h, w)`` on the grid, 255 void. Void pixels have no leak; what they hold of a decision counts
            as another label's.

    Returns:
        ``float (h, w)`` in 0..1, NaN at void pixels.
    """
    one_hot = _one_hot(labels).to(g.ones())
    kept = (g.propagate(one_hot[None])[0] * one_hot).sum(0)
    return (1 - kept).masked_fill((labels == UNKNOWN).to(kept.device), float("nan"))


def leak_rate(g: Linear, labels: Tensor) -> float:
    """Mean leak of the non-void pixels, 0..1; NaN where all is void."""
    return float(leak(g, labels).nanmean())


@dataclass(frozen=True)
class Leak:
    """One edge of the scan over which another label arrives; grid coordinates (x, y)."""

    direction: int  # 0..3, see iaff.propagation.gates
    source: tuple[int, int]
    target: tuple[int, int]
    gate: float  # of the target towards the source, 0..1
    flow: float  # gate x the label mass other than the target's that the scan carries at the source, summed over passes


def ranked_leaks(g: Scan, labels: Tensor, count: int = 20) -> list[Leak]:
    """The edges between differently labelled, non-void pixels over which most of other labels flows, largest first.

    Args:
        g: the scan of one photo; labels: ``int (h, w)``, 255 void; count: at most so many.
    """
    gates, labels = g.gates.detach(), labels.to(g.gates.device).long()
    one_hot = _one_hot(labels).to(gates)
    flow = gates.new_zeros(gates.shape[1:])
    alpha = one_hot[None]
    for _ in range(g.passes):
        for d in ALL:
            carried = propagate(alpha, gates, direction=d)[0]
            flow[d] += _foreign(carried, one_hot, labels, gates[0, d], d)
        alpha = propagate(alpha, gates)
    best = flow.flatten().topk(min(count, flow.numel()))
    return [_leak(int(i), float(v), gates[0]) for i, v in zip(best.indices, best.values, strict=True) if v > 0]


def _foreign(carried: Tensor, one_hot: Tensor, labels: Tensor, gates: Tensor, direction: int) -> Tensor:
    """Gate x foreign mass at the source, for every gate of one direction: ``(3, h, w)``, 0 off the boundaries."""
    flow = torch.zeros_like(gates)
    total = carried.sum(0)
    for k in range(NEIGHBOURS):
        r, c = source_offset(direction, k)
        here, there = overlap(r, c, labels.shape)
        own = (carried[(slice(None), *there)] * one_hot[(slice(None), *here)]).sum(0)
        differs = (labels[here] != labels[there]) & (labels[here] != UNKNOWN) & (labels[there] != UNKNOWN)
        flow[(k, *here)] = gates[(k, *here)] * (total[there] - own) * differs
    return flow


def source_offset(direction: int, neighbour: int) -> tuple[int, int]:
    """(row, column) from a pixel to what its gate listens to; neighbour 0..2 stands for -1, 0, +1."""
    line = -1 if direction % 2 == 0 else 1
    return (neighbour - 1, line) if direction < 2 else (line, neighbour - 1)


def _one_hot(labels: Tensor) -> Tensor:
    known = labels[labels != UNKNOWN].unique()
    return labels == known[:, None, None]


def _leak(i: int, flow: float, gates: Tensor) -> Leak:
    d, k, y, x = (int(v) for v in torch.unravel_index(torch.tensor(i), gates.shape))
    r, c = source_offset(d, k)
    return Leak(d, (x + c, y + r), (x, y), float(gates[d, k, y, x]), flow)
