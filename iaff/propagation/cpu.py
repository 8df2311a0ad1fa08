"""The recurrence on a CPU, as loops that numba compiles once and keeps (no compiler on your machine is needed).

A horizontal scan is a vertical scan of the transposed map, so that the kernels know one form alone: maps
``(C, S, L)``, S lines in scanning order (or its reverse), L lanes; gates ``(D, 3, S, L)`` of D directions, ``back[d]``
where the last line comes first. Lines are padded by a lane of zeros on either side: nothing comes from there.

Memory: the transposed maps, and a few lines. The backward pass scans again instead of keeping a map per direction.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad


def _compiled(kernel: Callable) -> Callable:
    try:
        return njit(nogil=True, cache=True)(kernel)
    except RuntimeError:  # no folder to keep it in: compiled once per process
        return njit(nogil=True)(kernel)


@_compiled
def _spread(x, gates, stay, back, out):
    """out += h:  h_s = (1 - sum_k w_k) x_s + sum_k w_k h_{s-1}[k]."""
    channels, steps, lanes = x.shape
    h, before = np.zeros(lanes + 2, x.dtype), np.zeros(lanes + 2, x.dtype)
    for d in range(len(back)):
        for c in range(channels):
            before[:] = 0
            for i in range(steps):
                s = steps - 1 - i if back[d] else i
                x_s, keep, out_s = x[c, s], stay[d, s], out[c, s]
                w0, w1, w2 = gates[d, 0, s], gates[d, 1, s], gates[d, 2, s]
                for n in range(lanes):
                    h[n + 1] = keep[n] * x_s[n] + w0[n] * before[n] + w1[n] * before[n + 1] + w2[n] * before[n + 2]
                for n in range(lanes):
                    out_s[n] += h[n + 1]
                h, before = before, h


@_compiled
def _gather(y, told, stay, back, out):
    """out += (1 - sum_k w_k) g:  g_s = y_s + what the pixels of line s+1 heard from line s (``told``)."""
    channels, steps, lanes = y.shape
    g, after = np.zeros(lanes + 2, y.dtype), np.zeros(lanes + 2, y.dtype)
    for d in range(len(back)):
        for c in range(channels):
            after[:] = 0
            for i in range(steps):
                s = i if back[d] else steps - 1 - i
                t = min(max(s - 1 if back[d] else s + 1, 0), steps - 1)  # the line after s; none: after is 0
                y_s, keep, out_s = y[c, s], stay[d, s], out[c, s]
                w0, w1, w2 = told[d, 0, t], told[d, 1, t], told[d, 2, t]
                for n in range(lanes):
                    g[n + 1] = y_s[n] + w0[n] * after[n + 2] + w1[n] * after[n + 1] + w2[n] * after[n]
                for n in range(lanes):
                    out_s[n] += keep[n] * g[n + 1]
                g, after = after, g


@_compiled
def _gate_slope(x, y, gates, told, stay, back, out):
    """out_k += sum_c g_s (h_{s-1}[k] - x_s): the derivative of <y, sum of scans of x> by the gates."""
    channels, steps, lanes = x.shape
    h = np.zeros((steps + 1, lanes + 2), x.dtype)  # h[i + 1]: the line visited as the i-th
    g, after = np.zeros(lanes + 2, x.dtype), np.zeros(lanes + 2, x.dtype)
    for d in range(len(back)):
        for c in range(channels):
            for i in range(steps):
                s = steps - 1 - i if back[d] else i
                x_s, keep, now, before = x[c, s], stay[d, s], h[i + 1], h[i]
                w0, w1, w2 = gates[d, 0, s], gates[d, 1, s], gates[d, 2, s]
                for n in range(lanes):
                    now[n + 1] = keep[n] * x_s[n] + w0[n] * before[n] + w1[n] * before[n + 1] + w2[n] * before[n + 2]
            after[:] = 0
            for i in range(steps - 1, -1, -1):
                s = steps - 1 - i if back[d] else i
                t = min(max(s - 1 if back[d] else s + 1, 0), steps - 1)
                x_s, y_s, before = x[c, s], y[c, s], h[i]
                w0, w1, w2 = told[d, 0, t], told[d, 1, t], told[d, 2, t]
                out0, out1, out2 = out[d, 0, s], out[d, 1, s], out[d, 2, s]
                for n in range(lanes):
                    g[n + 1] = y_s[n] + w0[n] * after[n + 2] + w1[n] * after[n + 1] + w2[n] * after[n]
                for n in range(lanes):
                    out0[n] += g[n + 1] * (before[n] - x_s[n])
                for n in range(lanes):
                    out1[n] += g[n + 1] * (before[n + 1] - x_s[n])
                for n in range(lanes):
                    out2[n] += g[n + 1] * (before[n + 2] - x_s[n])
                g, after = after, g


def spread(x: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    """As :func:`iaff.propagation.reference.spread`."""
    return _Scan.apply(x, gates, directions, False)


def gather(y: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    """As :func:`iaff.propagation.reference.gather`."""
    return _Scan.apply(y, gates, directions, True)


class _Scan(torch.autograd.Function):
    """The mean of the scans, or its transpose; each is the other's backward pass."""

    @staticmethod
    def forward(ctx, x: Tensor, gates: Tensor, directions: tuple[int, ...], transposed: bool) -> Tensor:
        ctx.save_for_backward(x, gates)
        ctx.how = directions, transposed
        return _linear(x, gates, directions, transposed)

    @staticmethod
    @once_differentiable
    def backward(ctx, y: Tensor):
        (x, gates), (directions, transposed) = ctx.saved_tensors, ctx.how
        dx = _linear(y, gates, directions, not transposed) if ctx.needs_input_grad[0] else None
        pair = (y, x) if transposed else (x, y)
        dgates = _slope(*pair, gates, directions) if ctx.needs_input_grad[1] else None
        return dx, dgates, None, None


class _Axis:
    """The directions of one axis: their gates, and maps turned so that they are scanned line by line."""

    def __init__(self, gates: Tensor, directions: tuple[int, ...], horizontal: bool):
        self.directions = [d for d in directions if (d < 2) == horizontal]
        self.horizontal = horizontal
        self.back = np.array([d % 2 == 1 for d in self.directions])
        own = self.turned(gates[:, self.directions])
        self.gates, self.stay = own.numpy(), (1 - own.sum(2)).numpy()
        self._own = own

    def turned(self, m: Tensor) -> Tensor:
        return (m.mT if self.horizontal else m).contiguous()

    def told(self) -> np.ndarray:
        """The gates as seen from where they point: lane n hears from n+1 by its gate -1, from n-1 by its gate +1."""
        left, middle, right = self._own.unbind(2)
        return torch.stack([pad(left, (0, 1))[..., 1:], middle, pad(right, (1, 0))[..., :-1]], 2).numpy()


def _axes(gates: Tensor, directions: tuple[int, ...]) -> list[_Axis]:
    return [a for a in (_Axis(gates, directions, h) for h in (True, False)) if a.directions]


def _linear(x: Tensor, gates: Tensor, directions: tuple[int, ...], transposed: bool) -> Tensor:
    jobs, parts = [], []
    for axis in _axes(gates, directions):
        turned = axis.turned(x)
        part = torch.zeros_like(turned)
        weights = axis.told() if transposed else axis.gates
        kernel, into = _gather if transposed else _spread, part.numpy()
        for n, source in enumerate(turned.numpy()):
            jobs.append((kernel, source, weights[n], axis.stay[n], axis.back, into[n]))
        parts.append(part.mT if axis.horizontal else part)
    _run(jobs)
    return sum(parts[1:], parts[0]).div_(len(directions)).contiguous()


def _slope(x: Tensor, y: Tensor, gates: Tensor, directions: tuple[int, ...]) -> Tensor:
    out, jobs, parts = torch.zeros_like(gates, memory_format=torch.contiguous_format), [], []
    for axis in _axes(gates, directions):
        xs, ys, told = axis.turned(x).numpy(), axis.turned(y).numpy(), axis.told()
        part = torch.zeros(axis.gates.shape, dtype=gates.dtype)
        for n, into in enumerate(part.numpy()):
            jobs.append((_gate_slope, xs[n], ys[n], axis.gates[n], told[n], axis.stay[n], axis.back, into))
        parts.append((axis, part))
    _run(jobs)
    for axis, part in parts:
        out[:, axis.directions] = part.mT if axis.horizontal else part
    return out.div_(len(directions))


def _run(jobs: list[tuple]) -> None:
    """Axes and photos side by side, on as many threads as PyTorch uses; no result depends on how many."""
    threads = torch.get_num_threads()
    if threads == 1 or len(jobs) == 1:
        for kernel, *arguments in jobs:
            kernel(*arguments)
        return
    for done in [_pool(threads).submit(*job) for job in jobs]:
        done.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "iaff-scan")


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive it
