"""Packages that only some uses need, as pyproject.toml names them, and the sentence for one that is missing."""

from iaff.errors import UserError

EXTRAS = {
    "train": ("accelerate>=1.10", "psutil>=6.0", "pycocotools>=2.0.8", "scipy>=1.14", "tensorboard>=2.19"),
    "crf": ("pydensecrf2==1.1",),
    "mcp": ("mcp>=1.20,<2",),
    "timm": ("timm>=1.0.31",),
}


def command(extra: str) -> str:
    """What to type to get an extra's packages, in any environment: ``pip install "mcp>=1.20,<2"``."""
    return "pip install " + " ".join(f'"{package}"' for package in EXTRAS[extra])


def missing(module: str, extra: str, use: str) -> UserError:
    """The error where ``use`` lacks a module of an extra."""
    return UserError(f"{use}: got no package `{module}`, expected it installed: {command(extra)}")
