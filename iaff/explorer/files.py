"""Which files the browser may fetch, and under which address. Nothing else is exposed."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from iaff.errors import UserError
from iaff.run import Run

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
        "picture/picture",
        "panel/panel",
        "page/user_photos",
        "narrow",
        "panel/mining",
        "lessons/lessons",
        "panel/leaks",
        "page/keys",
        "page/hiding",
        "page/hidden",
        "export/export",
        "panel/edits",
        "panel/choices",
        "charts/charts",
        "page/browser",
    )
]


def plotly_js() -> Path:
    """plotly.min.js out of the installed plotly wheel (found without importing plotly)."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("Got no package `plotly`, which draws the charts. Install it: pip install plotly")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


def exposed(runs: list[Run]) -> list[Path]:
    """plotly.min.js, and the traces folder of each run; the explorer's own scripts have :func:`scripts_address`."""
    folders = [run.dir / "traces" for run in runs]
    return [plotly_js(), *folders, *(file for folder in folders for file in cached_files(folder))]


def cached_files(folder: Path) -> list[Path]:
    """Where the files of a folder really lie if they were downloaded from the Hub: its cache holds links into a folder
    ``blobs`` of the same repository, which Gradio follows before it looks whether it may serve a file. Links to any
    other place stay closed."""
    above = folder.resolve().parents
    files = [file.resolve() for file in folder.glob("*")]
    return [file for file in files if file.parent.name == "blobs" and file.parents[1] / "snapshots" in above]


def address(path: Path) -> str:
    """The path's address below the app's root, e.g. ``/gradio_api/file=/home/me/run/traces``, quoted as URLs are."""
    return f"/gradio_api/file={quote(path.resolve().as_posix())}"


def scripts() -> list[str]:
    """The names of all scripts below ``static``, and of the tables that they import, with their folders."""
    files = [path for kind in ("*.js", "*.json") for path in STATIC.rglob(kind)]
    return sorted(path.relative_to(STATIC).as_posix() for path in files)


@cache
def scripts_address() -> str:
    """Where the explorer's scripts are below the app's root: other contents lie elsewhere, so browsers keep them."""
    contents = hashlib.sha256()
    for name in scripts():
        contents.update(name.encode() + (STATIC / name).read_bytes())
    return f"/scripts/{contents.hexdigest()[:12]}"  # a name that hardly any reverse proxy has for the whole app
