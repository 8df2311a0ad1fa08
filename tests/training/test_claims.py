"""One training at a time in a run's folder, and always of the same photos and tags."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

import training.train
from iaff.config import load_config
from iaff.errors import UserError
from iaff.run import claimed
from tests.runs import CONFIG

# Claims a folder, and forks as a training does whose photos are loaded by processes of their own.
HOLDER = """
import os, sys, time
from pathlib import Path
from iaff.run import claimed
with claimed(Path(sys.argv[1])):
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(120)
"""


@contextmanager
def another(folder):
    """Another process that claims the folder; gives it, and the one that it forked, which outlives it by far."""
    pytest.importorskip("fcntl")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    child = int(holder.stdout.readline())
    try:
        yield holder
    finally:
        holder.kill()
        holder.wait()
        os.kill(child, signal.SIGKILL)


def test_a_second_training_is_refused_until_the_first_is_dead(tmp_path, monkeypatch):
    monkeypatch.setattr("iaff.run.PATIENCE", 0)
    with another(tmp_path / "tiny") as holder:
        with pytest.raises(UserError, match="being trained by another process, expected none"):
            training.train.train(load_config(CONFIG), tmp_path / "tiny")
        assert [path.name for path in (tmp_path / "tiny").iterdir()] == [".lock"]
        monkeypatch.setattr("iaff.run.PATIENCE", 2)
        threading.Timer(0.2, holder.send_signal, [signal.SIGKILL]).start()
        with claimed(tmp_path / "tiny"):
            pass


@pytest.mark.slow
def test_a_second_training_of_two_processes_is_refused_in_both(tmp_path):
    command = [
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "-m",
        "training.train",
        "--config",
        CONFIG,
        "--run-dir",
        str(tmp_path),
    ]
    with another(tmp_path):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.count("training.train: ") == done.stderr.count("being trained by another process") == 2


def test_other_tags_are_refused(tmp_path, monkeypatch):
    """Maps on disk have the tags for channels; a run of an older version, which does not say which, goes on."""
    monkeypatch.setattr(training.train, "iterate", lambda *_: None)
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / name)

    def train(a, b):
        (tmp_path / "tags.csv").write_text(f"a.png,{a}\nb.png,{b}\n")
        config = load_config("training/configs/folder.toml", [f"data.root={tmp_path}", "precision=fp32"])
        return training.train.train(config, tmp_path / "run")

    config = train("cat", "dog").dir / "config.json"
    with pytest.raises(UserError, match=r"other settings: tags = 'checksum \w{8}', not 'checksum \w{8}'\."):
        train("dog", "cat")
    older = json.loads(config.read_text())
    del older["tags"]
    config.write_text(json.dumps(older))
    assert "tags" in train("dog", "cat").config
