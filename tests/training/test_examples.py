"""The examples run as a user would run them, and what they write can be opened."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from iaff import Run, Trace
from iaff.cli.main import main

ROOT = Path(__file__).parents[2]


SLOW = [
    pytest.param(name, marks=pytest.mark.slow) for name in ("refine_a_photo", "another_affinity", "train_on_a_folder")
]


@pytest.mark.parametrize("name", ["attention_of_a_network", *SLOW])
def test_example(name, tmp_path):
    command = [sys.executable, "-m", f"examples.{name}"]
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Look at it: python -m iaff explore" in done.stdout
    if name == "train_on_a_folder":
        run = Run.load(tmp_path / "runs/own")
        assert run.finished_rounds() == 2
        assert [entry["title"] for entry in run.traces()] == ["photo 0.png", "photo 1.png"]  # from training: no tune
        return
    trace = Trace.load(next(tmp_path.glob("*.safetensors")))
    last = trace.rounds[len(trace.rounds)]
    np.testing.assert_allclose(last.affinity.row(100, 100).sum(), 1, atol=1e-3)
    assert (last.alpha_p.argmax(0) == 1).mean() > 0.3  # most of the photo is cat


@pytest.mark.slow
def test_three_other_methods_lie_beside_ial_on_one_photo(tmp_path, monkeypatch):
    """As docs/other_methods.md has it."""
    monkeypatch.chdir(tmp_path)
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "examples.beside_ial"], env=where, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    files = {"attention": "attention.npy", "affinity": "walk.npz", "refined": "crf.npy"}
    for part, file in files.items():
        words = ["--photo", "cow.png", "--classes", "cow", "--scores", "scores.npy", "--truth", "truth.png"]
        assert main(["import", *words, f"--{part}", file, "--out", f"{part}.safetensors"]) == 0
    traces = [Trace.load(f"{part}.safetensors") for part in files]
    assert [trace.meta["rounds"][0]["affinity"]["kind"] for trace in traces] == ["sparse", "stencil", "map"]
    for trace in traces:
        labels = trace.rounds[1].alpha_p.argmax(0)
        assert 0.1 < labels.mean() < 0.6  # the cow
