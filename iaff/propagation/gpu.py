"""The recurrence on a GPU, in Triton: one program walks the lines of one photo, one direction and some channels.

As on a CPU, a horizontal scan is a vertical scan of the transposed map. A program keeps its line in registers; what a
lane hears from the lanes beside it comes by ``tl.gather`` within the line, whose synchronisation is the compiler's
work. Inputs are float32 or bfloat16, sums float32. Nothing is added atomically: the result of a device is always the
same. The forward pass keeps each direction's scan, which the backward pass reads.

Opt-in (``form="triton"`` or ``IAFF_SCAN=triton``) until its speed is measured; see docs/propagation.md.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = 2048  # channels x lanes of one program


@triton.jit
def _beside(line, lane, lanes, step: tl.constexpr):
    """What stands ``step`` (-1 or 1) lanes further in each row of a tile; 0 beyond the first and the last lane."""
    there = lane + step
    within = (there >= 0) & (there < lanes)
    index = tl.where(within, there, 0)
    return tl.where(within[None, :], tl.gather(line, tl.broadcast_to(index[None, :], line.shape), 1), 0.0)


@triton.jit
def _spread(x, gates, back, h, channels, steps, lanes, directions, C: tl.constexpr, L: tl.constexpr):
    n, d = tl.program_id(0).to(tl.int64), tl.program_id(2)
    c, lane = tl.program_id(1) * C + tl.arange(0, C), tl.arange(0, L)
    real = lane < lanes
    inside = (c < channels)[:, None] & real[None, :]
    reverse = tl.load(back + d)
    size = steps * lanes
    x_plane = (n * channels + c)[:, None] * size + lane[None, :]
    h_plane = ((n * directions + d) * channels + c)[:, None] * size + lane[None, :]
    gate = (n * directions + d) * 3 * size + lane
    line = tl.zeros((C, L), tl.float32)
    for i in range(steps):
        s = tl.where(reverse != 0, steps - 1 - i, i) * lanes
        w0 = tl.load(gates + gate + s, real, 0.0).to(tl.float32)
        w1 = tl.load(gates + gate + size + s, real, 0.0).to(tl.float32)
        w2 = tl.load(gates + gate + 2 * size + s, real, 0.0).to(tl.float32)
        own = tl.load(x + x_plane + s, inside, 0.0).to(tl.float32)
        left, right = _beside(line, lane, lanes, -1), _beside(line, lane, lanes, 1)
        line = (1 - w0 - w1 - w2)[None, :] * own + w0[None, :] * left + w1[None, :] * line + w2[None, :] * right
        tl.store(h + h_plane + s, line, inside)


@triton.jit
def _gather(
    y,
    gates,
    back,
    x,
    h,
    out,
    slope,
    channels,
    steps,
    lanes,
    directions,
    blocks,
    SLOPE: tl.constexpr,
    C: tl.constexpr,
    L: tl.constexpr,
):
    n, block, d = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    c, lane = block * C + tl.arange(0, C), tl.arange(0, L)
    real = lane < lanes
    inside = (c < channels)[:, None] & real[None, :]
    reverse = tl.load(back + d)
    size = steps * lanes
    y_plane = (n * channels + c)[:, None] * size + lane[None, :]
    h_plane = ((n * directions + d) * channels + c)[:, None] * size + lane[None, :]
    gate = (n * directions + d) * 3 * size + lane
    slope_plane = ((n * blocks + block) * directions + d) * 3 * size + lane
    carried = tl.zeros((C, L), tl.float32)
    for i in range(steps):
        j = steps - 1 - i
        s = tl.where(reverse != 0, i, j) * lanes
        before = tl.where(reverse != 0, i + 1, j - 1) * lanes
        w0 = tl.load(gates + gate + s, real, 0.0).to(tl.float32)
        w1 = tl.load(gates + gate + size + s, real, 0.0).to(tl.float32)
        w2 = tl.load(gates + gate + 2 * size + s, real, 0.0).to(tl.float32)
        g = tl.load(y + y_plane + s, inside, 0.0).to(tl.float32) + carried
        tl.store(out + h_plane + s, (1 - w0 - w1 - w2)[None, :] * g, inside)
        if SLOPE:
            own = tl.load(x + y_plane + s, inside, 0.0).to(tl.float32)
            heard = tl.load(h + h_plane + before, inside & (lane * 0 + j > 0)[None, :], 0.0)
            left, right = _beside(heard, lane, lanes, -1), _beside(heard, lane, lanes, 1)
            tl.store(slope + slope_plane + s, tl.sum(g * (left - own), 0), real)
            tl.store(slope + slope_plane + size + s, tl.sum(g * (heard - own), 0), real)
            tl.store(slope + slope_plane + 2 * size + s, tl.sum(g * (right - own), 0), real)
        to_left, to_right = w0[None, :] * g, w2[None, :] * g
        carried = w1[None, :] * g + _beside(to_left, lane, lanes, 1) + _beside(to_right, lane, lanes, -1)


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
        axes = _axes(gates, directions)
        scans = [axis.gather(x)[0] if transposed else axis.spread(x) for axis in axes]
        ctx.save_for_backward(x, gates, *([] if transposed else scans))
        ctx.how = directions, transposed
        return _total(axes, scans, x)

    @staticmethod
    @once_differentiable
    def backward(ctx, y: Tensor):
        (x, gates, *scans), (directions, transposed) = ctx.saved_tensors, ctx.how
        axes, slope = _axes(gates, directions), torch.zeros_like(gates, memory_format=torch.contiguous_format)
        if transposed:  # <y, G' x> = <x, G y>: as the other case, with x and y in each other's place
            scans = moved = [axis.spread(y) for axis in axes]
            slopes = [axis.gather(x, y, h)[1] for axis, h in zip(axes, scans, strict=True)]
        else:
            moved, slopes = zip(*(axis.gather(y, x, h) for axis, h in zip(axes, scans, strict=True)), strict=True)
        for axis, part in zip(axes, slopes, strict=True):
            slope[:, axis.directions] = axis.turned_back(part).to(slope.dtype)
        return _total(axes, moved, x), slope.div_(len(directions)), None, None


class _Axis:
    """The directions of one axis, and maps turned so that they are scanned line by line."""

    def __init__(self, gates: Tensor, directions: tuple[int, ...], horizontal: bool):
        self.directions = [d for d in directions if (d < 2) == horizontal]
        self.horizontal = horizontal
        self.gates = self.turned(gates[:, self.directions])
        self.back = torch.tensor([d % 2 for d in self.directions], dtype=torch.int32, device=gates.device)

    def turned(self, m: Tensor) -> Tensor:
        return (m.mT if self.horizontal else m).contiguous()

    def turned_back(self, m: Tensor) -> Tensor:
        return m.mT if self.horizontal else m

    def spread(self, x: Tensor) -> Tensor:
        """Each direction's scan: ``float32 (N, D, C, S, L)``, turned."""
        x = self.turned(x)
        h = x.new_empty(len(x), len(self.directions), *x.shape[1:], dtype=torch.float32)
        grid, how = self._launch(x)
        if h.numel():
            _spread[grid](x, self.gates, self.back, h, *x.shape[1:], len(self.directions), **how)
        return h

    def gather(self, y: Tensor, x: Tensor | None = None, h: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The transposed scans ``(N, D, C, S, L)`` of y, and with x and its scans h the gates' slope."""
        y = self.turned(y)
        grid, how = self._launch(y)
        n, channels, steps, lanes = y.shape
        count, blocks, wanted = len(self.directions), grid[1], x is not None
        out = y.new_empty(n, count, channels, steps, lanes, dtype=torch.float32)
        slope = y.new_zeros(n, blocks, count, 3, steps, lanes, dtype=torch.float32) if wanted else out
        x, h = (self.turned(x), h) if wanted else (y, out)
        if out.numel():
            _gather[grid](
                y, self.gates, self.back, x, h, out, slope, channels, steps, lanes, count, blocks, SLOPE=wanted, **how
            )
        return out, slope.sum(1) if wanted else None

    def _launch(self, x: Tensor) -> tuple[tuple[int, int, int], dict[str, int]]:
        n, channels, _, lanes = x.shape
        width = max(16, triton.next_power_of_2(lanes))
        deep = max(1, min(triton.next_power_of_2(max(1, channels)), TILE // width))
        how = {"C": deep, "L": width, "num_warps": min(8, max(1, deep * width // 256))}
        return (n, max(1, triton.cdiv(channels, deep)), len(self.directions)), how


def _axes(gates: Tensor, directions: tuple[int, ...]) -> list[_Axis]:
    return [a for a in (_Axis(gates, directions, h) for h in (True, False)) if a.directions]


def _total(axes: list[_Axis], scans: list[Tensor], like: Tensor) -> Tensor:
    """The mean over all directions of ``(N, D, C, S, L)`` per axis: ``(N, C, h, w)`` in the type of ``like``."""
    total = sum(axis.turned_back(scan.sum(1)) for axis, scan in zip(axes, scans, strict=True))
    return total.div_(sum(len(axis.directions) for axis in axes)).to(like.dtype).contiguous()
