"""The VOC devkit reader on a devkit of three photos, made here."""

import unicodedata

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


def found(devkit, split="train", classes=("cat", "dog", "car")):
    """What a split is read as: the tags by id, and its notes as one text."""
    data = VOC(devkit, split, classes)
    tags = {name: {data.classes[c + 1] for c in np.flatnonzero(data.tags(i))} for i, name in enumerate(data.ids)}
    return tags, " ".join(data.notes)


TAGS = {"one": {"cat", "car"}, "two": {"dog"}, "three": {"car"}}
LISTS = {  # lines -> the photos that are read, or the error; and what is said
    "mark": ("\ufeffone\r\ntwo\r\n", ["one", "two"], ""),
    "UTF-16": ("one\ntwo\n".encode("utf-16"), ["one", "two"], ""),
    "spaces": ("  one \t\n\n two\n", ["one", "two"], ""),
    "old line ends": ("one\rtwo", ["one", "two"], ""),
    "files": ("one.jpg\nJPEGImages/two.jpg\n./three.JPG\n", ["one", "two", "three"], ""),
    "pairs": ("/JPEGImages/one.jpg /SegmentationClassAug/one.png\n", ["one"], ""),
    "pairs of Windows": ("C:\\VOC\\JPEGImages\\one.jpg\tC:\\VOC\\SegmentationClass\\one.png\n", ["one"], ""),
    "twice": ("one\ntwo\none\n", ["one", "two"], "line 3: one is listed twice"),
    "comment": ("# mine\none\n", ["one"], "line 1: read as a comment"),
    "flags": ("one  1\ntwo  1\n", ["one", "two"], "line 1: got a flag 1"),
    "absent": ("one 1\ntwo -1\n", "line 2: got 'two -1', which is a line of a class's list", ""),
    "other mask": ("/JPEGImages/one.jpg /SegmentationClass/two.png", "line 1: .* expected one id of both", ""),
    "other folder": ("one\n/photos/two.jpg", "line 2: got '/photos/two.jpg', expected an id", ""),
    "above": ("../one", "line 1: got '../one', expected an id", ""),
    "nothing": ("\n \n", "lists no photo", ""),
    "other text": (b"one\nGr\xf6\xdfe\n", "line 2: got the byte 0xf6", ""),
    "missing": ("one\nfour\nfive", r"lists four \(and 1 more\)", ""),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_in_the_forms_in_which_they_are_met(devkit, name):
    text, expected, said = LISTS[name]
    (devkit / "ImageSets/Segmentation/train.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    if isinstance(expected, str):
        with pytest.raises(UserError, match=expected):
            VOC(devkit, "train")
        return
    tags, notes = found(devkit)
    assert tags == {name: TAGS[name] for name in expected}
    assert said in notes
    assert bool(said) == bool(notes)


ODD_NAMES = ["img.v1", "img.v2", "my photo 1", "2007_000032", "Größe"]


def test_ids_with_dots_and_spaces_and_photos_of_other_kinds(devkit):
    """And names that a file system keeps in another Unicode form than the list."""
    endings = dict(zip(ODD_NAMES, (".jpg", ".JPG", ".jpeg", ".png", ".jpg")))
    for name, ending in endings.items():
        file = unicodedata.normalize("NFD", name)
        Image.new("RGB", (3, 1), "grey").save(devkit / "JPEGImages" / f"{file}{ending}")
        Image.new("L", (3, 1), CAT).save(devkit / "SegmentationClass" / f"{file}.png")
        (devkit / f"Annotations/{file}.xml").write_text("<annotation><object><name>cat</name></object></annotation>")
    (devkit / "ImageSets/Segmentation/train.txt").write_text("\n".join(ODD_NAMES), "utf-8")
    data = VOC(devkit, "train", ("cat",))
    assert data.ids == ODD_NAMES
    assert [data.mask(i).tolist() for i in range(5)] == [[[1, 1, 1]]] * 5
    (devkit / "JPEGImages/img.v2.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"got img.v2.JPG and img.v2.png for the id img.v2"):
        VOC(devkit, "train", ("cat",))


FLAGS = {  # cat_train.txt, of photos that show a cat as TAGS says -> what is said, or the error
    "official": ("one  1\ntwo -1\nthree -1\n", "", ""),
    "difficult": ("one  0\ntwo -1\nthree -1\n", "", ""),
    "mark": ("\ufeffone +1\r\ntwo -1\r\nthree -1.0\r\n", "", ""),
    "words": ("one Yes\ntwo no\nthree false\n", "", "line 1: flags in words are read"),
    "some photos": ("one 1\ntwo -1\n", "", ""),  # of the third the annotation tells
    "no list": ("", "", ""),
    "no flag": ("one\n", "cat_train.txt, line 1: got 'one' without a flag", ""),
    "no 1": ("one 1\ntwo 0\nthree 0\n", "cat_train.txt, line 2: got flags 0 and no -1", ""),
    "other flag": ("one 1\ntwo 2\n", "cat_train.txt, line 2: got the flag '2'", ""),
    "other word": ("one 1\ntwo maybe\n", "cat_train.txt, line 2: got the flag 'maybe'", ""),
    "both": ("one 1\ntwo -1\none -1\n", "cat_train.txt, line 3: got the flag -1 for one, which line 1 gives 1", ""),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_of_a_class(devkit, name):
    write_main(devkit)
    text, error, said = FLAGS[name]
    (devkit / "ImageSets/Main/cat_train.txt").write_text(text, "utf-8")
    if error:
        with pytest.raises(UserError, match=error):
            VOC(devkit, "train")
        return
    tags, notes = found(devkit)
    assert tags == TAGS
    assert said in notes
    assert bool(said) == bool(notes)


def test_an_id_that_ends_like_a_flag(devkit):
    for name in ("img", "img 1"):
        Image.new("RGB", (3, 1)).save(devkit / "JPEGImages" / f"{name}.jpg")
    (devkit / "ImageSets/Segmentation/train.txt").write_text("img\nimg 1\n")
    main = devkit / "ImageSets/Main/cat_train.txt"
    main.write_text("img -1\nimg 1  1\n")
    assert found(devkit, classes=("cat",))[0] == {"img 1": {"cat"}}
    main.write_text("img -1\nimg 1\n")
    with pytest.raises(UserError, match="line 2: got 'img 1' without a flag"):
        VOC(devkit, "train", ("cat",))


THING = "<annotation><object><name>{}</name></object></annotation>"
DECLARED = '<?xml version="1.0" encoding="{}"?>'
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
ANNOTATIONS = {  # one.xml -> its tags or the error; and what is said
    "namespace": ('<annotation xmlns="http://x"><object><name> cat\n</name></object></annotation>', {"cat"}, ""),
    "case": (THING.format("Cat"), {"cat"}, "read 'Cat' as cat"),
    "two words": (THING.format("TV Monitor"), {"tvmonitor"}, "read 'TV Monitor' as tvmonitor"),
    "no class": (THING.format("cat</name></object><object><name>zebra"), {"cat"}, "left out: 'zebra' (1 photos)"),
    "nothing": ("<annotation/>", set(), ""),
    "Latin": ((DECLARED.format("latin-1") + THING.format("cat<!--ö-->")).encode("latin-1"), {"cat"}, ""),
    "GBK": ((DECLARED.format("gbk") + THING.format("cat<!--牛-->")).encode("gbk"), {"cat"}, ""),
    "UTF-16": ((DECLARED.format("utf-16") + THING.format("cat")).encode("utf-16"), {"cat"}, ""),
    "UTF-8 that says UTF-16": (DECLARED.format("utf-16") + THING.format("cat"), {"cat"}, ""),
    "Latin that says nothing": (
        THING.format("Gr\xf6\xdfe").encode("latin-1"),
        "one.xml, line 1: got the byte 0xf6",
        "",
    ),
    "no encoding": (DECLARED.format("klingon") + THING, "one.xml, line 1: got the encoding 'klingon'", ""),
    "empty": ("", "one.xml is empty", ""),
    "cut": (THING[:30], r"one.xml, line 1: no XML \(unclosed token", ""),
    "&": ("<annotation>\n<filename>a & b</filename></annotation>", "one.xml, line 2: no XML .*<filename>a & b<", ""),
    "page": ("<html/>", "one.xml: got <html> as the outermost element", ""),
    "no name": ("<annotation><object/></annotation>", "one.xml: got no name in <object> 1", ""),
    "laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>\n{THING.format("&l9;")}', "line 1: got a declaration", ""),
    "outside": ('<!DOCTYPE a [\n<!ENTITY x SYSTEM "file:///etc/passwd">]>' + THING.format("&x;"), "line 2: got a", ""),
}


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_annotations(devkit, name):
    text, expected, said = ANNOTATIONS[name]
    (devkit / "Annotations/one.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    if isinstance(expected, str):
        with pytest.raises(UserError, match=expected):
            VOC(devkit, "train")
        return
    tags, notes = found(devkit, classes=None)
    assert tags == {**TAGS, "one": expected}
    assert said in notes
    assert bool(said) == bool(notes)


def test_many_bad_annotations_are_one_sentence(devkit):
    for name in TAGS:
        (devkit / f"Annotations/{name}.xml").write_text("<")
    with pytest.raises(UserError, match=r"one.xml, line 1: no XML .* 2 more photos of 'train' have no tags either"):
        VOC(devkit, "train")


def test_a_split_without_any_of_the_classes_says_what_it_has(devkit):
    with pytest.raises(UserError, match=r"none of the 3 photos of 'train' shows sheep; the annotations name: car \(2"):
        VOC(devkit, "train", ("sheep",))
    write_main(devkit)
    with pytest.raises(UserError, match="shows sheep; the lists of ImageSets/Main name others"):
        VOC(devkit, "train", ("sheep",))
