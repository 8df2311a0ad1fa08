"""The command `iaff`: what is meant without a command, and what a missing package is answered with."""

import subprocess
import sys

import pytest

from iaff.cli.main import COMMANDS, main, with_command
from iaff.errors import UserError


@pytest.mark.parametrize("words", [[], ["runs/mine"], ["hf://owner/name@v1"], ["--port", "0"], ["a.safetensors", "b"]])
def test_without_a_command_the_explorer_is_meant(words):
    assert with_command(words) == ["explore", *words]


@pytest.mark.parametrize("first", [*COMMANDS, "--help", "--version"])
def test_a_command_is_taken_as_it_is(first):
    assert with_command([first, "--run", "x"]) == [first, "--run", "x"]


def test_a_command_with_a_slip_is_named_but_a_folder_of_that_name_is_opened(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["evalute", "--run", "x"]) == 1
    assert "did you mean `iaff evaluate`?" in capsys.readouterr().err
    with pytest.raises(UserError):
        with_command(["trane"])
    (tmp_path / "trane").mkdir()
    assert with_command(["trane"]) == ["explore", "trane"]


def without(packages: list[str], *words: str) -> subprocess.CompletedProcess:
    """``iaff`` where these packages are not installed."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({packages!r})); from iaff.cli.main import main; sys.exit(main())"
    )
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)


@pytest.mark.parametrize("package", ["accelerate", "tensorboard"])
def test_what_training_lacks_is_one_sentence(package, tmp_path):
    done = without([package], "train", "--config", "shapes_tiny", "--run", str(tmp_path / "run"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"iaff train: Training: got no package `{package}`, expected")
    assert 'pip install "accelerate>=' in done.stderr
    assert "Traceback" not in done.stderr


def test_scores_and_masks_need_no_extra():
    extra = ["accelerate", "tensorboard", "pycocotools", "psutil"]
    code = "from training import evaluate, predict, ship"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules.update(dict.fromkeys({extra!r})); {code}"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
