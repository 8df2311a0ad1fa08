"""One self-contained HTML file of one trace: the explorer's own scripts and styles, no server, no network.

Modules cannot be fetched beside a page that was opened from disk. So each lies in the page as a ``data:`` address,
an import map says where, and in ``a/b.js`` ``from "../c/d.js"`` becomes ``from "iaff/c/d.js"``. Tables (``.json``)
become scripts, which older browsers can import too. The browser's exports fill the same :func:`shell`. Its policy names
the scripts that stand in it by their hashes, so that nothing else runs, whatever a trace is called.
"""

import base64
import html
import json
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iaff.errors import UserError
from iaff.explorer.files import STATIC, STYLES
from iaff.explorer.standalone.view import query_of, view_of
from iaff.explorer.web.policy import hashes
from iaff.files import write_atomically

if TYPE_CHECKING:
    from iaff.trace import Trace

START = "standalone.js"
IMPORT = re.compile(
    r'^(import\b[^"]*|export\b[^"]*\bfrom )"(\.\.?/[\w./-]+\.js(?:on)?)"(?: with \{ type: "json" \})?', re.MULTILINE
)
MARK = re.compile("@@(title|embedded)@@")
WORKER = "engine/worker.js"  # a worker knows no import map: what it imports and itself become one script
MATRICES = ("engine/stencil.js", "engine/sparse_matrix.js", "engine/matrices.js")
WORKERS = {
    "stepWorker": (*MATRICES, "engine/step_worker.js"),
    "rowsWorker": ("engine/scan.js", *MATRICES, "engine/rows.js", "engine/rows_worker.js"),
}


def shell() -> str:
    """The page without a trace: ``@@title@@`` (HTML) and ``@@embedded@@`` (JSON, no ``<``) are still to be filled."""
    page = (STATIC / "standalone.html").read_text("utf-8")
    page = page.replace("@@styles@@", "\n".join(path.read_text("utf-8") for path in STYLES))
    page = page.replace("@@modules@@", json.dumps({"imports": _modules()}))
    return page.replace("@@scripts@@", hashes(page.encode()))


def page(trace: "Trace", view: dict[str, Any]) -> str:
    """The whole file: ``trace`` as it opens in ``view`` (see :func:`iaff.explorer.standalone.view.query_of`).

    Raises:
        UserError: the view has an unknown key or a value that the trace cannot show.
    """
    run = (trace.meta.get("run") or {}).get("name")
    embedded = {
        "name": trace.meta["name"],
        "title": trace.meta.get("title") or trace.meta["name"],
        "query": query_of(view, trace),
        "trace": base64.b64encode(trace.to_bytes()).decode(),
        "run": {"name": run} if run else None,
    }
    fills = {
        "title": html.escape(embedded["title"]),
        "embedded": json.dumps(embedded, ensure_ascii=False).replace("<", "\\u003c"),
    }
    return MARK.sub(lambda mark: fills[mark[1]], shell())  # in one pass: a title may look like a mark


@dataclass(repr=False)
class Shown:
    """A page as notebooks show it: in a frame of its own."""

    html: str
    height: int  # px

    def __repr__(self) -> str:
        return f"Shown(html of {len(self.html):,} characters; a notebook shows it as a page)"

    def _repr_html_(self) -> str:
        style = f"width: 100%; height: {int(self.height)}px; border: 0"
        return f'<iframe title="iaff" style="{style}" srcdoc="{html.escape(self.html)}"></iframe>'


def show(trace: "Trace", height: int = 760, **view: Any) -> Shown:
    """A trace's :func:`page` for a notebook, in a frame ``height`` px high."""
    return Shown(page(trace, view), height)


def export(trace: str | Path, target: Path, query: str) -> int:
    """Writes the page of a trace, a file or one on the Hub; ``query`` is a view as an address has it.

    Returns the exit status.

    Raises:
        UserError: the trace cannot be read, the view is wrong, or the file cannot be written.
    """
    from iaff.trace import Trace

    text = Trace.load(trace).html(**view_of(query))
    try:
        write_atomically(target, text.encode())
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}. Give another file.") from error
    print(f"{trace} -> {target} ({len(text.encode()) / 1e6:.1f} MB)")
    return 0


def _modules() -> dict[str, str]:
    """All that the start imports, by the names of the import map."""
    found: dict[str, str] = {}
    waiting = [START]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        source = _workers() if name == WORKER else (STATIC / name).read_text("utf-8")
        if name.endswith(".json"):
            source = f"export default {source}"
        found[name] = source
        waiting += [_named(name, other) for _, other in IMPORT.findall(source)]
    return {f"iaff/{name}": _address(name, source) for name, source in sorted(found.items())}


def _named(name: str, imported: str) -> str:
    """What the module ``name`` imports as ``../c/d.js``, as it is named below ``static``."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))


def _address(name: str, source: str) -> str:
    source = IMPORT.sub(lambda found: f'{found[1]}"iaff/{_named(name, found[2])}"', source)
    source += f"\n//# sourceURL=iaff/{name}\n"
    return "data:text/javascript;base64," + base64.b64encode(source.encode()).decode()


def _workers() -> str:
    """What stands in place of ``engine/worker.js``."""
    return "".join(_worker(name, parts) for name, parts in WORKERS.items())


def _worker(name: str, parts: tuple[str, ...]) -> str:
    lines = "\n".join((STATIC / part).read_text("utf-8") for part in parts).splitlines()
    script = "\n".join(line.removeprefix("export ") for line in lines if not line.startswith("import "))
    return (
        f"export const {name} = (() => {{\n"
        f"  const script = {json.dumps(script)};\n"
        '  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));\n'
        "  return () => new Worker(address);\n"
        "})();\n"
    )
