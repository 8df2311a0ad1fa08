"""The explorer's own files, and under which address the browser fetches them; a run's: server/trace_files.py."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from iaff.errors import UserError

KEPT = 600  # s that files of clients stay: uploads that were never used, traces that were sent
STATIC = Path(__file__).parent / "static"
# In the order in which they apply: of rules that are equally specific, the later one wins.
STYLES = [
    STATIC / f"{name}.css"
    for name in (
        "style",
        "page/stepper",
        "panel/seeds",
        "ui/plot",
        "ui/slider",
        "ui/term",
        "picture/picture",
        "picture/watch",
        "panel/panel",
        "panel/parameters",
        "page/user_photos",
        "narrow",
        "panel/mining",
        "lessons/lessons",
        "lessons/lesson_menu",
        "panel/leaks",
        "page/keys",
        "page/hiding",
        "page/hidden",
        "export/export",
        "panel/edits",
        "panel/choices",
        "panel/arithmetic",
        "charts/charts",
        "page/browser",
        "page/opening",
        "page/present",
        "touch",
    )
]


def plotly_js() -> Path:
    """plotly.min.js out of the installed plotly wheel (found without importing plotly)."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("Got no package `plotly`, which draws the charts. Install it: pip install plotly")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


@cache
def plotly_address() -> str:
    """The folder of :func:`plotly_js` below the app's root; other versions lie elsewhere, so browsers keep them."""
    return f"/plotly/{version('plotly')}"


def scripts() -> list[str]:
    """The names of all scripts below ``static``, and of the tables and the trace that they read, with their folders."""
    files = [path for kind in ("*.js", "*.json", "*.safetensors") for path in STATIC.rglob(kind)]
    return sorted(path.relative_to(STATIC).as_posix() for path in files)


@cache
def scripts_address() -> str:
    """Where the explorer's scripts are below the app's root: other contents lie elsewhere, so browsers keep them."""
    contents = hashlib.sha256()
    for name in scripts():
        contents.update(name.encode() + (STATIC / name).read_bytes())
    return f"/scripts/{contents.hexdigest()[:12]}"  # a name that hardly any reverse proxy has for the whole app
