"""The look at the labels before anything is trained: masks against tags, what it prints, its contact sheet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from iaff import UserError
from iaff.cli.main import main
from iaff.data import Folder
from iaff.data.check import check_masks, look, spread
from iaff.data.kinds import find_data
from iaff.data.sheet import Tile, contact_sheet
from iaff.method.metrics import counted
from iaff.trace.encoding import palette
from training import prepare

SIZE = (60, 40)


def save(root, lines, masks):
    """A folder of photos ``a.png`` ..., whose classes are cat 1, cow 2, dog 3, and masks by name."""
    (root / "masks").mkdir(exist_ok=True)
    for name, _ in lines:
        Image.new("RGB", SIZE, "olive").save(root / f"{name}.png")
    rows = [f"{name}.png,{tags}" for name, tags in lines]
    (root / "tags.csv").write_text("\n".join([*rows, "z.png,cat;cow;dog"]))
    (root / "val.csv").write_text("\n".join(rows))
    Image.new("RGB", SIZE).save(root / "z.png")
    for name, mask in masks.items():
        mask.save(root / "masks" / f"{name}.png")
    return root


def labels(*values, mode="L"):
    """A mask of upright stripes."""
    array = np.repeat(np.array(values, np.uint8), SIZE[0] // len(values))[None].repeat(SIZE[1], 0)
    image = Image.fromarray(array)
    return coloured(image) if mode == "P" else image.convert(mode)


def coloured(mask):
    """The same indices, with a palette."""
    image = mask.copy()
    image.putpalette(palette())
    return image


EDGES = np.pad(np.full((20, 20), 3, np.uint8), ((10, 10), (20, 20)))
EDGES[9, 20:40] = EDGES[30, 20:40] = 1

MASKS = {  # of a photo that is tagged dog (3) -> what is refused, or a part of a warning, or nothing
    "right": (labels(0, 3, 255), None, None),
    "0 and 255": (labels(0, 255), "only background (0) and void (255). Save masks with 0 background, 1 cat", None),
    "0 and 128": (labels(0, 128), "masks of 1 cannot be read; the first: .*index 128", None),
    "another class": (labels(0, 1), "a.png is tagged dog (3), its mask shows cat (1)", None),
    "another class in colours": (labels(0, 2, mode="P"), "its mask shows cow (2)", None),
    "smoothed": (Image.fromarray(EDGES), "lie along edges alone", None),
    "nothing": (labels(0), "its mask shows none of them", None),
    "void": (labels(255), None, "1 masks are all void"),
    "RGB": (labels(0, 3, mode="RGB"), "got mode RGB", None),
    "RGBA": (labels(0, 3, mode="RGBA"), "got mode RGBA", None),
    "LA": (labels(0, 3, mode="LA"), "got mode LA", None),
    "1 bit": (labels(0, 3, mode="1"), "got mode 1", None),
    "16 bit": (Image.fromarray(np.full(SIZE[::-1], 3, np.uint16)), "got mode I;16", None),
    "none": (None, None, None),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_against_its_photos_tags(name, tmp_path, capsys):
    mask, refused, warned = MASKS[name]
    root = save(tmp_path, [("a", "dog")], {"a": mask} if mask else {})
    report = look(Folder(root, "val"), "val")
    said = " ".join(report.refused)
    assert bool(said) == bool(refused)
    assert all(part in said for part in (refused or "").split(".*"))
    assert (warned or "") in " ".join(report.warnings)
    assert main(["doctor", "--data", str(root), "--split", "val", "--out", str(root)]) == int(bool(refused))
    printed = capsys.readouterr().out
    assert ("REFUSED" in printed) == bool(refused)
    assert Image.open(root / "check_val.png").width > 900


def test_few_of_many_are_said_and_all_but_one_refused(tmp_path):
    names = "abcdef"
    right, wrong = labels(0, 3), labels(0, 1)
    root = save(tmp_path, [(n, "dog") for n in names], {n: wrong if n == "a" else right for n in names})
    report = look(Folder(root, "val"), "val")
    assert not report.refused
    assert (
        "1 of 6 masks disagree with the tags; the first: a.png is tagged dog (3), its mask shows cat (1)"
        in (report.warnings[-1])
    )
    check_masks(Folder(root, "val"))
    save(tmp_path, [], {n: wrong for n in "bcd"})
    with pytest.raises(UserError, match=r"4 of 6 masks looked at contradict the tags; the first: a.png"):
        check_masks(Folder(save(tmp_path, [(n, "dog") for n in names], {}), "val"))
    save(tmp_path, [(n, "dog") for n in names], {n: labels(0, 255) if n == "f" else right for n in names})
    with pytest.raises(UserError, match=r"1 of 6 masks looked at contradict the tags; the first: f.png"):
        check_masks(Folder(root, "val"))


def test_what_is_printed(tmp_path, capsys):
    lines = [(f"{i:02}", "dog" if i % 2 else "Dog;cat" if i else "") for i in range(21)] + [("21", "dogs")]
    root = save(tmp_path, lines, {f"{i:02}": labels(0, 3) for i in range(0, 21, 4)})
    with pytest.raises(SystemExit) as stopped:
        prepare.main(["check", "--root", str(root), "--split", "train", "--out", str(root / "sheets")])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "a data set of the kind 'folder'" in said
    assert "train: 23 photos, 4 classes, 1 without a tag; masks: 6 of 23 looked at can be read" in said
    assert "'Dog' (line 3), 'dog' (line 2)" in said or "'dog' (line 2), 'Dog' (line 3)" in said
    assert "'dogs' is the tag of 1 photo, and 'dog' of many: misspelled?" in said
    (short,) = [line for line in look(Folder(root), "train", most=0).lines(short=True) if line.startswith("train")]
    assert short == "train: 23 photos, 4 classes, 1 without a tag (dog 21, cat 11, cow 1, dogs 1)"
    with pytest.raises(UserError, match="got a folder without a data set, expected one with ImageSets"):
        find_data(tmp_path / "masks")


def test_a_look_is_spread_and_bounded():
    assert sorted(spread(1000, 200)) == list(range(0, 1000, 5))
    assert spread(3, 200) == [0, 2, 1]
    assert np.histogram(spread(1000, 200)[:20], 4, (0, 1000))[0].min() >= 4


def test_a_contact_sheet_shows_names_tags_masks_and_void():
    photo, mask = np.full((90, 120, 3), 128, np.uint8), np.zeros((90, 120), np.uint8)
    mask[:30], mask[30:60] = 1, 255
    tiles = [Tile("a" * 200, photo, (1,), mask), Tile("猫.jpg", photo, ()), Tile("b", photo, (1, 2), mask)]
    sheet = np.asarray(contact_sheet([*tiles, *tiles], ("background", "cat", "dog"), "title"))
    assert sheet.shape[0] > 2 * 252
    first = sheet[36 : 36 + 252, 16 : 16 + 336].astype(int)
    assert np.abs(first[40, 100] - [179, 144, 64]).max() < 3  # half of the colour of class 1
    assert np.unique(first[100:150, 100:200, 0]).size <= 3  # stripes
    assert (first[200, 100] == 128).all()


def test_over_how_many_classes_a_mean_is():
    some: dict[str, float | None] = {"background": 0.5, "cat": 0.2, "sheep": None}
    assert counted([some], ["sheep"]) == "mean of 2 of 3 classes; no sheep in these masks"
    assert counted([some, {**some, "sheep": 0.0}]) == "mean of 2 to 3 of 3 classes"


MODES = st.sampled_from(["1", "L", "P", "LA", "RGB", "RGBA", "I;16", "I", "F", "CMYK"])


def check_mask(root, mode, size, values):
    mask = Image.new("L", size)
    mask.putdata([values[i % len(values)] for i in range(size[0] * size[1])])
    path = save(root, [("a", "dog")], {}) / "masks" / "a.png"
    image = coloured(mask) if mode == "P" else mask.convert(mode)
    image.save(path, "TIFF" if mode in ("I", "F", "CMYK") else "PNG")
    data = Folder(root, "val")
    right = mode in ("L", "P") and size == SIZE and set(np.unique(np.asarray(mask))) <= {0, 1, 2, 3, 255}
    try:
        found = data.mask(0)
    except UserError:
        assert not right
    else:
        assert right
        np.testing.assert_array_equal(found, np.asarray(mask))
    shown = set(np.unique(np.asarray(mask))) - {0, 255}
    agrees = right and (shown == {3} or set(np.unique(np.asarray(mask))) == {255})
    assert bool(look(data, "val").refused) == (not agrees)


MASK = {
    "mode": st.one_of(st.sampled_from(["L", "P"]), MODES),
    "size": st.one_of(st.just(SIZE), st.tuples(st.integers(1, 70), st.integers(1, 70))),
    "values": st.one_of(
        st.lists(st.sampled_from([0, 3, 255]), min_size=1, max_size=4),
        st.lists(st.integers(0, 255), min_size=1, max_size=4),
    ),
}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(**MASK)
def test_random_masks(tmp_path_factory, mode, size, values):
    check_mask(tmp_path_factory.mktemp("mask"), mode, size, values)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(**MASK)
def test_many_random_masks(tmp_path_factory, mode, size, values):
    check_mask(tmp_path_factory.mktemp("mask"), mode, size, values)
