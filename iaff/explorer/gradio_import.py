"""Imports Gradio in half the time, which is most of what the explorer takes to start.

Gradio writes a type stub beside each component that is defined, for editors, at every start: it parses and renders
the sources of some eighty classes for that, 1.5 of 3.1 seconds. It also imports the package ``mcp`` wherever that is
installed. Both are left out here, the latter but for those who ask for it.
"""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import cast

WRITER = "gradio.component_meta"  # the module that writes the stubs, with this function:
WRITE = "create_or_modify_pyi"


class WithoutStubs(MetaPathFinder):
    """Finds WRITER as Python does, and takes its function away once it has run."""

    def find_spec(self, fullname: str, path=None, target=None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == WRITER else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_silence(module: ModuleType) -> None:
            run(module)
            if hasattr(module, WRITE):
                setattr(module, WRITE, lambda *_: None)

        spec.loader.exec_module = run_and_silence
        return spec


def import_gradio(mcp: bool = False) -> None:
    """Imports Gradio, with or without the package that serves its endpoints as tools of the Model Context Protocol."""
    finder, modules = WithoutStubs(), cast("dict[str, ModuleType | None]", sys.modules)
    without_mcp = not mcp and "mcp" not in modules
    if without_mcp:
        modules["mcp"] = None  # so its import fails, as if it were not installed
    sys.meta_path.insert(0, finder)
    try:
        import gradio  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
        if without_mcp:
            del modules["mcp"]
