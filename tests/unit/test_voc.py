"""The VOC devkit reader on a devkit of three photos, made here."""

import numpy as np
import pytest
from PIL import Image

from iaff.data import VOC, open_split
from iaff.data.voc import VOC_CLASSES
from iaff.errors import UserError

CAT, DOG, CAR = (VOC_CLASSES.index(name) + 1 for name in ("cat", "dog", "car"))


@pytest.fixture
def devkit(tmp_path):
    for folder in (
        "JPEGImages",
        "SegmentationClassAug",
        "SegmentationClass",
        "ImageSets/Segmentation",
        "ImageSets/Main",
        "Annotations",
    ):
        (tmp_path / folder).mkdir(parents=True)
    for name, labels in {"one": [0, CAT, CAR], "two": [DOG, 255, 0], "three": [CAR, CAR, 0]}.items():
        Image.new("RGB", (3, 1), "grey").save(tmp_path / "JPEGImages" / f"{name}.jpg")
        mask = Image.fromarray(np.array([labels], np.uint8), "P")
        mask.putpalette([0, 0, 0] * 256)
        folder = "SegmentationClass" if name == "two" else "SegmentationClassAug"
        mask.save(tmp_path / folder / f"{name}.png")
        boxes = "".join(f"<object><name>{VOC_CLASSES[c - 1]}</name></object>" for c in labels if 0 < c < 255)
        (tmp_path / "Annotations" / f"{name}.xml").write_text(f"<annotation>{boxes}</annotation>")
    (tmp_path / "ImageSets/Segmentation/train.txt").write_text("one\ntwo\n\nthree\n")
    return tmp_path


def write_main(devkit, split="train"):
    for name in VOC_CLASSES:
        flags = {"one": name in ("cat", "car"), "two": name == "dog", "three": name == "car"}
        text = "".join(f"{image} {' 1' if flag else '-1'}\n" for image, flag in flags.items())
        (devkit / "ImageSets/Main" / f"{name}_{split}.txt").write_text(text)


@pytest.mark.parametrize("source", ["Main", "trainval", "xml"])
def test_tags_come_from_lists_or_annotations(devkit, source):
    if source != "xml":
        write_main(devkit, "trainval" if source == "trainval" else "train")
    data = VOC(devkit, "train")
    assert len(data) == 3
    found = [[data.classes[c + 1] for c in np.flatnonzero(data.tags(i))] for i in range(3)]
    assert found == [["car", "cat"], ["dog"], ["car"]]


def test_a_class_subset_leaves_photos_out_and_voids_other_classes(devkit):
    data = VOC(devkit, "train", ("cat", "dog"))
    assert data.ids == ["one", "two"]
    assert data.mask(0).tolist() == [[0, 1, 255]]
    assert data.mask(1).tolist() == [[2, 255, 0]]
    assert data.image(0).shape == (1, 3, 3)


def test_lists_of_file_pairs_are_read_too(devkit):
    (devkit / "ImageSets/Segmentation/aug.txt").write_text("/JPEGImages/one.jpg /SegmentationClassAug/one.png\n")
    assert VOC(devkit, "aug").ids == ["one"]


def test_a_fixed_subset(devkit):
    first, second = (open_split("voc", str(devkit), "train", size=2, seed=3) for _ in range(2))
    assert first.ids == second.ids
    assert len(first) == 2


def read_first(devkit):
    data = VOC(devkit, "train")
    return data.image(0), data.mask(0)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: (d / "ImageSets/Segmentation/train.txt").unlink(), "Expected a VOC devkit"),
        (lambda d: (d / "Annotations/two.xml").unlink(), "No tags for two"),
        (lambda d: (d / "JPEGImages/one.jpg").unlink(), "restore the photo"),
        (lambda d: (d / "SegmentationClassAug/one.png").unlink(), "No mask of one"),
    ],
)
def test_what_is_missing_is_named(devkit, spoil, message):
    spoil(devkit)
    with pytest.raises(UserError, match=message):
        read_first(devkit)


def test_unknown_class(devkit):
    with pytest.raises(UserError, match="Unknown VOC class 'unicorn'"):
        VOC(devkit, "train", ("unicorn",))
