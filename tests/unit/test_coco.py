"""The COCO reader on a folder of three photos, made here, and on a real subset."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.mask import encode

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


def packed(inside):
    """A compressed RLE, as pycocotools writes it."""
    code = encode(np.asfortranarray(inside))
    return {**code, "counts": code["counts"].decode()}


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


def change(root, **parts):
    """Rewrites parts of the table; a function gets what is there."""
    table = root / "annotations" / "instances_train2014.json"
    content = json.loads(table.read_text("utf-8"))
    for part, value in parts.items():
        content[part] = value(content[part]) if callable(value) else value
    table.write_text(json.dumps({part: value for part, value in content.items() if value is not None}), "utf-8")


def each(**values):
    """A change of every entry of a part; a function gets the value that is there, and None takes the key out."""

    def changed(entry):
        new = {key: value(entry.get(key)) if callable(value) else value for key, value in values.items()}
        return {key: value for key, value in {**entry, **new}.items() if value is not None}

    return lambda entries: [changed(entry) for entry in entries]


def encoded(encoding):
    def change(root):
        table = root / "annotations" / "instances_train2014.json"
        table.write_bytes(table.read_text("utf-8").encode(encoding))

    return change


def move(folder, name=lambda file: file):
    def changed(root):
        (root / folder).mkdir(parents=True)
        for file in list((root / "train2014").glob("*.jpg")):
            file.rename(root / folder / name(file.name))

    return changed


def both(*changes):
    return lambda root: [change(root) for change in changes]


CATS = [{"id": id, "name": name} for id, name in CATEGORIES if name in ("person", "cat", "toothbrush")]
SAME = ["person", "cat", "toothbrush"]  # of the first photo
READ = {  # a change of the table -> the tags of the first photo, and what is said
    "mark": (encoded("utf-8-sig"), SAME, ""),
    "UTF-16": (encoded("utf-16"), SAME, ""),
    "text ids": (lambda r: change(r, images=each(id=str), annotations=each(image_id=str, category_id=str)), SAME, ""),
    "few categories": (lambda r: change(r, categories=CATS), SAME, ""),
    "no iscrowd": (lambda r: change(r, annotations=each(iscrowd=None)), SAME, ""),
    "odd iscrowd": (lambda r: change(r, annotations=each(iscrowd=bool)), SAME, ""),
    "spelling": (lambda r: change(r, categories=each(name=str.upper)), SAME, "'PERSON' as person"),
    "other ids": (
        lambda r: change(r, categories=each(id=lambda i: i + 200), annotations=each(category_id=lambda i: i + 200)),
        SAME,
        "other ids than COCO's (201 is person, for example), and are read by name",
    ),
    "twice": (lambda r: change(r, images=lambda found: [*found, found[0]]), SAME, "9.jpg is listed twice"),
    "category twice": (
        lambda r: change(r, categories=lambda found: [*found, found[0], {"id": 300, "name": "Cat"}]),
        SAME,
        "17, 300 are read as one class, cat",
    ),
    "background": (
        lambda r: change(r, categories=lambda found: [{"id": 0, "name": "_background_"}, *found]),
        SAME,
        "category 0 = '_background_' is the background, and no class",
    ),
    "strangers": (
        lambda r: change(r, annotations=lambda found: [*found, {"id": 8, "image_id": 77, "category_id": 1}, None]),
        SAME,
        "2 annotations name no image of the table, and are left out. The first: annotation 8 names 77",
    ),
    "no category": (
        lambda r: change(r, annotations=lambda found: [{**found[0], "category_id": 12}, *found[1:]]),
        ["person", "toothbrush"],
        "1 annotations name no category of the table, and are no tag; in masks they are void. The first: annotation 0",
    ),
    "own": (
        lambda r: change(r, categories=[{"id": 17, "name": "forklift"}, {"id": 90, "name": "Crate"}, CATS[0]]),
        ["person", "forklift", "Crate"],
        "the classes are its own 3 categories, in the order of their ids",
    ),
    "folders": (
        both(
            move("train2014/a b", lambda file: f"{int(file[-6:-4])}.jpg"),
            lambda r: change(r, images=each(file_name=lambda f: f"a b\\{int(f[-6:-4])}.jpg")),
        ),
        SAME,
        "",
    ),
    "beside": (both(move("photos"), lambda r: change(r, images=each(file_name=lambda f: f"./photos/{f}"))), SAME, ""),
}


@pytest.mark.parametrize("name", READ)
def test_tables_in_the_forms_in_which_they_are_met(root, name):
    spoil, tags, said = READ[name]
    spoil(root)
    data = COCO(root, "train2014")
    assert [data.classes[c + 1] for c in np.flatnonzero(data.tags(0))] == tags
    assert len(data) == 2
    notes = " ".join(data.notes)
    assert said in notes
    assert bool(said) == bool(notes)
    mask = data.mask(0)
    assert mask[0, 0] == data.classes.index(tags[-1])
    assert mask[2, 2] == (255 if name == "no category" else data.classes.index(tags[1]))


def test_an_own_data_set_has_the_classes_of_the_run_in_every_split(root):
    change(root, categories=[{"id": 17, "name": "forklift"}, {"id": 90, "name": "crate"}, {"id": 1, "name": "pallet"}])
    assert COCO(root, "train2014").classes == ("background", "pallet", "forklift", "crate")
    data = COCO(root, "train2014", ("crate", "forklift"))
    assert data.mask(0)[:3, :3].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 2]]
    with pytest.raises(UserError, match=r"Unknown class of .* 'cat'; expected some of pallet, forklift, crate"):
        COCO(root, "train2014", ("cat",))
    few = CATS[1:]
    change(root, categories=few)
    assert COCO(root, "train2014").classes == ("background", "cat", "toothbrush")
    assert COCO(root, "train2014", COCO_CLASSES).classes[16] == "cat"  # as a run has them that knows all of COCO
    change(root, categories=[{"id": id, "name": f"thing {id}"} for id in range(300)])
    with pytest.raises(UserError, match="got 300 classes, expected at most 254"):
        COCO(root, "train2014")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": []}, "no images in it"),
        ({"images": None}, r"no images \(but 'categories', 'annotations'\)"),
        ({"categories": {}}, "categories = {}, no list"),
        ({"annotations": None}, "seems to be the list of test photos"),
        ({"annotations": [{"image_id": 9, "id": 1, "caption": "A cat."}]}, "seems to be the table of captions"),
        ({"annotations": [{"image_id": 9, "segments_info": []}]}, "seems to be the table of panoptic segments"),
        ({"categories": [{"id": 1, "name": "person", "keypoints": []}]}, "seems to be the table of keypoints"),
        ({"categories": each(name=None)}, r"got \{'id': 1, .* as categories\[0\], expected an id and a name"),
        ({"categories": each(id=3)}, "got category 3 twice, as 'person' and 'bicycle'"),
        ({"categories": [{"id": 0, "name": "background"}]}, "no category but the background"),
        ({"images": each(id=None)}, r"got no id in images\[0\]"),
        ({"images": each(id=9)}, "got image 9 twice, as COCO_train2014_000000000009.jpg and COCO"),
        ({"images": each(file_name=None)}, "got file_name = None of image 9"),
        ({"images": each(file_name="../a.jpg")}, "got file_name = '../a.jpg' of image 9"),
        ({"images": each(file_name="/etc/a.jpg")}, "got file_name = '/etc/a.jpg' of image 9"),
        ({"images": each(file_name="C:\\a.jpg")}, r"got file_name = 'C:\\\\a.jpg' of image 9"),
        ({"images": each(file_name="\ud800.jpg")}, r"got file_name = '\\ud800.jpg' of image 9"),
        ({"images": lambda found: [*found, {**found[0], "width": 9}]}, "twice, with the sizes"),
        ({"images": lambda found: [{**found[0], "file_name": found[1]["file_name"].upper()}, *found[1:]]}, "one file"),
        ({"annotations": each(image_id=7)}, "none of the 3 photos shows person, .* name: no category"),
    ],
)
def test_tables_that_cannot_be_read_right_are_refused(root, parts, message):
    change(root, **parts)
    with pytest.raises(UserError, match=message) as error:
        COCO(root, "train2014")
    assert "instances_train2014.json" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [],\n"annotations": [1, 2', "line 2, column 21: no JSON"),
        ('[{"image_id": 9, "score": 0.5}]', "got what seems to be a file of results"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"images": ' + "9" * 5000 + "}", "cannot be read as JSON"),
        ("7", "got int, no object"),
        ("", "line 1, column 1: no JSON"),
    ],
)
def test_files_that_are_no_table(root, text, message):
    (root / "annotations" / "instances_train2014.json").write_text(text)
    with pytest.raises(UserError, match=message):
        COCO(root, "train2014")


GOOD = box(0, 0, 6, 8)[0]
NOISE = np.random.default_rng(0).integers(0, 2, (8, 12), np.uint8)
OUTLINES = {  # of the cat's annotation -> pixels of it in the mask, or the error
    "as it is": ([GOOD], 48),
    "whole numbers as such": ([[float(v) for v in GOOD]], 48),
    "two parts": ([box(0, 0, 2, 8)[0], box(8, 0, 2, 8)[0]], 32),
    "over the edge": (box(9, -3, 12, 13), 24),
    "code": (crowd(np.eye(8, 12, dtype=np.uint8)), 8),
    "packed code": (packed(NOISE), int(NOISE.sum())),
    "missing": (None, "got segmentation = None"),
    "empty": ([], r"got segmentation = \[\]"),
    "text": ("1 2 3", "got segmentation = '1 2 3'"),
    "flat": (GOOD, "got 0 as a polygon, expected polygons"),
    "points": ([[1, 2], [3, 4]], "got a polygon of 2 numbers"),
    "box": ([[0, 0, 6, 8]], "got a polygon of 4 numbers, which may be a box"),
    "odd": ([GOOD[:7]], "got a polygon of 7 numbers"),
    "good and box": ([GOOD, [0, 0, 6, 8]], "got a polygon of 4 numbers"),
    "nan": ([[*GOOD[:-1], float("nan")]], "got nan in a polygon"),
    "words": ([[*GOOD[:-1], "8"]], "got '8' in a polygon"),
    "truth": ([[*GOOD[:-1], True]], "got True in a polygon"),
    "far away": (box(10, 0, 1e9, 8), "got 1000000010.0 in a polygon"),
    "beside": (box(13, 0, 3, 3), "got an outline beside the photo of 12 x 8 px"),
    "shares": (box(0.1, 0.1, 0.5, 0.5), "Are these shares of the photo's size"),
    "code of another size": ({"size": [12, 8], "counts": [0, 96]}, r"the size \[12, 8\], expected \[8, 12\]"),
    "code too short": ({"size": [8, 12], "counts": [0, 95]}, "run-length code that is damaged"),
    "code too long": ({"size": [8, 12], "counts": [0, 9**30]}, "run-length code that is damaged"),
    "code below 0": ({"size": [8, 12], "counts": [100, -4]}, "run-length code that is damaged"),
    "code of words": ({"size": [8, 12], "counts": ["96"]}, "run-length code that is damaged"),
    "no code": ({"size": [8, 12]}, "run-length code that is damaged"),
    "packed code cut": ({"size": [8, 12], "counts": "`"}, "run-length code that is damaged"),
    "packed code of noise": ({"size": [8, 12], "counts": "öä\n"}, "run-length code that is damaged"),
    "packed code without end": ({"size": [8, 12], "counts": "o" * 10_000}, "run-length code that is damaged"),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_a_bad_outline_costs_its_photos_mask_alone(root, name):
    outline, expected = OUTLINES[name]
    change(root, annotations=lambda found: [*found[:3], {**found[3], "segmentation": outline}])
    data = COCO(root, "train2014")
    assert data.tags(1).sum() == 1
    assert (data.mask(0) > 0).any()
    if isinstance(expected, int):
        assert (data.mask(1) == data.classes.index("cat")).sum() == expected
        return
    with pytest.raises(UserError, match=expected) as error:
        data.mask(1)
    assert "annotation 3 of COCO_train2014_000000000025.jpg" in str(error.value)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": each(width=None)}, "got no width and height"),
        ({"images": each(height="tall")}, "got no width and height"),
        ({"annotations": each(iscrowd="perhaps")}, "annotation 3 of .*: got iscrowd = 'perhaps', expected 0 or 1"),
    ],
)
def test_what_only_masks_need_is_asked_for_with_them(root, parts, message):
    change(root, **parts)
    data = COCO(root, "train2014")
    assert len(data) == 2
    with pytest.raises(UserError, match=message):
        data.mask(1)
