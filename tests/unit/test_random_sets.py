"""Random data sets of VOC and COCO: read right, or refused in a sentence that names the file, and nothing else."""

import json
import shutil
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools.mask import decode, encode, frPyObjects, merge

from iaff.data import COCO, VOC
from iaff.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
FEW = settings(max_examples=100, deadline=None, derandomize=True)
MANY = settings(max_examples=2000, deadline=None)
CLASSES = ("cat", "dog")
WIDTH, HEIGHT = 12, 8


@pytest.fixture(scope="module")
def folder():
    """One folder of photos for all examples, whose lists and tables are written anew."""
    root = Path(tempfile.mkdtemp())
    for name in ("train", "annotations", "JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    for name in NAMES:
        Image.new("RGB", (WIDTH, HEIGHT)).save(root / "JPEGImages" / f"{name}.jpg")
        Image.new("L", (WIDTH, HEIGHT), 8).save(root / "SegmentationClass" / f"{name}.png")
        shutil.copy(root / "JPEGImages" / f"{name}.jpg", root / "train")
    yield root
    shutil.rmtree(root)


def refused(error, *names):
    """An error is one sentence with a file in it."""
    text = str(error)
    assert "\n" not in text
    assert len(text) < 900
    assert any(name in text for name in names), text
    return False


# --- VOC ------------------------------------------------------------------------------------------------------------

NAMES = ("2007_000032", "img.v1", "my photo 1", "my photo", "Größe")
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " \n", "\t\r\n"])
FORMS = st.sampled_from(["{}", "{}.jpg", "/JPEGImages/{}.jpg /SegmentationClass/{}.png", "  {} ", "JPEGImages\\{}.jpg"])


FAULTS = st.sampled_from([None, None, None, "list", "encoding", "annotation", "main"])  # one in a devkit, at most


@st.composite
def voc_lists(draw, fault):
    """Lines of a split, its ids in order (None where only a refusal is right), and the encoding."""
    ids = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
    form = draw(st.sampled_from(["NFC", "NFD"]))
    lines = [draw(FORMS).replace("{}", unicodedata.normalize(form, name)) for name in ids]
    wrong = fault == "list" and draw(st.sampled_from(["../{}", "{} -1", "{} {}", "no such photo", "a/b/{}", "{} 0"]))
    if wrong:
        lines.insert(draw(st.integers(0, len(lines))), wrong.replace("{}", draw(st.sampled_from(NAMES))))
    text = draw(ENDS).join(lines) + draw(st.sampled_from(["", "\n", "\r\n\r\n"]))
    return text, None if wrong else list(dict.fromkeys(ids)), "latin-1" if fault == "encoding" else draw(ENCODINGS)


SPELLINGS = {"cat": "cat", " cat\n": "cat", "Cat": "cat", "DOG": "dog", "dog": "dog", "zebra": None, "sofa": None}
DECLARED = st.sampled_from(["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="{}"?>', "\n", "<!-- x -->"])


@st.composite
def annotations(draw, fault):
    """An annotation, the classes that it names (None where only a refusal is right), and its encoding."""
    names = draw(st.lists(st.sampled_from([*SPELLINGS]), max_size=4))
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "latin-1"]))
    space = draw(st.sampled_from(["", ' xmlns="http://x"']))
    noise = draw(st.sampled_from(["", "<part><name>dog</name></part>", "<difficult>1</difficult>", "<a/>\r\n"]))
    things = "".join(f"<object>{noise}<name>{name}</name></object>" for name in names)
    faults = ["&", "<object/>", "<object>", "&x;", "]]>", "<!ENTITY a 'b'>"]
    wrong = fault == "annotation" and draw(st.sampled_from(faults))
    declared = '<?xml version="1.0" encoding="latin-1"?>' if encoding == "latin-1" else draw(DECLARED)
    text = declared.format(encoding) + f"<annotation{space}><filename>ö</filename>{things}{wrong or ''}</annotation>"
    return text, None if wrong else {SPELLINGS[name] for name in names} - {None}, encoding


FLAGS = {"1": True, " 1": True, "0": True, "+1": True, "-1": False, "yes": True, "no": False}


@st.composite
def main_lists(draw, fault):
    """A class's list, what it says of each photo (None where only a refusal is right)."""
    ids = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    flags = [draw(st.sampled_from([*FLAGS])) for _ in ids]
    wrong = fault == "main" and draw(st.sampled_from(["img.v1", "{} 2", "{} perhaps", "{} 1.5"]))
    lines = [f"{name} {flag}" for name, flag in zip(ids, flags)]
    if wrong:
        lines.insert(draw(st.integers(0, len(lines))), wrong.format(draw(st.sampled_from(NAMES))))
    difficult = fault == "main" and "0" in flags and not {"-1", "no"} & {*flags}
    if fault != "main":
        lines.append("another photo -1")  # with it 0 means difficult
    known = None if wrong or difficult else {name: FLAGS[flag] for name, flag in zip(ids, flags)}
    return draw(ENDS).join(lines), known


def write(path, text, encoding):
    path.write_bytes(text.encode(encoding, "replace"))


def voc(folder, data):
    """One random devkit."""
    for name in ("Annotations", "ImageSets/Main"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    fault = data.draw(FAULTS)
    text, ids, encoding = data.draw(voc_lists(fault))
    write(folder / "ImageSets/Segmentation/train.txt", text, encoding)
    lacking = data.draw(st.sampled_from([None, None, None, *NAMES]))
    tags = {name: data.draw(annotations(fault)) for name in NAMES if name != lacking}
    for name, (xml, _, coded) in tags.items():
        write(folder / "Annotations" / f"{name}.xml", xml, coded)
    mains = {name: data.draw(main_lists(fault)) for name in CLASSES if data.draw(st.booleans())}
    for name, (lines, _) in mains.items():
        write(folder / f"ImageSets/Main/{name}_train.txt", lines, data.draw(ENCODINGS))
    try:
        found = VOC(folder, "train", CLASSES)
    except UserError as error:
        return refused(error, str(folder), "train.txt", "ImageSets")
    assert ids is not None, text
    read = [unicodedata.normalize("NFC", name) for name in found.ids]
    assert [name for name in ids if name in read] == read
    columns = [mains.get(name, ("", {}))[1] for name in CLASSES]
    assert None not in columns
    for name in ids:
        if all(name in column for column in columns):
            expected = {cls for cls, column in zip(CLASSES, columns) if column[name]}
        else:
            expected = tags[name][1]
        got = {CLASSES[c] for c in np.flatnonzero(found.tags(read.index(name)))} if name in read else set()
        assert got == expected
    assert (found.mask(0) == 1).all()
    return True


# --- COCO -----------------------------------------------------------------------------------------------------------

ODD = st.sampled_from([None, "", "9", 9, 9.0, 9.5, -1, True, [], {}, [1], "cat", "ö\ud800", 10**30, float("nan")])
GONE = object()
POINTS = st.lists(st.integers(0, 24).map(lambda v: v / 2), min_size=6, max_size=12)


def upset(draw, entry, odds=8):
    """The same with a value dropped, or another in its place, in one of so many."""
    if draw(st.integers(1, odds)) < odds:
        return entry
    key = draw(st.sampled_from([*entry]))
    value = draw(st.one_of(st.just(GONE), ODD))
    return {k: value if k == key else v for k, v in entry.items() if k != key or value is not GONE}


@st.composite
def outlines(draw):
    """A segmentation, and the pixels inside; None where only a refusal is right."""
    kind = draw(st.sampled_from(["polygon", "polygon", "runs", "packed", "odd", "noise"]))
    if kind == "polygon":
        x, y = st.floats(-WIDTH, 2 * WIDTH), st.floats(-HEIGHT, 2 * HEIGHT)
        polygons = draw(st.lists(st.lists(st.tuples(x, y), min_size=3, max_size=6), min_size=1, max_size=2))
        flat = [[v for point in polygon for v in point] for polygon in polygons]
        return flat, decode(merge(frPyObjects(flat, HEIGHT, WIDTH))).astype(bool)
    inside = np.array(draw(st.lists(st.booleans(), min_size=HEIGHT * WIDTH, max_size=HEIGHT * WIDTH)))
    inside = inside.reshape(HEIGHT, WIDTH)
    code = encode(np.asfortranarray(inside.astype(np.uint8)))
    if kind == "packed":
        return {**code, "counts": code["counts"].decode()}, inside
    flat = inside.ravel(order="F").astype(int)
    runs = np.diff([0, *(np.flatnonzero(np.diff(flat)) + 1), flat.size]).tolist()
    runs = [0] * bool(flat[0]) + runs
    if kind == "runs":
        return {"size": [HEIGHT, WIDTH], "counts": runs}, inside
    if kind == "odd":
        return draw(st.one_of(ODD, st.lists(ODD), st.lists(st.lists(ODD, max_size=7)), st.lists(POINTS))), ...
    counts = draw(st.one_of(ODD, st.text(max_size=12), st.lists(st.integers(-5, 99)), st.just(runs[:-1])))
    return {"size": draw(st.sampled_from([[HEIGHT, WIDTH], [WIDTH, HEIGHT], None, [8]])), "counts": counts}, ...


def coco(folder, data):
    """One random table."""
    draw = data.draw
    images = [
        upset(draw, {"id": i, "file_name": f"{name}.jpg", "width": WIDTH, "height": HEIGHT}, 40)
        for i, name in enumerate(NAMES)
    ]
    names = draw(st.sampled_from([("cat", "dog"), ("Cat", "Hot Dog"), ("crate", "cat"), ("cat", "cat")]))
    categories = [upset(draw, {"id": 17 + i, "name": name}, 40) for i, name in enumerate(names)]
    marks = []
    for i in range(draw(st.integers(1, 6))):
        outline, inside = draw(outlines())
        ids = {"image_id": draw(st.integers(0, 5)), "category_id": draw(st.integers(17, 19))}
        mark = {"id": i, **ids, "segmentation": outline, "iscrowd": draw(st.sampled_from([0, 0, 0, 1]))}
        marks.append((upset(draw, mark, 20), mark, inside))
    table = {"images": images, "categories": categories, "annotations": [mark for mark, _, _ in marks]}
    (folder / "annotations/instances_train.json").write_text(json.dumps(upset(draw, table, 40)))
    try:
        found = COCO(folder, "train")
        masks = [masks_or_sentence(found, i) for i in range(len(found))]
    except UserError as error:
        return refused(error, "instances_train.json")
    whole = all("file_name" in image and len(image) == 4 for image in images)
    if not whole or any(mark != meant or inside is ... for mark, meant, inside in marks):
        return False
    for i, name in enumerate(found.ids):
        own = [(m, inside) for m, _, inside in marks if NAMES[m["image_id"] : m["image_id"] + 1] == (name,)]
        if not own or masks[i] is None or any(c.keys() != {"id", "name"} for c in categories):
            continue
        anything = np.any([inside for _, inside in own], 0)
        crowd = np.any([inside & bool(m["iscrowd"]) for m, inside in own], 0)
        assert ((masks[i] > 0) == anything).all()
        assert (masks[i][crowd] == 255).all()
    return True


def masks_or_sentence(found, i):
    assert found.tags(i).any()
    try:
        mask = found.mask(i)
    except UserError as error:
        refused(error, "instances_train.json", ".jpg")
        return None
    assert mask.shape == (HEIGHT, WIDTH)
    assert set(np.unique(mask).tolist()) <= {*range(len(found.classes)), 255}
    return mask


def run(reader, folder, how):
    """All examples, of which a good part must have been read, not refused."""
    read = []
    how(given(st.data())(lambda data: read.append(reader(folder, data))))()
    assert len(read) / 10 < sum(read) < len(read)


@pytest.mark.parametrize("reader", [voc, coco])
def test_a_hundred_random_data_sets(folder, reader):
    run(reader, folder, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("reader", [voc, coco])
def test_thousands_of_random_data_sets(folder, reader):
    run(reader, folder, MANY)
