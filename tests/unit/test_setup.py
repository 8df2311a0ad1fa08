"""The set-up behind `make app` and `make test`, without installing anything."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iaff.extras import EXTRAS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def setup():
    spec = importlib.util.spec_from_file_location("iaff_setup", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(setup, tmp_path, monkeypatch) -> list[str]:
    """Replaces the slow parts by a record of what was called; the environment "works" once it is created."""
    done: list[str] = []

    def install(venv: Path, files: list[Path], build: str, cut_short: bool) -> None:
        done.append(" ".join([*(file.name for file in files), build]).strip())

    def create(venv: Path) -> None:
        venv.mkdir(exist_ok=True)
        done.append("create")

    monkeypatch.setattr(setup, "works", lambda venv: venv.is_dir())
    monkeypatch.setattr(setup, "create", create)
    monkeypatch.setattr(setup, "install", install)
    (tmp_path / "a.txt").write_text("one==1\n")
    (tmp_path / "b.txt").write_text("two==2\n")
    return done


def test_installs_once_and_again_after_a_change(setup, tmp_path, calls):
    both = ["a.txt", "b.txt"]
    assert setup.main(tmp_path, both) == 0
    assert calls == ["create", "a.txt b.txt"]
    assert setup.main(tmp_path, both) == setup.main(tmp_path, ["a.txt"]) == 0
    assert len(calls) == 2
    (tmp_path / "a.txt").write_text("one==1.1\n")
    setup.main(tmp_path, ["a.txt"])
    assert calls[2:] == ["a.txt"]


def test_interrupted_install_is_resumed(setup, tmp_path, calls, monkeypatch, capsys):
    finished = setup.install

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "install", interrupted)
    assert setup.main(tmp_path, ["a.txt"]) == 130
    assert "goes on from here" in capsys.readouterr().err
    monkeypatch.setattr(setup, "install", finished)
    assert setup.main(tmp_path, ["a.txt"]) == 0
    assert calls == ["create", "a.txt"]


def test_half_written_packages_are_installed_again(setup, tmp_path):
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("whole-1.dist-info", "half-1.dist-info"):
        (packages / name).mkdir(parents=True)
    (packages / "whole-1.dist-info" / "RECORD").touch()
    setup.forget_partial(tmp_path)
    assert [p.name for p in packages.iterdir()] == ["whole-1.dist-info"]


def test_wrong_python_is_one_clear_sentence(setup, tmp_path, calls, monkeypatch, capsys):
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 2, "final", 0))
    assert setup.main(tmp_path, ["a.txt"]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    for part in ("3.11 or newer", "is 3.9", "PYTHON="):
        assert part in message
    assert calls == []


def test_no_permission_is_one_clear_sentence(setup, tmp_path, calls, monkeypatch, capsys):
    monkeypatch.setattr(setup.os, "access", lambda path, mode: False)
    assert setup.main(tmp_path, ["a.txt"]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert f"No permission to write in {tmp_path}" in message
    assert calls == []


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_makefile_takes_the_first_python_that_works(tmp_path):
    """A python3.13 that cannot run is passed over, as the stand-ins of version managers are."""
    (tmp_path / "python3.13").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.12").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for name in ("python3.13", "python3.12"):
        (tmp_path / name).chmod(0o755)
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHON", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    command = ["make", "-n", "setup", "CANDIDATES=python3.13 python3.12"]
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert 'python="python3.12"' in made.stdout


def test_requirements_are_exact():
    for name in ("requirements.txt", "requirements-train.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].split(";")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()]
        for line in filter(None, lines):
            package, exact, version = line.partition("==")
            assert package, line
            assert exact, line
            assert version[0].isdigit(), line


def test_what_is_needed_is_locked_and_named():
    """pyproject.toml has the ranges, requirements*.txt exact versions of all, and iaff/extras.py the words."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert {name: tuple(extras[name]) for name in EXTRAS} == EXTRAS
    for file, asked in {
        "requirements.txt": project["dependencies"],
        "requirements-train.txt": [*project["dependencies"], *extras["train"]],
        "requirements-dev.txt": [r for name in ("train", "mcp", "timm", "dev") for r in extras[name]],
    }.items():
        pins = [Requirement(line) for line in (ROOT / file).read_text("utf-8").splitlines() if line[0] not in "# "]
        found = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
        for requirement in map(Requirement, asked):
            if requirement.name != "iaff":
                assert requirement.specifier.contains(found[canonicalize_name(requirement.name)]), (file, requirement)


def test_the_build_of_torch_is_remembered(setup, tmp_path, calls, monkeypatch, capsys):
    monkeypatch.setenv("IAFF_TORCH", "cpu")
    assert setup.main(tmp_path, ["a.txt"]) == 0
    monkeypatch.delenv("IAFF_TORCH")
    assert setup.main(tmp_path, ["a.txt"]) == setup.main(tmp_path, ["a.txt", "b.txt"]) == 0
    assert calls == ["create", "a.txt cpu", "a.txt b.txt cpu"]
    monkeypatch.setenv("IAFF_TORCH", "default")  # an environment of its own: nothing of the other build stays
    assert setup.main(tmp_path, ["a.txt"]) == setup.main(tmp_path, ["a.txt"]) == 0
    assert calls[3:] == ["create", "a.txt"]
    monkeypatch.setenv("IAFF_TORCH", "--index-url")
    assert setup.main(tmp_path, ["a.txt"]) == 1
    assert "Got TORCH=--index-url, expected the name of one of torch's builds" in capsys.readouterr().err


def wheel(folder: Path, name: str, version: str) -> None:
    """The smallest wheel that an installer takes."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch has one build")
def test_a_build_of_torch_comes_from_the_index_that_is_configured(setup, tmp_path, monkeypatch, capfd):
    """With pip itself, and a folder in place of an index."""
    wheels, root = tmp_path / "wheels", tmp_path / "clone"
    wheels.mkdir()
    root.mkdir()
    for name, version in (("torch", "2.15.0"), ("torchvision", "0.29.2"), ("numpy", "2.4.6")):
        wheel(wheels, name, version)
    (root / "r.txt").write_text("numpy==2.4.6\ntorch==2.15.0\ntorchvision==0.29.2\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("IAFF_TORCH", "cpu")
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)  # uv, which has another way
    assert setup.main(root, ["r.txt"]) == 1
    said = "".join(capfd.readouterr())
    assert "torch==2.15.0+cpu" in said
    assert "PIP_EXTRA_INDEX_URL=ADDRESS make app TORCH=cpu" in said
    for name, version in (("torch", "2.15.0+cpu"), ("torchvision", "0.29.2+cpu")):
        wheel(wheels, name, version)
    assert setup.main(root, ["r.txt"]) == 0
    packages = next((root / ".venv/lib").glob("python*/site-packages"))
    assert {path.name for path in packages.glob("torch*.dist-info")} == {
        "torch-2.15.0+cpu.dist-info",
        "torchvision-0.29.2+cpu.dist-info",
    }


def test_uv_installs_where_it_is_there_and_pip_where_it_fails(setup, tmp_path, monkeypatch):
    (tmp_path / "r.txt").write_text("torch==2.15.0\n")
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(setup.sys, "platform", "linux")
    tried = []
    monkeypatch.setattr(setup, "run", lambda command: tried.append(command) or command[2] == "pip")
    setup.install(tmp_path, [tmp_path / "r.txt"], "cpu", True)
    assert [command[0] for command in tried] == ["/bin/uv", setup.python(tmp_path)]
    assert tried[0][-3:] == ["--reinstall", "--torch-backend", "cpu"]  # what looks whole may have been cut short
    assert (tmp_path / "torch.txt").read_text() == "torch==2.15.0+cpu\n"
