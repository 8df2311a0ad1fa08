"""Times the propagation: ``python -m training.bench.propagation [--json FILE]``.

Each form of the scan against the reference, queries in Python and in the browser, and PSA's dense random walk beside
the sparse one. Medians of 25 runs with their quartiles; random gates and maps.
"""

import argparse
import json
import os
import shutil
from typing import Any

import torch
from torch import Tensor

from iaff.places import PACKAGE, expanded
from iaff.propagation import RandomWalk, colour_affinities, column, gates_from_logits, propagate, row, transition
from iaff.propagation.scan import Form

from ..storage import first_line
from . import gpu
from .measure import RUNS, machine, peak_bytes, spread, timed

CLASSES, THREADS = 21, 2
SIDES = (64, 128)
FORMS: tuple[Form, ...] = ("reference", "cpu")
QUERY_GRID = (66, 88)  # h, w of a photo of 352 x 264
WALK_SIDE, SQUARINGS = 56, 8
STATIC = PACKAGE / "explorer/static"


def inputs(n: int, c: int, h: int, w: int, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """A random map and random gates; both ask for gradients."""
    generator = torch.Generator().manual_seed(0)
    gates = gates_from_logits(torch.randn(n, 16, h, w, generator=generator))
    alpha = torch.rand(n, c, h, w, generator=generator).softmax(1).contiguous()
    return alpha.to(device).requires_grad_(), gates.to(device).requires_grad_()


def scan_on_cpu() -> list[dict[str, Any]]:
    """Both CPU forms: forward, forward and backward, memory."""
    results = []
    for side in SIDES:
        alpha, gates = inputs(1, CLASSES, side, side)
        slope = torch.rand_like(alpha)
        for form in FORMS:

            def forward(form: Form = form, alpha=alpha, gates=gates):
                with torch.no_grad():
                    return propagate(alpha, gates, form=form)

            def both(form: Form = form, alpha=alpha, gates=gates, slope=slope):
                out = propagate(alpha, gates, form=form)
                return out.detach(), torch.autograd.grad(out, (alpha, gates), slope)

            needed = 2 * alpha.nbytes + gates.nbytes  # the output, and both gradients
            results.append(
                {
                    "side": side,
                    "form": form,
                    "forward": timed(forward),
                    "both": timed(both),
                    "memory": (peak_bytes(both) - needed) / alpha.nbytes,
                }
            )
    return results


def queries_in_python() -> dict[str, Any]:
    """One row and one column on the grid of a photo."""
    h, w = QUERY_GRID
    gates = inputs(1, 1, h, w)[1].detach()
    return {"row": timed(lambda: row(gates, w // 3, h // 2)), "column": timed(lambda: column(gates, w // 3, h // 2))}


ASK = """async ([source, h, w, runs]) => {
  const { Scan } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const n = h * w, gates = new Float32Array(12 * n), out = new Float32Array(n), times = { row: [], column: [] };
  for (let p = 0; p < 12 * n; p++) gates[p] = Math.random() / 3;
  const scan = new Scan(gates, h, w);
  for (const what of ["row", "column"])
    for (let i = 0; i < runs + 20; i++) {
      const start = performance.now();
      scan[what](Math.floor(Math.random() * n), out);
      if (i >= 20) times[what].push(performance.now() - start);
    }
  return times;
}"""


def queries_in_the_browser() -> dict[str, Any] | str:
    """The same in Chromium, by the explorer's own scan.js; a sentence where there is no browser."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "not measured: playwright is missing (pip install -r requirements-dev.txt)"
    if not chromium:
        return "not measured: no Chromium found (CHROMIUM=PATH names it)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        times = browser.new_page().evaluate(
            ASK, [(STATIC / "engine/scan.js").read_text("utf-8"), *QUERY_GRID, 8 * RUNS]
        )
        named = {what: spread(values) for what, values in times.items()}
        result = {**named, "browser": f"Chromium {browser.version}"}
        browser.close()
    return result


def walks() -> list[dict[str, Any]]:
    """PSA's dense T^(2^8), rebuilt from its equations, the same walk on a sparse T, and IAL's scan, on one map."""
    side, n = WALK_SIDE, WALK_SIDE * WALK_SIDE
    alpha, gates = (t.detach() for t in inputs(1, CLASSES, side, side))
    photo = 255 * torch.rand(3, side, side, generator=torch.Generator().manual_seed(1))
    offsets, affinities = colour_affinities(photo, 0.5)
    weights = transition(affinities, 8)
    flat = alpha[0].flatten(1)

    def dense() -> Tensor:
        step = torch.zeros(n, n)
        pixels = torch.arange(n).view(side, side)
        for (r, c), values in zip(offsets.tolist(), affinities**8, strict=True):
            used = values > 0
            step[pixels[used], pixels[used] + r * side + c] = values[used]
        step += torch.eye(n)
        step /= step.sum(1, keepdim=True)
        for _ in range(SQUARINGS):
            step = step @ step
        return flat @ step.T

    def sparse() -> Tensor:
        return RandomWalk(offsets, weights, 2**SQUARINGS).propagate(alpha)[0].flatten(1)

    torch.testing.assert_close(sparse(), dense(), rtol=1e-3, atol=1e-5)  # the same walk, or no comparison
    works = {
        "dense T, 8 squarings (PSA)": (dense, 5),
        "sparse T, 256 steps": (sparse, RUNS),
        "IAL's scan, one pass": (lambda: propagate(alpha, gates), RUNS),
    }
    return [
        {"walk": name, **timed(work, runs), "memory_mb": peak_bytes(work) / 1e6} for name, (work, runs) in works.items()
    ]


def table(result: dict[str, Any]) -> str:
    """The figures as Markdown."""
    about = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    parts = [
        about,
        scan_table(result["scan_cpu"]),
        query_table(result["query_python"], result["query_browser"]),
        walk_table(result["walks"]),
        gpu.table(result["gpu"]),
    ]
    return "\n\n".join(parts)


def scan_table(results: list[dict[str, Any]]) -> str:
    slow = {r["side"]: r for r in results if r["form"] == "reference"}
    lines = [f"Scan, batch 1, four directions, {CLASSES} classes, float32; memory beyond inputs, output, gradients:\n"]
    lines += rows("grid", "form", "forward, ms", "", "forward + backward, ms", "", "memory, x output")
    for r in results:
        base, side = slow[r["side"]], r["side"]
        times = [text for key in ("forward", "both") for text in (ms(r[key]), ratio(base[key], r[key]))]
        lines += rows(f"{side} x {side}", r["form"], *times, f"{r['memory']:.1f}", head=False)
    return "\n".join(lines)


def query_table(python: dict[str, Any], browser: dict[str, Any] | str) -> str:
    lines = [f"One query on a grid of {QUERY_GRID[1]} x {QUERY_GRID[0]}:\n"]
    lines += rows("", "row, ms", "column, ms")
    lines += rows("Python, CPU", ms(python["row"]), ms(python["column"]), head=False)
    if isinstance(browser, str):
        return "\n".join(lines + rows("JavaScript", browser, "", head=False))
    name = f"JavaScript, {browser['browser']}"
    return "\n".join(lines + rows(name, ms(browser["row"]), ms(browser["column"]), head=False))


def walk_table(walks: list[dict[str, Any]]) -> str:
    lines = [f"One map of {CLASSES} classes on {WALK_SIDE} x {WALK_SIDE}, making the matrix and propagating:\n"]
    lines += rows("", "time, ms", "peak memory, MB")
    for walk in walks:
        lines += rows(walk["walk"], ms(walk), f"{walk['memory_mb']:.1f}", head=False)
    return "\n".join(lines)


def rows(*cells: str, head: bool = True) -> list[str]:
    """One line of a Markdown table, and the rule below it if it is the first."""
    line = f"| {' | '.join(cells)} |"
    return [line, "|" + "---|" * len(cells)] if head else [line]


def ms(t: dict[str, float]) -> str:
    return f"{t['median_ms']:.2f} ({t['low_ms']:.2f} to {t['high_ms']:.2f})"


def ratio(base: dict[str, float], t: dict[str, float]) -> str:
    return f"{base['median_ms'] / t['median_ms']:.1f} x"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.bench.propagation", description=first_line(__doc__))
    parser.add_argument("--json", type=expanded, help="write the figures here")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    result = {
        "machine": machine(),
        "scan_cpu": scan_on_cpu(),
        "query_python": queries_in_python(),
        "query_browser": queries_in_the_browser(),
        "walks": walks(),
        "gpu": gpu.scan_on_gpu(inputs),
    }
    print(table(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
