"""Puts into the wheel what lies beside the package in the repository; iaff/places.py finds it either way.

An editable install goes without: it reads the repository itself, and would keep a copy that grows old.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = {"training": "iaff/training", "assets": "iaff/assets", "lessons": "iaff/assets/lessons"}


class Inside(BuildHookInterface):
    """Called by hatchling, as pyproject.toml says."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the folders, unless the build is editable."""
        if version == "standard":
            found = {str(Path(self.root, folder)): inside for folder, inside in INSIDE.items()}
            build_data["force_include"].update(found)
