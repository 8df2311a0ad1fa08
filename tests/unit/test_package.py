"""The package as others get it: what the wheel and the source archive hold, and that the wheel works away from here."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import iaff
from iaff.config import load_config
from iaff.places import CONFIGS

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "train": ["--config", "x"],
    "evaluate": ["--run", "x"],
    "predict": ["--run", "x", "--root", "x", "--out", "x"],
    "prepare": ["voc", "--root", "x"],
    "ship": ["--run", "x", "--out", "x"],
}  # and what each requires
FOLDERS = {"assets": "iaff/assets", "lessons": "iaff/assets/lessons", "training": "iaff/training", "iaff": "iaff"}

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone says which files it has")


def shipped(*folders: str) -> set[str]:
    """What git knows of these folders, as paths from the top."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).exists()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    """Wheel and source archive, built in this environment: nothing is downloaded."""
    out = tmp_path_factory.mktemp("built")
    for kind in ("wheel", "sdist"):
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", out], cwd=ROOT, check=True)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_the_wheel_holds_all_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
        info = f"iaff-{iaff.__version__}.dist-info"
        commands = file.read(f"{info}/entry_points.txt").decode()
    wanted = {re.sub(r"^\w+", FOLDERS[name.split("/")[0]], name) for name in shipped(*FOLDERS)}
    assert {name for name in names if not name.startswith(info)} == wanted
    assert {"iaff/py.typed", "iaff/training/configs/animals.toml", "iaff/explorer/static/main.js"} < wanted
    assert commands.split() == ["[console_scripts]", "iaff", "=", "iaff.cli.main:main"]


def test_the_source_archive_makes_the_same_wheel(built, tmp_path):
    with tarfile.open(built[1]) as file:
        file.extractall(tmp_path, filter="data")
    top = tmp_path / f"iaff-{iaff.__version__}"
    assert {path.name for path in top.iterdir()} & {"runs", "node_modules", ".venv", ".git", ".ci"} == set()
    assert (top / "tests" / "unit" / "test_package.py").is_file()
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=top, check=True)
    with zipfile.ZipFile(built[0]) as ours, zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as theirs:
        content = [{item.filename: item.CRC for item in file.infolist()} for file in (ours, theirs)]
    assert content[0] == content[1]


@pytest.fixture(scope="module")
def away(built, tmp_path_factory):
    """``away(words...)`` runs ``iaff`` from the unpacked wheel, in an empty folder from which no clone is seen."""
    home = tmp_path_factory.mktemp("away")
    with zipfile.ZipFile(built[0]) as file:
        file.extractall(home / "site")
    start = "import sys; from iaff.cli.main import main; sys.exit(main())"

    def run(*words: str, code: str = start) -> subprocess.CompletedProcess:
        command = [sys.executable, "-P", "-c", code, *words]
        env = {**os.environ, "PYTHONPATH": str(home / "site")}
        return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, encoding="utf-8")

    return run


def test_away_from_the_clone_the_command_says_what_it_can(away):
    there = "import iaff.places as p; print(p.CLONE, p.SHIPPED.is_dir(), p.GALLERY.is_dir(), p.LESSONS.is_dir())"
    done = away(code=there)
    assert done.stdout.split() == ["None", "True", "True", "True"], done.stderr
    done = away("doctor")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ok +shipped run +.*site.iaff.assets.runs.animals: 5 rounds", done.stdout, re.M)
    assert re.search(r"^ok +torch ", done.stdout, re.M)
    assert "evaluate" in away("--help").stdout
    assert away("--version").stdout.split() == ["iaff", iaff.__version__]


def test_away_from_the_clone_the_trainings_programs_are_there(away):
    """Each reads its arguments itself, and says what it is called."""
    code = f"""
import contextlib
from iaff.cli.main import main
for name, words in {PROGRAMS!r}.items():
    for last in ("--help", "--nonsense"):
        with contextlib.suppress(SystemExit):
            main([name, *words, last])
"""
    done = away(code=code)
    for name in PROGRAMS:
        assert f"usage: iaff {name} [-h]" in done.stdout, done.stderr
        assert f"iaff {name}: error: unrecognized arguments: --nonsense" in done.stderr


@pytest.mark.slow
def test_away_from_the_clone_a_photo_is_refined_and_a_run_trained(away):
    photo = "import iaff.places as p; print(p.GALLERY / 'chelsea.jpg')"
    done = away("refine", away(code=photo).stdout.strip(), "--tags", "cat", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "chelsea" in done.stdout
    done = away("export", "out/chelsea/trace.safetensors", "--html", "page.html")
    assert done.returncode == 0, done.stderr
    few = ["rounds=1", "classifier.steps=2", "unary.steps=2", "pairwise.steps=2"]
    done = away("train", "--config", "shapes_tiny", *few)
    assert done.returncode == 0, done.stderr
    assert "Look at it with: iaff runs" in done.stdout
    done = away("evaluate", "--run", "runs/shapes_tiny", "--data", "shapes", "--size", "4")
    assert done.returncode == 0, done.stderr


def test_a_config_may_be_named():
    named = load_config("shapes_tiny", ["rounds=2"])
    assert named == load_config(CONFIGS / "shapes_tiny.toml", ["rounds=2"])
    with pytest.raises(iaff.UserError, match=r"No config .*Configs in .*: ablation, animals,"):
        load_config("animal")


def test_the_version_is_said_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" not in project["project"]
    assert f"\nversion: {iaff.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## [{iaff.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
