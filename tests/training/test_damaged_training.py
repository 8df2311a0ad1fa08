"""What a training finds damaged it makes again, and says so; what it cannot use is one sentence."""

import json
import shutil

import pytest
import torch
from accelerate import Accelerator
from PIL import Image
from torch import nn

import training.trainer
from iaff.config import Fit, load_config
from iaff.data import Folder
from iaff.errors import UserError
from iaff.method.stages import Unchanged, checksum
from iaff.nets.loss import Loss
from tests.runs import CONFIG, assert_same_end
from training.storage import Maps
from training.train import main, train
from training.trainer import Trainer

LOSS = Loss(lambda batch: torch.ones(1), lambda net, batch, counts: net(batch["x"]).square().mean())
HOW = Fit(steps=6, batch=2, optimiser="sgd", crop=16)


def fit(folder, monkeypatch, stop_at=None, seed=0):
    """A stage of six steps, each with a checkpoint; stopped in the middle if wanted."""
    monkeypatch.setattr(training.trainer, "CHECKPOINT_SECONDS", -1)
    torch.manual_seed(0)
    drawn = iter(range(10**6))

    def sample(i):
        if stop_at is not None and next(drawn) >= 2 * stop_at:
            raise KeyboardInterrupt
        return {"x": torch.tensor([1.0, i, 2.0])}

    return Trainer(folder, Accelerator(cpu=True), seed).fit("unary_1", nn.Linear(3, 2), 8, sample, LOSS, HOW)


DAMAGE = {
    "empty": lambda data, path: b"",
    "cut": lambda data, path: data[: len(data) // 2],
    "text": lambda data, path: b"no such thing",
    "flipped": lambda data, path: flip_inside(data, path),
    "another network": lambda data, path: another(path),
}


def flip_inside(data, path):
    """One bit of what it holds, not of the padding between."""
    at = data.index(b"PK", 1) - 40 if path.suffix == ".pt" else len(data) - 3  # of a checkpoint, in its first part
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def another(path):
    if path.suffix == ".pt":
        torch.save({"net": {"strange": torch.zeros(1)}, "step": 3}, path)
    else:
        training.trainer.save_tensors({"strange": torch.zeros(1)}, path)
    return path.read_bytes()


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("part", ["checkpoints/unary_1.pt", "weights/unary_1.safetensors"])
def test_a_damaged_part_of_a_stage_is_made_again(tmp_path, monkeypatch, capsys, part, damage):
    whole = fit(tmp_path / "whole", monkeypatch).state_dict()
    folder = tmp_path / "broken"
    if part.startswith("checkpoints"):
        with pytest.raises(KeyboardInterrupt):
            fit(folder, monkeypatch, stop_at=4)
    else:
        fit(folder, monkeypatch)
    path = folder / part
    path.write_bytes(DAMAGE[damage](path.read_bytes(), path))
    again = fit(folder, monkeypatch).state_dict()
    assert all(again[key].equal(whole[key]) for key in whole)
    said = capsys.readouterr().err
    assert str(path) in said
    assert f"It is kept as {path.name}.damaged." in said
    assert (folder / f"{part}.damaged").exists()


def test_a_checkpoint_of_other_settings_is_set_aside(tmp_path, monkeypatch, capsys):
    for folder, seed in ((tmp_path / "a", 0), (tmp_path / "b", 1)):
        with pytest.raises(KeyboardInterrupt):
            fit(folder, monkeypatch, stop_at=4, seed=seed)
    shutil.copy(tmp_path / "b/checkpoints/unary_1.pt", tmp_path / "a/checkpoints/unary_1.pt")
    fit(tmp_path / "a", monkeypatch)
    assert "it was written with other settings" in capsys.readouterr().err


def test_a_checkpoint_that_is_whole_is_gone_on_with(tmp_path, monkeypatch, capsys):
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, monkeypatch, stop_at=4)
    fit(tmp_path, monkeypatch)
    assert "damaged" not in capsys.readouterr().err


def test_a_damaged_map_is_computed_again(tmp_path, capsys):
    trainer = Trainer(tmp_path, Accelerator(cpu=True), 0)
    compute = lambda i: {"x": torch.full((4,), float(i))}  # noqa: E731
    trainer.each("x", 3, compute)
    paths = sorted((tmp_path / "cache/x").iterdir())
    paths[0].write_bytes(paths[0].read_bytes()[:-1])
    paths[1].write_bytes(flip_inside(paths[1].read_bytes(), paths[1]))
    with pytest.raises(UserError, match=r"000001.* cannot be read .*Give the same command"):
        Maps(tmp_path / "cache/x")[1]
    maps = trainer.each("x", 3, compute)
    assert [maps[i]["x"].tolist() for i in range(3)] == [[i] * 4 for i in range(3)]
    said = capsys.readouterr().err
    assert said.count("It is made again.") == 2
    assert sorted(path.name for path in (tmp_path / "cache/x").glob("*.damaged")) == [
        "000000.safetensors.damaged",
        "000001.safetensors.damaged",
    ]


def test_a_photo_that_changes_is_named(tmp_path):
    Image.new("RGB", (64, 48), "grey").save(tmp_path / "a.png")
    (tmp_path / "tags.csv").write_text("a.png,cat\n")
    photos = Unchanged(Folder(tmp_path))
    photos.checksums = [checksum(photos.image(0))]
    photos.image(0)
    Image.new("RGB", (64, 48), "green").save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"The photo a\.png has changed since this training began"):
        photos.image(0)


def spoil_with_a_file(folder):
    folder.write_text("no folder")


def spoil_weights(folder):
    folder.mkdir()
    (folder / "weights").write_text("no folder")


def spoil_figures(folder):
    folder.mkdir()
    (folder / "config.json").write_text('{"schema": 1, "name": 7, "classes": []}')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_with_a_file, "run cannot be used as the folder of a run: got .*File exists.*--run DIR"),
        (spoil_weights, "weights could not be used: File exists"),
        (spoil_figures, "config.json: got 7 at name"),
    ],
)
def test_a_folder_that_is_none_is_one_sentence(tmp_path, spoil, said):
    spoil(tmp_path / "run")
    with pytest.raises(SystemExit, match=said) as caught:
        main(["--config", CONFIG, "--run", str(tmp_path / "run")])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_damaged_parts_between_two_rounds(tmp_path):
    """A run that goes on after a round without its classifier, and with maps cut short, ends as an unbroken one."""
    train(load_config(CONFIG), tmp_path / "whole")
    train(load_config(CONFIG, ["rounds=1"]), tmp_path / "broken")
    (tmp_path / "broken/weights/classifier.safetensors").unlink()
    for name in ("refined_1/000003", "superpixels/000005"):
        path = tmp_path / f"broken/cache/{name}.safetensors"
        path.write_bytes(path.read_bytes()[:-100])
    train(load_config(CONFIG), tmp_path / "broken")
    assert json.loads((tmp_path / "broken/config.json").read_text())["rounds"] == 2
    shutil.rmtree(tmp_path / "broken/tensorboard")
    assert_same_end(tmp_path / "broken", tmp_path / "whole")
