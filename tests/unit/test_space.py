"""The repository as a Space of the Hugging Face Hub: README.md begins with what is so, and no file is too large for it.

The lists are those of the Hub's configuration reference for Spaces.
"""

import re
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
LARGEST = 10_000_000  # bytes that the Hub takes in a file outside LFS
ABOUT = yaml.safe_load((ROOT / "README.md").read_text("utf-8").split("---\n")[1])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_it_is_shown_as_meant():
    assert ABOUT["title"] == PROJECT["name"]
    assert {ABOUT["colorFrom"], ABOUT["colorTo"]} <= COLOURS
    assert len(ABOUT["emoji"]) == 1
    assert unicodedata.category(ABOUT["emoji"]) == "So"  # as pictographs are
    assert ABOUT["license"] == PROJECT["license"].lower()


def test_it_runs_what_is_tried():
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text("utf-8"), re.M))
    assert ABOUT["sdk"] == "gradio"
    assert ABOUT["sdk_version"] == pins["gradio"]  # a Space installs both, and fails where they differ
    oldest = re.fullmatch(r">=3\.(\d+)", PROJECT["requires-python"])[1]
    assert re.fullmatch(r"3\.\d+", ABOUT["python_version"])
    assert int(ABOUT["python_version"].split(".")[1]) >= int(oldest)


def test_the_app_defines_demo():
    """Gradio's tools ask the app file for it; the file itself is what a Space runs."""
    program = f"import gradio\nfrom {Path(ABOUT['app_file']).stem} import demo\nassert isinstance(demo, gradio.Blocks)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files are its own")
def test_no_file_is_too_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert len(files) > 300
    assert [file for file in files if file.is_file() and file.stat().st_size > LARGEST] == []
