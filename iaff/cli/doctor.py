"""``iaff doctor``: what this machine has, what is missing, and the command that mends it."""

import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import iaff
from iaff.errors import UserError
from iaff.extras import EXTRAS, command
from iaff.places import CLONE, SHIPPED, expanded

NEED = re.compile(r"([\w.-]+)\s*([^;]*)")  # the name, and the versions
OR_MAKE = "   (or: make setup)" if CLONE else ""
RESTORE = "git checkout -- assets" if CLONE else "install iaff again"


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
        "" if sys.version_info >= (3, 11) else f"install Python 3.11 or newer, then iaff in it{OR_MAKE}",
    )
    yield Finding("iaff", f"{iaff.__version__} ({Path(iaff.__file__).parent})")


def packages() -> Iterator[Finding]:
    """Every package that iaff needs, against the versions that it takes."""
    for name, wanted in needed():
        try:
            got = version(name)
        except PackageNotFoundError:
            yield Finding(name, "not installed", f'pip install "{name}{wanted}"{OR_MAKE}')
            continue
        mend = "" if fits(got, wanted) else f'expected {wanted}: pip install "{name}{wanted}"'
        yield Finding(name, got, mend, needed=False)


def needed() -> list[tuple[str, str]]:
    """Names and versions of what iaff needs: of a clone as it is now, else as iaff was installed."""
    if CLONE:
        lines = tomllib.loads((CLONE / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    else:
        lines = [line for line in requires("iaff") or [] if "extra ==" not in line]
    return [(match[1], match[2]) for line in lines if (match := NEED.match(line))]


def fits(got: str, wanted: str) -> bool:
    """Whether a version is among those wanted, as ``>=2.10,<3``."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:  # then much else is missing, and said
        return True
    return SpecifierSet(wanted).contains(got, prereleases=True)


def extras() -> Iterator[Finding]:
    """What only some uses need."""
    for extra, use in (
        ("train", "training"),
        ("timm", "backbones timm:NAME"),
        ("crf", "a comparison with the dense CRF"),
        ("mcp", "iaff --mcp"),
    ):
        missing = [name for name in names(extra) if not found(name)]
        yield Finding(
            extra,
            f"no {', '.join(missing)} (only for {use})" if missing else "installed",
            command(extra) if missing else "",
            needed=False,
        )


def names(extra: str) -> list[str]:
    return [match[1] for line in EXTRAS[extra] if (match := NEED.match(line))]


def found(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def devices() -> Iterator[Finding]:
    """What networks can run on."""
    try:
        import torch
        import torchvision  # noqa: F401  (fails where it does not fit torch)
    except Exception as error:
        pair = "pip install --upgrade torch torchvision   (of one release: they are a pair)"
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

        from iaff.run import Run

        run = Run.load(SHIPPED)
        files = sorted((SHIPPED / "weights").glob("*.safetensors"))
        for path in files:
            try:
                safe_open(path, framework="numpy").keys()
            except (SafetensorError, OSError) as error:
                yield Finding(path.name, f"{path}: {error}", f"{RESTORE}   (the file is damaged)")
        mend = "" if run.finished_rounds() else RESTORE
        yield Finding("shipped run", f"{SHIPPED}: {run.finished_rounds()} rounds, {len(run.traces())} traces", mend)
    except ImportError as error:
        yield Finding("shipped run", f"cannot be opened: {error}", "install what is missing above")
    except UserError as error:
        yield Finding("shipped run", str(error), RESTORE)
    hub = expanded(os.environ.get("TORCH_HOME", "~/.cache/torch")) / "hub" / "checkpoints"
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
