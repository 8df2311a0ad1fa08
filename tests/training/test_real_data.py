"""The paper's configs, by the command of docs/train.md and settings shrunk to one step a stage, on real photos."""

import sys
from pathlib import Path

import pytest
import torch
from torchvision.models import get_model

from iaff.run import Run
from iaff.trace import Trace
from tests.vgg16 import vgg16_state
from training import train

DATA = Path(__file__).parents[3] / "shared" / "data"
VOC_ROOT, COCO_ROOT = DATA / "VOCdevkit" / "VOC2012", DATA / "coco"
FITS = ("classifier", "unary", "pairwise")
FEW = [
    "rounds=1",
    "traces=1",
    "data.train_size=2",
    "data.tune_size=1",
    "cam.scales=[0.5]",
    "mining.steps=1",
    *(f"{fit}.{setting}" for fit in FITS for setting in ("steps=1", "batch=2", "crop=96")),
]


def weights(backbone, folder):
    """A file like torchvision's, random, but with numbers that neither vanish nor overflow in untrained layers."""
    torch.manual_seed(0)
    if backbone == "vgg16":
        state = vgg16_state()
        for name, values in state.items():
            if name.startswith("classifier."):
                state[name] = 0.01 * torch.randn(values.shape[-1:]).expand(values.shape)
    else:
        state = get_model(backbone, zero_init_residual=True).state_dict()
    torch.save(state, folder / "weights.pth")
    return folder / "weights.pth"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the photos in {DATA}")
@pytest.mark.parametrize(
    ("config", "backbone", "data"),
    [
        ("voc_vgg16", "vgg16", [f"data.root={VOC_ROOT}"]),
        ("voc_resnet101", "resnet101", [f"data.root={VOC_ROOT}"]),
        ("coco_vgg16", "vgg16", [f"data.root={COCO_ROOT}", "data.train=train2017"]),
    ],
)
def test_the_papers_configs_train(tmp_path, monkeypatch, capsys, config, backbone, data):
    command = ["train", "--config", f"training/configs/{config}.toml", "--run", str(tmp_path / "run"), *data, *FEW]
    monkeypatch.setattr(sys, "argv", [*command, f"weights={weights(backbone, tmp_path)}"])
    train.main()
    said = capsys.readouterr().out
    run = Run.load(tmp_path / "run")
    assert run.finished_rounds() == 1
    assert len(run.classes) == (81 if config.startswith("coco") else 21)
    (entry,) = run.figures()["rounds"]
    assert entry["photos"] == 2
    assert ("unary" in entry) == config.startswith("voc")
    assert ("data.tune names no split" in said) == config.startswith("coco")
    trace = Trace.load(run.trace_path("sample_0"))
    assert trace.meta["classes"][0] == "background"
    assert trace.rounds[1].alpha_p.shape[0] == len(trace.meta["classes"]) > 1
