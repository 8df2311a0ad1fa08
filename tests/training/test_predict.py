"""Predictions of the shipped run on gallery photos, laid out as a devkit without tags."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iaff.data import VOC, VOC_CLASSES
from iaff.errors import UserError
from iaff.trace.encoding import palette
from training import predict

ROOT = Path(__file__).parents[2]
RUN = ROOT / "assets" / "runs" / "animals"
ANIMALS = {0, 8, 10, 12, 13, 15, 17}  # VOC's indices of the run's classes


@pytest.fixture
def devkit(tmp_path):
    root = tmp_path / "VOC2012"
    (root / "JPEGImages").mkdir(parents=True)
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    for name in ("chelsea", "cow"):
        shutil.copy(ROOT / "assets" / "gallery" / f"{name}.jpg", root / "JPEGImages")
    (root / "ImageSets" / "Segmentation" / "test.txt").write_text("chelsea\ncow\n")
    return root


def run(devkit, *options, out="out"):
    predict.main(["--run", str(RUN), "--root", str(devkit), "--out", str(devkit.parent / out), *options])
    return devkit.parent / out / "results" / "VOC2012" / "Segmentation" / "comp6_test_cls"


def test_masks_for_the_evaluation_server(devkit, capsys):
    folder = run(devkit)
    labels = {}
    for name in ("chelsea", "cow"):
        with Image.open(folder / f"{name}.png") as mask, Image.open(devkit / "JPEGImages" / f"{name}.jpg") as photo:
            assert mask.mode == "P"
            assert mask.size == photo.size
            assert mask.getpalette()[:63] == palette()[:63]
            labels[name] = np.asarray(mask)
        assert set(np.unique(labels[name])) <= ANIMALS
    found = {name: np.bincount(mask[mask > 0]).argmax() for name, mask in labels.items()}
    assert found == {"chelsea": VOC_CLASSES.index("cat") + 1, "cow": VOC_CLASSES.index("cow") + 1}

    (folder / "cow.png").unlink()
    before = (folder / "chelsea.png").stat().st_mtime_ns
    run(devkit)
    assert "masks of 2 photos" in (said := capsys.readouterr().out)
    assert "1 of them new" in said
    assert (folder / "chelsea.png").stat().st_mtime_ns == before

    with pytest.raises(SystemExit, match="Give another folder with --out"):
        run(devkit, "--refined")
    refined = np.asarray(Image.open(run(devkit, "--refined", out="refined") / "cow.png"))
    changed = (refined != labels["cow"]).mean()
    print(f"\n--refined changes {changed:.1%} of the cow's pixels")
    assert 0 < changed < 0.3


def test_a_folder_keeps_the_size_of_its_photos(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    with Image.open(ROOT / "assets" / "gallery" / "chelsea.jpg") as photo:
        photo.resize((500, 400)).save(photos / "my.cat.jpg")
    (photos / "tags.csv").write_text("my.cat.jpg,dog\n")  # a wrong tag: it must play no part
    options = ["--data", "folder", "--root", str(photos), "--split", "train"]
    predict.main(["--run", str(RUN), "--out", str(out), *options])
    mask = Image.open(out / "my.cat.png")
    assert mask.size == (500, 400)
    assert np.bincount(np.asarray(mask)[np.asarray(mask) > 0]).argmax() == 1  # the run's label of cat

    with Image.open(photos / "my.cat.jpg") as photo:
        photo.save(photos / "my.cat.png")
    (photos / "tags.csv").write_text("my.cat.jpg,dog\nmy.cat.png,dog\n")
    with pytest.raises(SystemExit, match=r"lists my\.cat\.jpg and my\.cat\.png, expected names that differ"):
        predict.main(["--run", str(RUN), "--out", str(tmp_path / "both"), *options])
    assert not (tmp_path / "both").exists()


def test_the_test_split_has_no_tags(devkit):
    with pytest.raises(UserError, match="'test' has no tags"):
        VOC(devkit, "test")
    data = VOC(devkit, "test", ("cat",), tags=False)
    assert data.ids == ["chelsea", "cow"]
    with pytest.raises(UserError, match="opened without tags"):
        data.tags(0)
