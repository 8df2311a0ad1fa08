"""The COCO reader on a folder of three photos, made here, and on a real subset."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iaff.data import COCO, COCO_CLASSES, open_split
from iaff.data.coco_categories import CATEGORIES
from iaff.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
COCO_ROOT = Path(__file__).parents[3] / "shared" / "data" / "coco"
PERSON, CAT, TOOTHBRUSH = 1, 17, 90  # category ids


def box(x, y, width, height):
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


def crowd(inside):
    """An uncompressed RLE, as COCO has it: runs of 0 and 1 in turn, down the columns."""
    flat = inside.ravel(order="F")
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *ends, len(flat)]).tolist()
    return {"size": list(inside.shape), "counts": ([0] if flat[0] else []) + runs}


def write(root, annotations, split="train2014", categories=CATEGORIES):
    """Three photos of 12 x 8 px; annotations as (photo, category, segmentation, iscrowd)."""
    (root / split).mkdir(exist_ok=True)
    (root / "annotations").mkdir(exist_ok=True)
    images = []
    for number in (9, 25, 30):
        name = f"COCO_{split}_{number:012d}.jpg"
        Image.new("RGB", (12, 8), "grey").save(root / split / name)
        images.append({"id": number, "file_name": name, "width": 12, "height": 8})
    table = {
        "images": images,
        "categories": [{"id": id, "name": name, "supercategory": "thing"} for id, name in categories],
        "annotations": [
            {"id": i, "image_id": photo, "category_id": category, "segmentation": shape, "iscrowd": int(many)}
            for i, (photo, category, shape, many) in enumerate(annotations)
        ],
    }
    (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(table))


@pytest.fixture
def root(tmp_path):
    many = np.zeros((8, 12), np.uint8)
    many[4:, :4] = 1
    write(
        tmp_path,
        [
            (9, CAT, box(2, 2, 3, 3), False),  # listed before the larger one that it lies on
            (9, TOOTHBRUSH, box(0, 0, 8, 6), False),
            (9, PERSON, crowd(many), True),
            (25, CAT, box(0, 0, 6, 8), False),
        ],
    )
    return tmp_path


def test_every_category_has_its_own_label():
    assert len(set(CATEGORIES)) == len(COCO_CLASSES) == 80
    assert [COCO_CLASSES.index(name) + 1 for name in ("person", "stop sign", "cat", "toothbrush")] == [1, 12, 16, 80]


def test_tags_and_masks_of_a_photo(root):
    data = open_split("coco", str(root), "train2014")
    assert data.ids == ["COCO_train2014_000000000009", "COCO_train2014_000000000025"]  # the third shows nothing
    assert [data.classes[c + 1] for c in np.flatnonzero(data.tags(0))] == ["person", "cat", "toothbrush"]
    mask, cat = data.mask(0), data.classes.index("cat")
    assert data.image(0).shape == (8, 12, 3)
    assert mask.dtype == np.uint8
    assert (mask[2:4, 2:5] == cat).all()  # on top: it is the smaller one
    assert (mask[:2, :8] == 80).all()
    assert (mask[4:, :4] == 255).all()  # the crowd
    assert (mask[:, 8:] == 0).all()


def test_a_class_subset_leaves_photos_out_and_voids_other_classes(root):
    data = COCO(root, "train2014", ("toothbrush", "person"))
    assert data.ids == ["COCO_train2014_000000000009"]
    assert set(np.unique(data.mask(0))) == {0, 1, 255}
    assert data.tags(0).tolist() == [True, True]  # of the person there is a crowd alone


def test_tags_are_read_without_the_outlines(root):
    table = root / "annotations" / "instances_train2014.json"
    content = json.loads(table.read_text())
    for annotation in content["annotations"]:
        del annotation["segmentation"]
    table.write_text(json.dumps(content))
    assert COCO(root, "train2014").tags(1).sum() == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: (r / "annotations/instances_train2014.json").unlink(), "iaff prepare coco"),
        (lambda r: (r / "annotations/instances_train2014.json").write_text('{"images'), "Download it again"),
        (lambda r: (r / "train2014/COCO_train2014_000000000025.jpg").unlink(), "restore it"),
        (lambda r: write(r, []), "none of the 3 photos shows person, .* the annotations name: no category"),
        (lambda r: Image.new("RGB", (9, 9)).save(r / "train2014/COCO_train2014_000000000009.jpg"), "got 9 x 9 px"),
    ],
)
def test_what_is_amiss_is_named(root, spoil, message):
    spoil(root)
    with pytest.raises(UserError, match=message):
        COCO(root, "train2014").mask(0)


def test_unknown_class(root):
    with pytest.raises(UserError, match="Unknown COCO class 'street sign'"):
        COCO(root, "train2014", ("street sign",))


@pytest.mark.data
@pytest.mark.skipif(not COCO_ROOT.is_dir(), reason=f"needs the COCO subset in {COCO_ROOT}")
@pytest.mark.parametrize("split", ["train2017", "val2017"])
def test_the_real_subset(split):
    data = COCO(COCO_ROOT, split)
    assert len(data) == 80
    seen, void = set(), 0
    for i in range(len(data)):
        mask, tags = data.mask(i), np.flatnonzero(data.tags(i)) + 1
        assert mask.shape == data.image(i).shape[:2]
        labels = set(np.unique(mask).tolist())
        assert labels <= {0, *tags.tolist(), 255}
        seen |= labels
        void += 255 in labels
    print(f"\n{split}: {len(data)} photos, {len(seen - {0, 255})} classes seen, {void} photos with a crowd")
    assert void > 0
    assert max(seen - {255}) > 75  # ids up to 90 are labels up to 80
