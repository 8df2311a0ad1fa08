"""Damage in numbers: runs, traces, weights and trainings that are cut, flipped, exchanged, killed or short of space."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from iaff import Trace, UserError
from iaff.explorer.api.queries import Queries
from iaff.explorer.app import runs_in
from iaff.explorer.server.photo_table import table_of
from iaff.places import CLONE, RUNS, SHIPPED
from iaff.tensor_files import Damaged, load_tensors, tensor_bytes
from tests.damage import ODD_VALUES, changed, flipped, joined, json_text, places, split
from tests.runs import CONFIG, assert_same_end, everything_learnt, everything_measured
from tests.unit.test_damaged_files import FILES as RUN_FILES
from tests.unit.test_damaged_files import bare_run, try_run_file

SOURCE = RUNS / "plain_cam"
TRAIN = [sys.executable, "-m", "training.train", "--config", CONFIG, "rounds=1"]
NAMES = ["config.json", "figures.json", "mining.json", "traces/index.json"]


def one_sentence(error):
    assert "\n" not in str(error)
    assert len(str(error)) < 600


def answers(folder):
    """Whether a run still answers; a UserError is a sentence, and anything else fails the test."""
    try:
        (run,) = runs_in(folder)
        asked = Queries([run])
        name = asked.runs()[0]["name"]
        json.dumps([asked.photos(name), asked.figures(name), run.mining(), run.measured_rounds()])
        table_of(run)
        return True
    except UserError as error:
        one_sentence(error)
        return False


@pytest.mark.parametrize("name", NAMES)
def test_odd_values_in_a_runs_files(tmp_path, tried, name):
    draw, run = random.Random(name), shutil.copytree(SOURCE, tmp_path / "run")
    content = json.loads((SOURCE / name).read_text())
    where = list(places(content))
    opened = 0
    for _ in range(500):
        (run / name).write_text(json_text(changed(content, draw.choice(where), draw.choice(ODD_VALUES))))
        opened += answers(run)
    tried(f"{name}: odd values in its places", 500)
    assert 0 < opened < 500


@pytest.mark.parametrize("name", [*NAMES, "images.csv"])
def test_bits_and_cuts_in_a_runs_files(tmp_path, tried, name):
    generator, run = np.random.default_rng(0), shutil.copytree(SOURCE, tmp_path / "run")
    if not (run / name).exists():
        shutil.copy(SHIPPED / name, run / name)
    data = (run / name).read_bytes()
    for i in range(300):
        cut = data[: generator.integers(len(data))] if i % 3 == 0 else flipped(data, generator)
        (run / name).write_bytes(cut)
        answers(run)
    tried(f"{name}: flipped bits and cuts", 300)


def test_traces(tried):
    data = (SOURCE / "traces/yard.safetensors").read_bytes()
    header, rest = split(data)
    meta = json.loads(header["__metadata__"]["trace"])
    draw, generator = random.Random(0), np.random.default_rng(0)
    inside, around = list(places(meta)), list(places(header))
    copies = []
    for _ in range(700):
        text = json_text(changed(meta, draw.choice(inside), draw.choice(ODD_VALUES)))
        copies.append(joined(json.dumps(changed(header, ("__metadata__", "trace"), text)), rest))
        copies.append(joined(json_text(changed(header, draw.choice(around), draw.choice(ODD_VALUES))), rest))
        if len(copies) % 4 == 0:
            copies.append(flipped(data, generator))
    opened = 0
    for copy in copies:
        try:
            trace = Trace.from_bytes(copy, "t")
            assert all(np.isfinite(round.alpha_p).all() for round in trace.rounds.values())
            opened += 1
        except UserError as error:
            one_sentence(error)
    tried("traces: odd values in header and description, flipped bits", len(copies))
    assert 0 < opened < len(copies)


def test_weights(tmp_path, tried):
    """Of those that carry a checksum, no flipped bit and no cut goes unnoticed."""
    data, path = tensor_bytes(load_tensors(SHIPPED / "weights/region_1.safetensors")), tmp_path / "w.safetensors"
    generator = np.random.default_rng(0)
    for i in range(400):
        copy = data[: generator.integers(len(data))] if i % 4 == 0 else flipped(data, generator)
        path.write_bytes(copy)
        with pytest.raises(Damaged):
            load_tensors(path)
    tried("weights: flipped bits and cuts", 400)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run([*TRAIN, "--run", str(folder)], check=True, capture_output=True, cwd=CLONE)
    return folder


def files_of(folder):
    return [p for p in folder.rglob("*") if p.is_file() and p.name != ".lock" and "tensorboard" not in p.parts]


def test_damage_in_a_training(tmp_path, whole, tried):
    """Whatever file of an unfinished training is damaged, the same command ends as it should."""
    draw, generator = random.Random(1), np.random.default_rng(1)
    number = 0
    run = shutil.copytree(whole, tmp_path / "run")
    for name in ("figures.json", "mining.json", "images.csv"):
        (run / name).unlink(missing_ok=True)  # the round is not over
    for path in draw.sample(
        sorted(p for p in files_of(run) if p.suffix == ".safetensors" and "traces" not in p.parts), 8
    ):
        data = path.read_bytes()
        path.write_bytes(draw.choice([data[: len(data) // 2], b"", flipped(data, generator)]))
        number += 1
    done = subprocess.run([*TRAIN, "--run", str(run)], capture_output=True, text=True, cwd=CLONE)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode == 0, done.stderr[-2000:]
    assert everything_measured(run) == everything_measured(whole)
    learnt, expected = everything_learnt(run), everything_learnt(whole)
    for name in expected:  # a map that nothing read again may still be damaged
        if name.parts[0] == "weights":
            assert all(learnt[name][key].equal(value) for key, value in expected[name].items())
    tried("training: damaged weights, maps and seeds, made again", number)


def test_killed_at_random(tmp_path, whole, tried):
    """SIGKILL, a dozen times: the end is the same, bit for bit."""
    draw, run, kills = random.Random(2), tmp_path / "run", 0
    often = {**os.environ, "IAFF_CHECKPOINT_SECONDS": "0"}
    while kills < 12:
        process = subprocess.Popen(
            [*TRAIN, "--run", str(run)], cwd=CLONE, env=often, stderr=subprocess.DEVNULL, stdout=-3
        )
        time.sleep(draw.uniform(3, 9))
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
    subprocess.run([*TRAIN, "--run", str(run)], check=True, capture_output=True, cwd=CLONE)
    tried("training: killed (SIGKILL) at random", kills)
    assert_same_end(run, whole)


@pytest.mark.parametrize("blocks", [8, 64, 400])
def test_a_limit_of_files_sizes(tmp_path, whole, tried, blocks):
    """``ulimit -f``, in blocks of 1,024 bytes: one sentence; without it the same command ends as it should."""
    run = tmp_path / "run"
    limited = f"ulimit -f {blocks}; exec " + " ".join([*TRAIN, "--run", str(run)])
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, cwd=CLONE)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert "File too large" in done.stderr.splitlines()[-1] or "could not be" in done.stderr.splitlines()[-1]
    subprocess.run([*TRAIN, "--run", str(run)], check=True, capture_output=True, cwd=CLONE)
    tried("training: a limit of files' sizes")
    assert_same_end(run, whole)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read(tried):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        done = subprocess.run([*TRAIN, "--run", f"{folder}/run"], capture_output=True, text=True, cwd=CLONE)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        assert "Permission denied" in done.stderr.splitlines()[-1]
        os.chmod(folder, 0o755)
    tried("training: a folder that may only be read")


def test_changed_in_one_place(tmp_path, tried):
    """JSON and tables as no writer makes them: a key twice, depth, numbers of many digits; all that reads them."""
    folder = bare_run(tmp_path / "run")
    for name in RUN_FILES:
        for seed in range(300):
            try_run_file(folder, name, seed)
    tried("a run's files: keys twice, depth, other types", 300 * len(RUN_FILES))


def test_a_folder_that_vanishes(tmp_path, tried):
    """The run's folder is deleted while it trains: one sentence."""
    run = tmp_path / "run"
    process = subprocess.Popen([*TRAIN, "--run", str(run)], cwd=CLONE, stderr=subprocess.PIPE, stdout=-3, text=True)
    while not list(run.glob("weights/classifier.safetensors")):
        time.sleep(0.05)
        assert process.poll() is None
    shutil.rmtree(run, ignore_errors=True)
    said = process.communicate(timeout=120)[1]
    tried("training: its folder vanishes")
    assert process.returncode == 1
    assert "Traceback" not in said, said[-2000:]
