"""The plan of the house (docs/architecture.md): which folder of the explorer's scripts may use which."""

import posixpath
import re

import pytest

from iaff.explorer.files import STATIC

# From the top down: a folder uses those below it, never those above. Those of one floor do not use each other.
FLOORS = [
    [""],
    ["page"],
    ["lessons"],
    ["server"],
    ["export"],
    ["picture", "charts"],
    ["panel"],
    ["trace"],
    ["draw"],
    ["engine"],
    ["state"],
    ["ui", "client"],
]
FLOOR = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\(|new URL\()\s*["'](\.[^"']+\.js)["']""")


def imported() -> dict[str, list[str]]:
    """Of each script what it imports, both as ``folder/name.js``."""
    found = {}
    for path in STATIC.rglob("*.js"):
        name = path.relative_to(STATIC).as_posix()
        relative = IMPORT.findall(path.read_text("utf-8"))
        found[name] = [posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in relative]
    return found


def test_what_is_imported_is_there():
    scripts = imported()
    assert len(scripts) > 90
    assert sum(len(others) for others in scripts.values()) > 300
    for name, others in scripts.items():
        assert set(others) <= set(scripts), name


@pytest.mark.parametrize(("name", "others"), imported().items())
def test_no_script_imports_from_a_higher_floor(name, others):
    here = posixpath.dirname(name)
    for other in others:
        there = posixpath.dirname(other)
        assert here == there or FLOOR[there] > FLOOR[here], f"{name} imports {other}"


def test_scripts_import_each_other_in_no_circle():
    left = imported()
    while left:
        free = [name for name, others in left.items() if not set(others) & set(left)]
        assert free, f"a circle among {sorted(left)}"
        left = {name: others for name, others in left.items() if name not in free}
