"""``python -m iaff doctor``: what this machine has, what is missing, and the command that mends it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import iaff
from iaff.errors import UserError

ROOT = Path(__file__).parents[2]


@dataclass
class Finding:
    """One line of the report."""

    what: str
    got: str
    mend: str = ""  # empty: all is well
    needed: bool = True  # else only some uses need it


def doctor() -> int:
    """Prints the report; returns 1 if something needed is missing."""
    findings = [finding for check in CHECKS for finding in check()]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark = "ok" if not finding.mend else "MISSING" if finding.needed else "note"
        print(f"{mark:8}{finding.what:{width}}  {finding.got}")
        if finding.mend:
            print(f"{'':8}{'':{width}}  -> {finding.mend}")
    missing = sum(bool(finding.mend) and finding.needed for finding in findings)
    print("\nEverything needed is there." if not missing else f"\n{missing} missing; the arrows say how to mend it.")
    return 1 if missing else 0


def python() -> Iterator[Finding]:
    """The interpreter and this package."""
    yield Finding(
        "python",
        f"{platform.python_version()} ({sys.executable})",
        "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer, then: make setup",
    )
    yield Finding("iaff", f"{iaff.__version__} ({Path(iaff.__file__).parent})")


def packages() -> Iterator[Finding]:
    """Every package of requirements.txt, against the version that was tried."""
    table = ROOT / "requirements.txt"
    lines = table.read_text("utf-8").splitlines() if table.is_file() else []
    for name, _, wanted in (line.partition("==") for line in lines if "==" in line):
        try:
            got = version(name)
        except PackageNotFoundError:
            yield Finding(name, "not installed", f"pip install {name}=={wanted}   (or: make setup)")
            continue
        other = got.split("+")[0] != wanted
        pair = name in ("torch", "torchvision")  # a mismatch of these two fails at import
        mend = f"tried with {wanted}: pip install {name}=={wanted}" if other else ""
        yield Finding(name, got, mend, needed=pair)


def extras() -> Iterator[Finding]:
    """What only some uses need."""
    for what, module, use, package in (
        ("timm", "timm", "backbones timm:NAME need it", "timm==1.0.31"),
        ("dense crf", "pydensecrf", "a comparison with it needs it", "pydensecrf2==1.1"),
        ("mcp", "mcp", "explore --mcp needs it", "mcp==1.30.0"),
    ):
        found = find_spec(module) is not None
        yield Finding(
            what,
            "installed" if found else f"not installed (only {use})",
            "" if found else f"pip install {package}",
            needed=False,
        )


def devices() -> Iterator[Finding]:
    """What networks can run on."""
    try:
        import torch
        import torchvision  # noqa: F401  (fails where it does not fit torch)
    except Exception as error:
        pair = "pip install -r requirements.txt   (torch and torchvision are a pair)"
        yield Finding("torch works", str(error).splitlines()[0], pair)
        return
    yield Finding("cpu", f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ", ".join(torch.cuda.get_device_name(i) for i in range(count))
    if torch.backends.mps.is_available():
        names = "Apple's (MPS)"
    yield Finding("gpu", names or "none: the explorer needs none; training at full size does")


def weights() -> Iterator[Finding]:
    """The shipped run, and torchvision's ImageNet weights for trainings."""
    try:
        from safetensors import SafetensorError, safe_open

        from iaff.run import SHIPPED, Run

        run = Run.load(SHIPPED)
        files = sorted((SHIPPED / "weights").glob("*.safetensors"))
        for path in files:
            try:
                safe_open(path, framework="numpy").keys()
            except (SafetensorError, OSError) as error:
                yield Finding(path.name, f"{path}: {error}", "git checkout -- assets   (the file is damaged)")
        mend = "" if run.finished_rounds() else "git checkout -- assets"
        yield Finding("shipped run", f"{SHIPPED}: {run.finished_rounds()} rounds, {len(run.traces())} traces", mend)
    except ImportError as error:
        yield Finding("shipped run", f"cannot be opened: {error}", "make setup")
    except UserError as error:
        yield Finding("shipped run", str(error), "git checkout -- assets   (or clone the repository again)")
    hub = Path(os.environ.get("TORCH_HOME", Path.home() / ".cache" / "torch")) / "hub" / "checkpoints"
    nets = ("mobilenet_v2", "vgg16")
    found = sorted(path.name for net in nets for path in hub.glob(f"{net}-*.pth"))
    yield Finding(
        "imagenet weights",
        ", ".join(found) or f"not in {hub}",
        "" if found else "for trainings: torchvision downloads them, or give weights=PATH",
        needed=False,
    )


def browser() -> Iterator[Finding]:
    """Chromium, for the browser tests."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    yield Finding(
        "chromium",
        path or "not found (only the browser tests need it)",
        "" if path else "apt-get install chromium, or set CHROMIUM=PATH",
        needed=False,
    )


CHECKS: list[Callable[[], Iterator[Finding]]] = [python, packages, extras, devices, weights, browser]
