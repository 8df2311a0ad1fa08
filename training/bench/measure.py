"""How the benchmarks measure: repeated runs, allocated memory, and which machine it was."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

RUNS = 25


def timed(work: Callable[[], Any], runs: int = RUNS) -> dict[str, float]:
    """Median and quartiles of ``runs`` runs in ms, after three that do not count."""
    for _ in range(min(3, runs)):
        work()
    cuda = torch.cuda.is_available()
    times = []
    for _ in range(runs):
        if cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        if cuda:
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return spread(times)


def spread(times: list[float]) -> dict[str, float]:
    """Median, quartiles and number of times in ms."""
    low, median, high = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
    return {"median_ms": median, "low_ms": low, "high_ms": high, "runs": len(times)}


def peak_bytes(work: Callable[[], Any]) -> int:
    """The most bytes that PyTorch's CPU allocator held during ``work`` beyond those before it (torch profiler)."""
    work()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        kept = work()
    del kept
    profiler: Any = record.profiler
    changes = [(e.start_ns(), e.nbytes()) for e in profiler.kineto_results.events() if e.name() == "[memory]"]
    held = highest = 0
    for _, change in sorted(changes, key=lambda c: c[0]):
        held += change
        highest = max(highest, held)
    return highest


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    about = {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numba", "numpy")},
    }
    if torch.cuda.is_available():
        about |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda, "triton": version("triton")}
    return about


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1].strip() for line in info.read_text("utf-8").splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()
