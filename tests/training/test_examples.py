"""The examples run as a user would run them, and what they write can be opened."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from iaff import Run, Trace

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["refine_a_photo", "another_affinity", "train_on_a_folder"])
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
