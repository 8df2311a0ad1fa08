"""Masks of photos that EXIF turns, by each of the three readers."""

import json

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from iaff.data import COCO, VOC, Folder
from iaff.data.masks import turned
from iaff.errors import UserError
from iaff.images import read_photo

WIDE, SQUARE = (40, 32), (32, 32)  # px, as stored


def exif(orientation):
    found = Image.Exif()
    if orientation:
        found[ExifTags.Base.Orientation] = orientation
    return found


def labels_of(size):
    """A mask of cats whose corner tells how it is turned."""
    labels = np.zeros(size[::-1], np.uint8)
    labels[:8, :16] = 1
    return labels


def a_folder(root, size, orientation, labels, own):
    (root / "masks").mkdir()
    Image.new("RGB", size, "grey").save(root / "a.jpg", exif=exif(orientation))
    Image.fromarray(labels).save(root / "masks/a.png", exif=exif(own))
    (root / "tags.csv").write_text("a.jpg,cat\n")
    return Folder(root)


def a_devkit(root, size, orientation, labels, own):
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation", "Annotations"):
        (root / folder).mkdir(parents=True)
    Image.new("RGB", size, "grey").save(root / "JPEGImages/a.jpg", exif=exif(orientation))
    Image.fromarray(labels * 8).save(root / "SegmentationClass/a.png", exif=exif(own))  # VOC's cat is 8
    (root / "ImageSets/Segmentation/train.txt").write_text("a\n")
    (root / "Annotations/a.xml").write_text("<annotation><object><name>cat</name></object></annotation>")
    return VOC(root, "train", ("cat",))


def a_table(root, size, orientation, labels, own):
    (root / "annotations").mkdir()
    (root / "train").mkdir()
    Image.new("RGB", size, "grey").save(root / "train/a.jpg", exif=exif(orientation))
    flat = labels.ravel(order="F")
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *ends, len(flat)]).tolist()
    code = {"size": list(labels.shape), "counts": ([0] if flat[0] else []) + runs}
    height, width = labels.shape
    table = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": width, "height": height}],
        "categories": [{"id": 17, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 17, "segmentation": code}],
    }
    (root / "annotations/instances_train.json").write_text(json.dumps(table))
    return COCO(root, "train")


READERS = {"folder": a_folder, "voc": a_devkit, "coco": a_table}


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [WIDE, SQUARE], ids=["wide", "square"])
def test_a_mask_is_turned_with_its_photo_or_refused(tmp_path, make, orientation, size):
    """Of a mask as large as the stored photo, only where it can be no other."""
    labels = labels_of(size)
    data = make(tmp_path, size, orientation, labels, None)
    if orientation != 1 and (size == SQUARE or orientation < 5):
        with pytest.raises(
            UserError, match=rf"turned by its EXIF \(orientation {orientation}\).* fits it turned or no"
        ):
            data.mask(0)
        return
    picture = Image.fromarray(labels)
    picture.getexif()[ExifTags.Base.Orientation] = orientation
    assert np.array_equal(data.mask(0), np.asarray(ImageOps.exif_transpose(picture)))
    assert data.mask(0).shape == data.image(0).shape[:2]
    notes = [note for note in data.notes if "turned along" in note]
    assert len(notes) == (orientation != 1)


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_a_mask_of_the_size_that_is_seen_stays(tmp_path, make):
    labels = labels_of(WIDE[::-1])
    data = make(tmp_path, WIDE, 6, labels, None)
    assert np.array_equal(data.mask(0), labels)
    assert not data.notes


@pytest.mark.parametrize("make", [a_folder, a_devkit], ids=["folder", "voc"])
@pytest.mark.parametrize(("own", "orientation"), [(3, 3), (1, 3), (6, 6), (6, 1)])
def test_a_mask_with_an_orientation_of_its_own_obeys_it(tmp_path, make, own, orientation):
    labels = labels_of(SQUARE)
    data = make(tmp_path, SQUARE, orientation, labels, own)
    assert np.array_equal(data.mask(0), turned(labels, own))


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    data = a_folder(tmp_path, WIDE, 6, labels_of((20, 16)), None)
    with pytest.raises(UserError, match=r"got 20 x 16 px, expected 32 x 40 as its photo has \(or 40 x 32, as it is st"):
        data.mask(0)


def test_photos_know_their_orientation(tmp_path):
    for orientation in (None, 1, 6, 9):
        Image.new("RGB", WIDE).save(tmp_path / "a.jpg", exif=exif(orientation))
        photo = read_photo(tmp_path / "a.jpg")
        assert photo.orientation == (6 if orientation == 6 else 1)
        assert photo.size == (WIDE[::-1] if orientation == 6 else WIDE)
