"""The recurrence as the textbook has it, in plain PyTorch: what every other form is held to.

Along one direction, with s the column (or row) in scanning order (SPN, Liu et al. 2017; method 2.1)::

    h_s = (1 - sum_k w_k) x_s + sum_k w_k h_{s-1}[k]

The scans run as one: every direction is brought into the form (step, lane), padded to a square and stacked into
the batch. Gradients are autograd's.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad


def spread(x: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    """The mean of the directions' scans: x ``(N, C, h, w)`` -> the same."""
    return scans(x, gates, directions).mean(0)


def gather(y: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    """The transpose of :func:`spread`."""
    return _each(_scan_back, y, gates, directions).mean(0)


def scans(x: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    """Each direction's scan by itself: ``(D, N, C, h, w)``."""
    return _each(_scan, x, gates, directions)


def _each(scan, x: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    weights = _to_steps([gates[:, d] for d in directions], directions)
    steps = scan(_to_steps([x] * len(directions), directions), weights)
    return _from_steps(steps, directions, x.shape)


def _scan(x: Tensor, w: Tensor) -> Tensor:
    """x (S, DN, C, S), w (S, DN, 3, S) -> h of x's shape; the first axis is the step, the last the lane."""
    stay = 1 - w.sum(2, keepdim=True)
    h = x[0] * stay[0]
    steps = [h]
    for s in range(1, len(x)):
        before = pad(h, (1, 1))  # lanes -1 and S: nothing comes from there
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
        sent = w[s].unsqueeze(2) * g.unsqueeze(1)  # (DN, 3, C, S): to lanes -1, 0, +1 of the step before
        carried = sent[:, 1] + pad(sent[:, 0], (0, 1))[..., 1:] + pad(sent[:, 2], (1, 0))[..., :-1]
    return torch.stack(steps[::-1])


def _to_steps(maps: list[Tensor], directions: tuple[int, ...]) -> Tensor:
    """Maps (N, C, h, w), one per direction -> (S, DN, C, S) in scanning order, S = max(h, w)."""
    side = max(maps[0].shape[-2:])
    lines = [_scanning_order(m, d) for m, d in zip(maps, directions, strict=True)]  # each (N, C, lane, step)
    squares = [pad(m, (0, side - m.shape[-1], 0, side - m.shape[-2])) for m in lines]
    return torch.cat(squares).permute(3, 0, 1, 2)


def _from_steps(h: Tensor, directions: tuple[int, ...], shape: torch.Size) -> Tensor:
    """The inverse of :func:`_to_steps`: ``(D, N, C, h, w)``."""
    height, width = shape[-2:]
    maps = []
    for m, d in zip(h.permute(1, 2, 3, 0).chunk(len(directions)), directions, strict=True):
        lanes, steps = (height, width) if d < 2 else (width, height)
        m = m[..., :lanes, :steps]
        m = m.flip(-1) if d % 2 else m
        maps.append(m if d < 2 else m.mT)
    return torch.stack(maps)


def _scanning_order(m: Tensor, direction: int) -> Tensor:
    m = m if direction < 2 else m.mT
    return m.flip(-1) if direction % 2 else m
