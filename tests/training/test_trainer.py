"""The trainer: parts of a batch add up, nothing depends on how it is cut or interrupted, and faults are said."""

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import nn

import training.storage
import training.train
import training.trainer
from iaff.config import Fit, PairwiseLoss, Walk, load_config
from iaff.errors import UserError
from iaff.images import read_photo
from iaff.method.cam import CLASSIFIER_LOSS
from iaff.method.supervision import BALANCED, HARD, SOFT, labels_at, object_odds, soft_sample
from iaff.nets.affinitynet import AffinityNet
from iaff.nets.backbones import build_trunk
from iaff.nets.classifier import Classifier
from iaff.nets.loss import Loss
from iaff.nets.spn import Spn
from iaff.nets.unary import Unary
from iaff.propagation import rademacher
from iaff.run import Run
from tests.odd import odd_photos
from tests.runs import CONFIG, assert_same_end, losses
from training.ship import ship
from training.storage import Board, write
from training.train import train
from training.trainer import Crowd, Trainer
from training.watch import Watch


def batch(generator, n=4, side=8):
    labels = torch.randint(0, 3, (n, side, side), generator=generator).to(torch.uint8)
    labels[torch.rand(labels.shape, generator=generator) < 0.4] = 255
    labels[0] = 255  # a sample of which nothing is known weighs nothing
    return {
        "image": torch.randint(0, 256, (n, 3, 4 * side, 4 * side), generator=generator, dtype=torch.uint8),
        "tags": torch.randint(0, 2, (n, 2), generator=generator).float(),
        "labels": labels,
        "target": torch.rand(n, 3, side, side, generator=generator).softmax(1) * (labels != 255)[:, None],
        "confident": labels,
        "alpha": torch.rand(n, 3, side, side, generator=generator).softmax(1),
        "ids": torch.randint(0, 5, (n, side, side), generator=generator),
        "probes": rademacher(n, 3, side, side),
    }


def pairwise(net):
    return net, Loss(net.counts, lambda net, batch, counts: net.loss(batch, counts))


def trunk(depth):
    return build_trunk("small", depth, 8)


TASKS = {
    "classifier": lambda: (Classifier(trunk("classifier"), 2), CLASSIFIER_LOSS),
    "hard": lambda: (Unary(trunk("unary"), 2, 8), HARD),
    "balanced": lambda: (Unary(trunk("unary"), 2, 8), BALANCED),
    "soft": lambda: (Unary(trunk("unary"), 2, 8), SOFT),
    "spn": lambda: pairwise(Spn(trunk("pairwise"), PairwiseLoss(smoothness=0.5))),
    "affinitynet": lambda: pairwise(AffinityNet(trunk("pairwise"), Walk(radius=3))),
}


@pytest.mark.parametrize("task", TASKS)
def test_parts_of_a_batch_add_up_to_the_whole(task):
    torch.manual_seed(0)
    net, loss = TASKS[task]()
    net.eval()
    whole = batch(torch.Generator().manual_seed(1))
    parts = [{k: v[s] for k, v in whole.items()} for s in (slice(0, 1), slice(1, 4))]
    counts = sum(loss.counts(part) for part in parts)
    torch.testing.assert_close(counts, loss.counts(whole))
    total = sum(loss.value(net, part, counts.clamp(min=1)) for part in parts)
    torch.testing.assert_close(total, loss.whole(net, whole), rtol=1e-4, atol=1e-6)


def test_soft_targets_are_the_refined_map_where_the_photo_is():
    torch.manual_seed(3)
    alpha = torch.tensor([0.25, 0.75]).view(2, 1, 1).expand(2, 12, 10).half()
    found = soft_sample(np.zeros((48, 40, 3), np.uint8), alpha, torch.tensor([0, 3]), 5, 64)["target"]
    assert found.shape == (5, 16, 16)
    known = found.sum(0) > 0
    assert 0 < known.float().mean() < 1
    assert found[:, known].T.unique(dim=0).tolist() == [[0.25, 0, 0, 0.75, 0]]


def test_odds_of_objects_bring_back_a_share():
    generator = torch.Generator().manual_seed(0)
    maps = [torch.randn(k, 40, 30, generator=generator).mul(2).softmax(0).half() for k in (3, 2, 1)]  # the last: no tag
    shares = {}
    for odds in (1.0, 2.5):
        labels = [labels_at(alpha, torch.tensor([0, 4, 7])[: len(alpha)], odds) for alpha in maps]
        shares[odds] = torch.stack([(label > 0).float().mean() for label in labels]).mean().item()
        assert object_odds(maps, shares[odds]) == pytest.approx(odds, rel=0.01)
        assert labels[0].unique().tolist() == [0, 4, 7]
    assert shares[1.0] < shares[2.5] - 0.05
    assert torch.equal(labels_at(maps[0], torch.arange(3), 1.0), maps[0].argmax(0).to(torch.uint8))
    assert object_odds(maps, 1.0) == pytest.approx(10)  # as far as it goes


@pytest.mark.parametrize(("size", "accumulate"), [(1, 1), (2, 1), (1, 4), (2, 2)])
def test_every_sample_is_seen_once_in_the_same_steps(size, accumulate):
    how = Fit(steps=3, batch=8, accumulate=accumulate)
    crowds = [Crowd(size, rank) for rank in range(size)]
    steps = [crowd.positions(how, 1) for crowd in crowds]
    each = how.batch // size
    for step in range(2):
        seen = sorted(p for positions in steps for p in positions[step * each : (step + 1) * each])
        assert seen == list(range(8 * (step + 1), 8 * (step + 2)))
    with pytest.raises(UserError, match=r"Got unary\.batch = 8, expected a multiple of 3 \(3 processes x unary\.acc"):
        Crowd(3, 0).share(Fit(steps=3, batch=8), "unary")


def tiny(accumulate, folder):
    torch.manual_seed(0)
    net = Classifier(trunk("classifier"), 2)
    net.train = lambda mode=True: nn.Module.train(net, False)  # statistics of batches depend on their size
    data = batch(torch.Generator().manual_seed(1))

    def sample(i):
        return {"image": data["image"][i], "tags": data["tags"][i]}

    how = Fit(steps=12, batch=4, accumulate=accumulate, lr=1e-2)
    Trainer(folder, Accelerator(), 0).fit("classifier", net, 4, sample, CLASSIFIER_LOSS, how)
    return [loss for _, loss in losses(folder, "classifier")]


def test_an_accumulated_batch_teaches_the_same(tmp_path):
    whole, parts = (tiny(n, tmp_path / str(n)) for n in (1, 4))
    assert len(whole) == 12
    assert whole[-1] < whole[0] - 1e-3
    assert parts == pytest.approx(whole, rel=1e-4)


def test_a_loss_that_is_no_number_or_grows_stops_the_stage():
    watch = Watch("pairwise_2", 100)
    for step in range(40):
        watch.see(step, 1.0)
    with pytest.raises(UserError, match=r"Stage pairwise_2: the loss is nan at step 41 of 100. Lower pairwise.lr"):
        watch.see(40, float("nan"))
    watch.running = 5.0
    with pytest.raises(UserError, match=r"has grown from 1 to 6\.25"):
        watch.see(41, 30.0)


def test_a_training_that_diverges_names_its_stage(tmp_path):
    with pytest.raises(UserError, match="Stage classifier: the loss"):
        train(load_config(CONFIG, ["classifier.lr=1e30", "classifier.lr_head=1e30"]), tmp_path / "tiny")
    assert losses(tmp_path / "tiny", "classifier")  # what led there can be looked at


def no_space(path):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def no_space_for_safetensors(path):
    raise SafetensorError("I/O error: No space left on device (os error 28)")


def no_space_for_torch(path):  # which says nothing of space
    raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 704 vs 598")


@pytest.mark.parametrize("fail", [no_space, no_space_for_safetensors, no_space_for_torch])
def test_the_words_of_each_writer_for_a_full_disk(tmp_path, monkeypatch, fail):
    def save(path):
        path.write_bytes(b"half a file")
        fail(path)

    if fail is no_space_for_torch:
        with pytest.raises(UserError, match=r"x could not be written: .*unexpected pos .*ulimit"):  # there is space
            write(tmp_path / "x", save)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(UserError, match=r"x could not be written: the disk is full\. Free some space"):
        write(tmp_path / "x", save)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_names_the_file_of_a_run(tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/config.json.part").symlink_to("/dev/full")
    monkeypatch.setattr("sys.argv", ["train", "--config", CONFIG, "--run", str(tmp_path / "tiny")])
    with pytest.raises(SystemExit, match=r"^python -m training\.train: .*config\.json could not be written: the disk"):
        training.train.main()
    assert not list(tmp_path.rglob("*.part"))


def test_a_training_goes_on_without_tensorboard(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("threading.excepthook", lambda what: None)  # TensorBoard writes in a thread of its own
    board = Board(tmp_path / "tensorboard")
    board.add_scalar("a/loss", 3.0, 0)
    board.flush()
    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "write", lambda self, data: no_space("events"))
        for step in range(1, 30):  # more than the writer's queue holds
            board.add_scalar("a/loss", 1.0, step)
        board.flush()
    assert "TensorBoard misses the last steps ([Errno 28] No space left" in capsys.readouterr().err
    board.add_scalar("a/loss", 2.0, 30)
    board.close()
    assert losses(tmp_path, "a") == [(0, 3.0), (30, 2.0)]


def test_a_damaged_photo_is_said_in_one_sentence_by_loading_processes_too(tmp_path):
    (tmp_path / "cut.jpg").write_bytes(odd_photos()["cut.jpg"][0])

    def said(workers):
        with pytest.raises(UserError) as caught:
            Trainer(tmp_path, Accelerator(), 0, workers).each("x", 3, lambda i: read_photo(tmp_path / "cut.jpg"))
        return str(caught.value)

    assert said(1) == said(0)


@pytest.mark.slow
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    """Writing fails at the sixth map of alpha^u; with space again, the same command ends as an unbroken run."""
    config, save = load_config(CONFIG), training.storage.save_tensors

    def full(tensors, path):
        if path.parent.name == "unary_1" and path.name.startswith("000005"):
            path.write_bytes(b"half a file")
            no_space_for_safetensors(path)
        save(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr(training.storage, "save_tensors", full)
        with pytest.raises(UserError, match="the disk is full"):
            train(config, tmp_path / "broken")
    assert not list((tmp_path / "broken").rglob("*.part"))
    train(config, tmp_path / "broken")
    train(config, tmp_path / "whole")
    assert_same_end(tmp_path / "broken", tmp_path / "whole")


ABLATIONS = {
    "self-training": ["affinity=none", "targets.soft=true"],
    "pamr": ["affinity=pamr", "mining.mode=drop_disagree", "targets.warm_start=false", "precision=bf16"],
    "no L_s": ["loss.smoothness=0", "loss.passes=2", "unary.accumulate=2", "unary.optimiser='sgd'"],
    "masks": ["supervision=masks", "affinity=none"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ABLATIONS)
def test_ablations_are_switches(name, tmp_path):
    run = train(load_config(CONFIG, [*ABLATIONS[name], "traces=1"]), tmp_path / "tiny")
    figures = run.figures()["rounds"]
    assert len(figures) == 2
    energies = [abs(r["energy"]["paper"]["unary"]) for r in figures]
    assert (max(energies) < 1e-9) == ("affinity=none" in ABLATIONS[name])  # G = I changes nothing, others do
    assert len(run.traces()) == (0 if name == "pamr" else 1)
    assert run.config["supervision"] == ("masks" if name == "masks" else "tags")
    if name == "masks":
        assert not (run.dir / "cache" / "seeds").exists()
        with pytest.raises(UserError, match="supervision=masks"):
            ship(run, tmp_path / "copy", tmp_path)


@pytest.mark.slow
def test_processes_that_load_change_nothing(tmp_path):
    for workers in (0, 2):
        train(load_config(CONFIG, ["rounds=1"]), tmp_path / str(workers), workers)
    assert_same_end(tmp_path / "0", tmp_path / "2")


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path):
    """gloo, fp32, no dropout, frozen statistics: the first 20 losses within 1e-4, mIoU within a point."""
    settings = ["classifier.steps=30", "unary.steps=30", "pairwise.steps=20"]
    many = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for command, name, size in (([sys.executable], "one", 1), (many, "two", 2)):
        done = subprocess.run(
            [*command, "tests/training/two_processes.py", str(tmp_path / name), *settings],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count(f"one of {size}") == size
    for stage in ("classifier", "unary_1", "pairwise_1"):
        one, two = ([loss for _, loss in losses(tmp_path / name, stage)[:20]] for name in ("one", "two"))
        assert len(one) == 20
        worst = max(abs(a / b - 1) for a, b in zip(one, two))
        print(f"{stage}: first 20 losses differ by at most {worst:.1e}")
        assert two == pytest.approx(one, rel=1e-4)
    one, two = (Run.load(tmp_path / name).figures()["rounds"][-1] for name in ("one", "two"))
    for key in ("unary", "refined"):
        print(f"{key}: mIoU {one[key]['miou_tags']:.4f} and {two[key]['miou_tags']:.4f}")
        assert two[key]["miou_tags"] == pytest.approx(one[key]["miou_tags"], abs=0.01)


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    """SIGKILL, up to two seconds after it got on, five times; in the end all is as in an unbroken run."""
    command = [sys.executable, "-m", "training.train", "--config", CONFIG, "--run"]
    often, kills = {**os.environ, "IAFF_CHECKPOINT_SECONDS": "0"}, 0
    for _ in range(5):
        before = progress(tmp_path / "broken")
        process = subprocess.Popen([*command, str(tmp_path / "broken")], env=often, stderr=subprocess.DEVNULL)
        while progress(tmp_path / "broken") == before and process.poll() is None:
            time.sleep(0.05)
        time.sleep(random.uniform(0, 2))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        print(f"killed with {len(progress(tmp_path / 'broken'))} files written")
    assert kills >= 3  # it may have ended before
    for name in ("broken", "whole"):
        subprocess.run([*command, str(tmp_path / name)], check=True, capture_output=True)
    assert_same_end(tmp_path / "broken", tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_killed_and_gone_on_with(tmp_path):
    """One of two is killed: both end. Gone on with, by accelerate's launcher now, they end as an unbroken pair."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    accelerate = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    settings = ["-m", "training.train", "--config", CONFIG, "rounds=1", "--run-dir"]
    often, broken = {**os.environ, "IAFF_CHECKPOINT_SECONDS": "0"}, tmp_path / "broken"
    first = subprocess.Popen([*torchrun, *settings, str(broken)], env=often, stderr=subprocess.PIPE, text=True)
    while not (broken / "checkpoints/unary_1.pt").exists() and first.poll() is None:
        time.sleep(0.05)
    psutil.Process(first.pid).children()[-1].kill()
    assert first.wait(timeout=60) == 1, first.stderr.read()[-3000:]
    assert not (broken / "weights/unary_1.safetensors").exists()
    for launcher, folder in ((accelerate, broken), (torchrun, tmp_path / "whole")):
        done = subprocess.run([*launcher, *settings, str(folder)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count("Done: ") == 2
    assert_same_end(broken, tmp_path / "whole")


def progress(folder):
    """What a training has written so far."""
    found = set()
    for path in [*folder.glob("*/**/*.safetensors"), *folder.glob("checkpoints/*.pt")]:
        with contextlib.suppress(FileNotFoundError):  # gone between the two looks
            found.add((path, path.stat().st_mtime_ns))
    return found
