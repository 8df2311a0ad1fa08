"""The GPU part of the propagation benchmark: both forms, and what the memory's bandwidth would allow."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from iaff.propagation import propagate
from iaff.propagation.scan import Form

from .measure import timed

SHAPES = ((16, 21, 128, 128), (16, 8, 1024, 1024))
FORMS: tuple[Form, ...] = ("reference", "triton")
DIRECTIONS = 4


def scan_on_gpu(inputs: Callable[..., tuple[Tensor, Tensor]]) -> dict[str, Any] | str:
    """Forward and backward of each form against the limit; a sentence where there is no GPU."""
    if not torch.cuda.is_available():
        return "not measured: no CUDA device"
    rate = copy_bandwidth()
    results = []
    for shape in SHAPES:
        alpha, gates = inputs(*shape, device="cuda")
        slope = torch.rand_like(alpha)
        for form in FORMS:

            def forward(form: Form = form, alpha=alpha, gates=gates):
                with torch.no_grad():
                    return propagate(alpha, gates, form=form)

            def both(form: Form = form, alpha=alpha, gates=gates, slope=slope):
                return torch.autograd.grad(propagate(alpha, gates, form=form), (alpha, gates), slope)

            entry = {"shape": shape, "form": form, "limit_ms": 1000 * limit_bytes(alpha, gates) / rate}
            try:
                entry |= {"forward": timed(forward), "both": timed(both)}
            except torch.cuda.OutOfMemoryError:
                entry["failed"] = "out of memory"
            results.append(entry)
    return {"copy_bytes_per_second": rate, "scan": results}


def limit_bytes(alpha: Tensor, gates: Tensor) -> int:
    """What forward and backward must move at least: per direction forward x, gates, h; backward dy, x, h, gates,
    the gates' and x's gradients; the output once."""
    per_direction = 6 * alpha.nbytes + 3 * gates.nbytes // DIRECTIONS
    return DIRECTIONS * per_direction + alpha.nbytes


def copy_bandwidth() -> float:
    """Bytes a second, read and written, of a large copy on this GPU."""
    source = torch.empty(2**28, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.nbytes / (timed(lambda: target.copy_(source))["median_ms"] / 1000)


def table(result: dict[str, Any] | str) -> str:
    """The figures as Markdown."""
    if isinstance(result, str):
        return f"GPU: {result}."
    head = ("shape", "form", "forward, ms", "forward + backward, ms", "share of the limit")
    lines = [
        f"GPU, copies at {result['copy_bytes_per_second'] / 1e9:.0f} GB/s:\n",
        f"| {' | '.join(head)} |",
        "|---|---|---|---|---|",
    ]
    for r in result["scan"]:
        cells = [" x ".join(map(str, r["shape"])), r["form"]]
        if "failed" in r:
            cells += [r["failed"], "", ""]
        else:
            share = 100 * r["limit_ms"] / r["both"]["median_ms"]
            cells += [f"{r['forward']['median_ms']:.2f}", f"{r['both']['median_ms']:.2f}", f"{share:.0f} %"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
