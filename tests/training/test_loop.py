"""The whole loop on `shapes_tiny`: it runs, resumes, never reads a mask, and what it writes can be opened."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import training.report
import training.train
import training.trainer
from iaff.config import load_config
from iaff.data import Shapes, open_split
from iaff.errors import UserError
from iaff.inference import Predictor
from iaff.method.labels import allowed_classes
from iaff.method.photo import refine
from iaff.method.seeds import find_seeds
from iaff.method.superpixels import on_grid
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.record import trace_photo
from tests.runs import CONFIG, assert_identical, assert_same_end, everything_learnt, everything_measured, losses
from training.evaluate import evaluate
from training.ship import ship
from training.storage import Maps
from training.trainer import Trainer


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return training.train.train(load_config(CONFIG), tmp_path_factory.mktemp("runs") / "tiny")


def test_figures_of_every_round(run):
    figures = run.figures()
    assert [r["round"] for r in figures["rounds"]] == [1, 2]
    assert figures["images"] == 6
    assert 0 <= figures["cam"]["fixed"]["miou_tags"] <= figures["cam"]["oracle"]["miou_tags"] <= 1
    for r in figures["rounds"]:
        shares = [
            r["unary"]["miou_tags"],
            r["refined"]["miou_tags"],
            r["confident"]["precision"],
            r["confident"]["coverage"],
            r["changed"],
            r["agreement"],
            r["leak"],
        ]
        assert all(0 <= s <= 1 for s in shares)
        assert 1 <= r["reach"] <= 24 * 32
        assert r["energy"]["ref"]["unary"] > 0
    assert run.finished_rounds() == 2
    lines = (run.dir / "images.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 24
    counts = run.mining()["rounds"][0]
    assert sum(sum(counts[key]) for key in ("right", "wrong", "unknown")) > 0


def test_an_own_photo_gets_the_seeds_that_training_made(run):
    predictor, photos = Predictor(run), open_split("shapes", "", "train", size=24)
    for i in (0, 7):
        image, tags = photos.image(i), torch.from_numpy(photos.tags(i))
        cam = predictor.evidence(image, tags).cam
        seeds = find_seeds(cam, tags, on_grid(predictor.superpixels(image)), predictor.config.seeds)
        assert torch.equal(seeds, Maps(run.dir / "cache" / "seeds")[i]["labels"])


def test_explaining_makes_of_a_photo_what_training_made(run):
    predictor, photos = Predictor(run), open_split("shapes", "", "train", size=24)
    for i in (0, 7):
        image, classes = photos.image(i), allowed_classes(torch.from_numpy(photos.tags(i)))
        for t in (1, 2):
            (maps,) = predictor.round(t, image, predictor.superpixels(image), classes)
            unary, refined = (Maps(run.dir / "cache" / f"{stage}_{t}")[i] for stage in ("unary", "refined"))
            assert torch.equal(maps.alpha_u.half(), unary["alpha"])
            assert torch.equal(maps.pooled.half(), unary["pooled"])
            assert torch.equal(refine(maps.g, unary["alpha"].float()).half(), refined["alpha"])


def test_a_mask_that_says_nothing_costs_the_figures_alone(run):
    """All void is as good as no mask; a single labelled pixel is enough for a mIoU, and not for a leak."""
    predictor, photos = Predictor(run), open_split("shapes", "", "train", size=24)
    image, tags = photos.image(0), photos.tags(0)
    void = np.full(image.shape[:2], 255, np.uint8)
    nothing, without = (trace_photo(predictor, image, tags, truth, name="a") for truth in (void, None))
    assert nothing.meta == without.meta
    assert "truth" not in nothing.tensors
    void[0, 0] = 0
    figures = trace_photo(predictor, image, tags, void, name="a").meta["rounds"][0]["figures"]
    assert "miou" in figures["refined"]
    assert "leak" not in figures


def test_traces_hold_what_the_explorer_needs(run):
    entries = run.traces()
    assert len(entries) == 2
    path = run.trace_path(entries[0]["name"])
    assert path.stat().st_size < 1_500_000
    trace = Trace.load(path)
    k, (w, h) = len(trace.meta["classes"]), trace.meta["grid"]
    assert (w, h) == (32, 24)
    assert trace.tensors["cam_scales"].shape == (2, k - 1, h, w)
    assert trace.tensors["cam_climb"].shape == (3, k - 1, h, w)
    for t in (1, 2):
        assert trace.rounds[t].alpha_u.shape == (k, h, w)
        gates = trace.rounds[t].affinity.gates
        assert gates.min() >= 0
        assert gates.sum(1).max() <= 1
        np.testing.assert_allclose(trace.rounds[t].alpha_p.sum(0), 1, atol=2e-3)
        scores = trace.tensors[f"rounds.{t}.scores"]
        assert len(scores) == trace.superpixels().max() + 1
        assert set(np.unique(trace.labels(f"rounds.{t}.confident"))) <= {*trace.meta["class_ids"], 255}
    with pytest.raises(UserError, match="it has: sample_0"):
        run.trace_path("nobody")


@pytest.mark.parametrize("masks", [pytest.param("absent", marks=pytest.mark.slow), "noise"])
def test_masks_never_reach_training(run, tmp_path, monkeypatch, masks):
    """With the masks absent or replaced by noise, weights, seeds and all supervision are bit-identical."""

    def mask(self, i):
        if masks == "absent":
            raise UserError("no masks here")
        shown = [0, *(np.flatnonzero(self.tags(i)) + 1)]  # with others they would not be measured against
        return np.random.default_rng(i).choice(shown, self.image(i).shape[:2]).astype(np.uint8)

    monkeypatch.setattr(Shapes, "mask", mask)
    other = training.train.train(load_config(CONFIG), tmp_path / "tiny")
    assert_identical(everything_learnt(run.dir), everything_learnt(other.dir))
    assert len(other.traces()) == 2  # without truth where there is none
    if masks == "noise":
        theirs, ours = other.figures()["rounds"][0], run.figures()["rounds"][0]
        assert theirs["unary"]["miou_tags"] != ours["unary"]["miou_tags"]  # the noise was seen, by metrics alone


def test_a_killed_training_ends_as_an_unbroken_one(run, tmp_path, monkeypatch):
    """Stopped in three trainings and in a report; on the way it loses all maps that it does not need, then all maps."""
    config, folder, spare = load_config(CONFIG), tmp_path / "tiny", ["seeds", "unary_1", "confident_1"]
    checkpoint, write_traces = Trainer._checkpoint, training.report.write_traces

    def stopped(owner, name, stop):
        with monkeypatch.context() as patch:
            patch.setattr(training.trainer, "CHECKPOINT_SECONDS", -1)
            patch.setattr(owner, name, stop)
            with pytest.raises(KeyboardInterrupt):
                training.train.train(config, folder)

    for stage, last in (("classifier", 4), ("pairwise_1", 3), ("unary_2", 3)):

        def checkpoint_and_die(self, name, step, *rest, stage=stage, last=last):
            if name != stage or step <= last:
                checkpoint(self, name, step, *rest)
            elif step == last + 2:
                raise KeyboardInterrupt

        stopped(Trainer, "_checkpoint", checkpoint_and_die)
        assert (folder / "checkpoints" / f"{stage}.pt").is_file()
    for name in spare:
        shutil.rmtree(folder / "cache" / name)

    def write_and_die(*what):
        write_traces(*what)
        raise KeyboardInterrupt

    stopped(training.report, "write_traces", write_and_die)
    assert [name for name in spare if (folder / "cache" / name).exists()] == []  # round 1 was measured: not made again
    shutil.rmtree(folder / "cache")
    training.train.train(config, folder)
    ours, theirs = everything_learnt(folder), everything_learnt(run.dir)
    assert {file.parent.name for file in theirs.keys() - ours.keys()} == {"seeds", "confident_1"}
    assert_identical(ours, {file: theirs[file] for file in ours})
    assert everything_measured(folder) == everything_measured(run.dir)
    for stage in ("classifier", "pairwise_1", "unary_2"):
        assert losses(folder, stage) == losses(run.dir, stage)  # no step twice


def test_a_finished_training_makes_nothing_again(run, tmp_path):
    shutil.copytree(run.dir, tmp_path / "tiny", ignore=shutil.ignore_patterns("cache"))
    training.train.train(load_config(CONFIG), tmp_path / "tiny")
    assert list((tmp_path / "tiny" / "cache").iterdir()) == []


def test_what_is_damaged_is_made_again(run, tmp_path, capsys):
    """Of a training that stopped in round 2: what later stages read, and what only scores read."""
    folder = tmp_path / "tiny"
    shutil.copytree(run.dir, folder)
    figures = json.loads((folder / "figures.json").read_text())
    (folder / "figures.json").write_text(json.dumps({**figures, "rounds": figures["rounds"][:1]}))
    for name in ("weights/pairwise_2", "weights/classifier"):
        (folder / f"{name}.safetensors").unlink()
    damaged = ["weights/unary_1", "weights/region_2", "cache/unary_1/000003", "cache/object_share/000000"]
    for name in damaged:
        path = folder / f"{name}.safetensors"
        data = path.read_bytes()
        path.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    training.train.train(load_config(CONFIG), folder)
    said = [line for line in capsys.readouterr().err.splitlines() if "It is kept as" in line]
    assert len(said) == len(damaged)
    assert all(any(name in line for line in said) for name in damaged)
    assert_same_end(folder, run.dir)


def test_a_map_that_is_gone_is_said(run, tmp_path):
    shutil.copytree(run.dir / "cache" / "seeds", tmp_path / "seeds")
    (tmp_path / "seeds" / "000003.safetensors").write_bytes(b"half")
    maps = Maps(tmp_path / "seeds")
    with pytest.raises(UserError, match=r"000003\.safetensors cannot be read .* it is computed again"):
        maps[3]
    with pytest.raises(UserError, match=r"000099\.safetensors cannot be read"):
        maps[99]


def test_a_shipped_copy_is_small_and_scores_the_same(run, tmp_path):
    scenes = Shapes(2, seed=9)
    photos = []
    for i, name in enumerate(("one", "two")):
        Image.fromarray(scenes.image(i)).save(tmp_path / f"{name}.png")
        Image.fromarray(scenes.mask(i)).save(tmp_path / f"{name}_mask.png")
        tags = [c for c, tag in zip(scenes.classes[1:], scenes.tags(i), strict=True) if tag]
        photos.append({"name": name, "title": name, "file": f"{name}.png", "mask": f"{name}_mask.png", "tags": tags})
    gallery = {"classes": scenes.classes, "photos": photos}
    (tmp_path / "gallery.json").write_text(json.dumps(gallery))

    copy = ship(run, tmp_path / "copy", tmp_path)
    assert [entry["name"] for entry in copy.traces()] == ["one", "two"]
    assert copy.weights("unary_1").stat().st_size < 0.6 * run.weights("unary_1").stat().st_size
    theirs, ours = (evaluate(Predictor(r), scenes)["rounds"][1] for r in (copy, run))
    assert theirs["refined"]["miou_tags"] == pytest.approx(ours["refined"]["miou_tags"], abs=0.01)
    rows = list(csv.DictReader((copy.dir / "images.csv").open()))
    assert [(row["round"], row["image"]) for row in rows] == [(t, name) for t in "12" for name in ("one", "two")]
    assert list(rows[0])[5:9] == ["miou_unary", "miou_refined", "precision", "leak"]
    for row in rows:  # its classes' mean is the mIoU
        ious = [float(row[f"iou_refined.{name}"]) for name in run.classes if row[f"iou_refined.{name}"]]
        assert float(row["miou_refined"]) == pytest.approx(np.mean(ious), abs=1e-6)
    assert theirs["leak"] == pytest.approx(np.mean([float(row["leak"]) for row in rows[2:]]), abs=1e-3)
    assert theirs["leak"] > 0.01

    gallery["classes"] = ["background", "cat"]
    (tmp_path / "gallery.json").write_text(json.dumps(gallery))
    with pytest.raises(UserError, match="expected the run's classes"):
        ship(run, tmp_path / "other", tmp_path)


def test_a_run_of_other_settings_is_refused(run):
    with pytest.raises(UserError, match="other settings: seed = 0, not 7"):
        training.train.train(load_config(CONFIG, ["seed=7"]), run.dir)


def test_the_run_can_be_read_without_torch(run):
    code = (
        "import sys; from iaff.run import Run; from iaff.trace import Trace; "
        f"run = Run.load({str(run.dir)!r}); Trace.load(run.trace_path('sample_0')); "
        "print(run.name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["shapes_tiny", "False"]


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(UserError, match="is not a run"):
        Run.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"schema": 99, "name": "x"}))
    with pytest.raises(UserError, match="schema 99, expected 1"):
        Run.load(tmp_path)


@pytest.mark.slow
def test_the_same_loop_runs_the_iterated_psa(tmp_path):
    """AffinityNet and its random walk in place of IAL's pairwise network, without mining (Table 3's other row)."""
    settings = ["affinity=affinitynet", "mining.mode=none", "walk.steps=16", "pairwise.steps=4", "precision=bf16"]
    run = training.train.train(load_config(CONFIG, settings), tmp_path / "psa")
    assert [r["round"] for r in run.figures()["rounds"]] == [1, 2]
    trace = Trace.load(run.trace_path("sample_0"))
    walk = trace.rounds[2].affinity
    assert (walk.kind, walk.steps, len(walk.offsets)) == ("stencil", 16, 68)
    assert trace.rounds[2].figures["reach"] > 1
    np.testing.assert_allclose(trace.rounds[2].alpha_p.sum(0), 1, atol=2e-3)
    assert not np.allclose(trace.rounds[2].alpha_p, trace.rounds[2].alpha_u, atol=1e-2)
