"""The set-up behind `make app` and `make test`, without installing anything."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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

    def create(venv: Path) -> None:
        venv.mkdir(exist_ok=True)
        done.append("create")

    monkeypatch.setattr(setup, "works", lambda venv: venv.is_dir())
    monkeypatch.setattr(setup, "create", create)
    monkeypatch.setattr(setup, "install", lambda venv, files: done.append(" ".join(f.name for f in files)))
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

    def interrupted(venv, files):
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
    for name in ("requirements.txt", "requirements-mcp.txt", "requirements-timm.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        for line in filter(None, lines):
            package, exact, version = line.partition("==")
            assert package, line
            assert exact, line
            assert version[0].isdigit(), line
