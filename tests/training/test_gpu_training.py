"""Training on a real device, ``make test-gpu``: mixed precision, its checkpoint, figures of what was trained."""

import json
import math
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.gpu
CONFIG = "training/configs/shapes_tiny.toml"
DIES = """
import os, sys
from training import train, trainer
trainer.CHECKPOINT_SECONDS, write = 0, trainer.Trainer._checkpoint
def checkpoint_and_die(self, stage, step, *rest):
    write(self, stage, step, *rest)
    if (stage, step) == ("pairwise_1", 3):
        os._exit(7)
trainer.Trainer._checkpoint = checkpoint_and_die
train.main()
"""


@pytest.fixture(autouse=True)
def device():
    if not torch.cuda.is_available():
        pytest.fail("no CUDA device: these tests are for one (make test leaves them out)")


def run(*command) -> subprocess.CompletedProcess:
    """A process of its own: a process keeps the precision that it began with."""
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)


@pytest.mark.parametrize("affinity", ["spn", "affinitynet", "pamr"])
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_killed_training_goes_on_and_is_scored(tmp_path, precision, affinity):
    how = ["--config", CONFIG, "--run", tmp_path / "run", f"precision={precision}", f"affinity={affinity}"]
    if affinity != "pamr":  # which has nothing to train
        assert run("-c", DIES, *how).returncode == 7
        state = torch.load(tmp_path / "run/checkpoints/pairwise_1.pt", weights_only=True)
        assert (state["scaler"] is not None) == (precision == "fp16")
    done = run("-m", "training.train", *how)
    assert done.returncode == 0, done.stderr[-3000:]
    for path in (tmp_path / "run/weights").iterdir():
        assert all(weights.isfinite().all() for weights in load_file(path).values()), path.name
    result = tmp_path / "result.json"
    done = run(
        "-m",
        "training.evaluate",
        "--run",
        tmp_path / "run",
        "--data",
        "shapes",
        "--split",
        "val",
        "--size",
        6,
        "--json",
        result,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rounds = json.loads(result.read_text())["rounds"]
    assert [r["round"] for r in rounds] == [1, 2]
    assert all(math.isfinite(r[key]["miou_tags"]) for r in rounds for key in ("unary", "refined"))
