"""The plan of the house (docs/architecture.md): which folder of scripts, and which Python module, may use which."""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

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


ROOT = Path(__file__).parents[2]
# From the top down, for modules and all that lies in them, the longest name first: trace.record is above trace.
PYTHON_FLOORS = [
    ["training", "iaff.__main__"],
    ["iaff.cli"],
    ["iaff.explorer"],
    ["iaff.explaining", "iaff.importing"],
    ["iaff.trace.record"],
    ["iaff.inference"],
    ["iaff.method"],
    ["iaff.nets"],
    ["iaff.data"],
    ["iaff.run", "iaff.trace"],
    ["iaff.propagation"],
    ["iaff.config", "iaff.class_names", "iaff.images", "iaff.lessons", "iaff.files", "iaff.hub", "iaff.extras"],
    ["iaff.decoding"],
    ["iaff.pictures"],
    ["iaff"],  # the public face, which imports nothing of the rest but by name, when asked
    ["iaff.arrays", "iaff.errors", "iaff.grid", "iaff.places"],
]
PYTHON_FLOOR = {name: number for number, floor in enumerate(PYTHON_FLOORS) for name in floor}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("iaff", "training")
    for path in (ROOT / folder).rglob("*.py")
}


def imports(node: ast.AST, package: str = "", top: bool = True) -> Iterator[tuple[str, bool]]:
    """What a module of a package imports, and whether at once (or later, in a function); what only type checkers see is
    left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            above = package.split(".")[: 1 - child.level or None]  # one dot is the package itself
            source = ".".join([*(above if child.level else []), *filter(None, [child.module])])
            names = [f"{source}.{alias.name}" for alias in child.names]
            yield from ((name if name in MODULES else source, top) for name in names)
        yield from imports(child, package, top and not isinstance(child, ast.FunctionDef))


def package_of(name: str) -> str:
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


IMPORTS = {name: set(imports(ast.parse(path.read_text("utf-8")), package_of(name))) for name, path in MODULES.items()}


def within(module: str, *packages: str) -> bool:
    """Whether a module is one of these packages, or lies in it."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def floor_of(module: str) -> int:
    names = [module.rsplit(".", parts)[0] if parts else module for parts in range(module.count(".") + 1)]
    return next(PYTHON_FLOOR[name] for name in names if name in PYTHON_FLOOR)


def test_python_is_read():
    assert len(MODULES) > 100
    assert sum(other in MODULES for others in IMPORTS.values() for other, _ in others) > 300


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_from_a_higher_floor(module):
    """Lazily neither; but the command line starts whatever it is asked for."""
    for other, at_once in IMPORTS[module]:
        if other in MODULES and (at_once or not within(module, "iaff.cli")):
            assert floor_of(module) <= floor_of(other), f"{module} imports {other}"


def test_python_modules_import_each_other_in_no_circle():
    left = {name: {other for other, _ in others} for name, others in IMPORTS.items()}
    while left:
        free = [name for name, others in left.items() if not others & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        left = {name: others for name, others in left.items() if name not in free}


@pytest.mark.parametrize("module", [name for name in MODULES if not within(name, "iaff.explorer")])
def test_only_the_explorer_knows_the_page(module):
    for other, at_once in IMPORTS[module]:
        if within(module, "iaff.cli") and not at_once:
            continue
        assert not within(other, "gradio", "plotly", "iaff.explorer"), f"{module} imports {other}"


def test_the_package_does_not_import_the_training():
    for module, others in IMPORTS.items():
        if within(module, "iaff"):
            lazily = within(module, "iaff.cli")
            assert not [other for other, at_once in others if within(other, "training") and (at_once or not lazily)]


def test_settings_import_no_networks():
    assert not [other for other, _ in IMPORTS["iaff.config"] if within(other, "iaff.nets", "torch", "timm")]


METHOD = ("iaff.method", "iaff.nets", "iaff.propagation", "iaff.data", "iaff.config", "iaff.grid")


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, *METHOD)])
def test_the_method_names_no_device(module):
    nodes = list(ast.walk(ast.parse(MODULES[module].read_text("utf-8"))))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in texts if re.fullmatch(r"(cuda|mps|xpu)(:\d+)?", text)]
    assert not {node.attr for node in nodes if isinstance(node, ast.Attribute)} & {"cuda", "mps", "accelerator"}


def test_no_part_of_the_page_reads_the_hook_of_the_tests():
    scripts = {path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in STATIC.rglob("*.js")}
    assert {name for name, text in scripts.items() if "__iaff" in text} == {"main.js", "page/test_hook.js"}
