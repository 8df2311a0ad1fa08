"""Whatever photos, data, runs and traces look like: the right result, or one sentence (got / expected / remedy)."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

import iaff
from iaff import Run, Trace, UserError
from iaff.cli.main import main
from iaff.data import Folder, open_split
from iaff.images import read_photo
from iaff.places import GALLERY, SHIPPED
from tests.odd import mutations, odd_photos

ODD = odd_photos()
CAT = (GALLERY / "chelsea.jpg").read_bytes()


def one_sentence(error) -> str:
    text = str(error)
    assert len(text) < 500
    assert "\n" not in text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize("name", ODD)
def test_photos(name):
    data, message = ODD[name]
    if message:
        with pytest.raises(UserError, match=message) as error:
            read_photo(data, name)
        assert one_sentence(error.value).startswith(name)
        return
    photo = read_photo(data, name)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3
    assert max(photo.pixels.shape) <= 352
    if name != "wide.png":  # the same cat, whatever it was wrapped in
        plain = read_photo(ODD["plain.png"][0]).pixels.astype(float)
        if "alpha" in name:  # faded into white from top to bottom
            assert photo.pixels[:3].mean() > 240
            plain = plain[-9:]
        far = {"bits.png": 130, "palette.gif": 25}.get(name, 35 if "grey" in name or "sixteen" in name else 12)
        assert np.abs(photo.pixels[-len(plain) :] - plain).mean() < far


def test_what_was_done_to_a_photo_is_said():
    notes = {name: " ".join(read_photo(ODD[name][0]).notes) for name in ODD if ODD[name][1] is None}
    for name, words in {
        "moving.gif": "The first of 2 frames.",
        "alpha.png": "over white",
        "wide.png": "Shrunk from 20000 x 2000",
        "sixteen.png": "Grey of 16 bit, scaled by its own range 0..65535.",
        "cmyk.jpg": "CMYK",
    }.items():
        assert words in notes[name]
    assert notes["plain.jpg"] == ""


def test_two_hundred_mutations_of_a_photo():
    results = {"read": 0, "refused": 0}
    for i, data in enumerate([*mutations(CAT, 100), *mutations(ODD["plain.png"][0], 100, seed=1)]):
        try:
            assert read_photo(data, f"mutation {i}").pixels.shape[2] == 3
            results["read"] += 1
        except UserError as error:
            one_sentence(error)
            results["refused"] += 1
    assert min(results.values()) > 3


@pytest.fixture(scope="module")
def trace():
    return iaff.explain(CAT, ["cat"], name="cat.jpg")


def test_two_hundred_mutations_of_a_trace(trace):
    results = {"read": 0, "refused": 0}
    data = trace.to_bytes()
    for i, copy in enumerate(mutations(data, 200)):
        try:
            loaded = Trace.from_bytes(copy, f"mutation {i}")
            assert np.isfinite(loaded.rounds[1].alpha_p).all() if loaded.rounds else True
            results["read"] += 1
        except UserError as error:
            one_sentence(error)
            results["refused"] += 1
    assert min(results.values()) > 3


def spoilt(trace, name, change):
    tensors = {**trace.tensors, name: change(trace.tensors[name].copy())}
    return Trace(trace.meta, tensors).to_bytes()


def poke(value, *index):
    def change(array):
        array[index] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("rounds.1.gates", lambda a: a[:, :, :-1], r"rounds.1.gates: got float16 \(4, 3, \d+, 88\), expected float16"),
        ("rounds.1.gates", poke(np.nan, 0, 0, 5, 5), r"rounds.1.gates: got nan at \(0, 0, 5, 5\)"),
        ("rounds.2.gates", poke(0.4, 0, slice(None), 5, 5), r"rounds.2.gates: the three neighbours sum to 1.2"),
        ("rounds.1.alpha_u", poke(np.inf, 0, 0, 0), "alpha_u: got inf"),
        ("cam", lambda a: a.astype(np.float32), "cam: got float32"),
        ("seeds", lambda a: a[:30], "seeds: cannot be decoded"),
        ("image", lambda a: a[:100], "image: cannot be decoded"),
        ("rounds.1.scores", lambda a: a[:-1], "scores: got float16"),
    ],
)
def test_spoilt_traces(trace, name, change, message, tmp_path, capsys):
    path = tmp_path / "cat.safetensors"
    path.write_bytes(spoilt(trace, name, change))
    with pytest.raises(UserError, match=message) as error:
        Trace.load(path)
    assert "Write the trace again" in one_sentence(error.value)
    assert main(["explore", str(path)]) == 1
    assert capsys.readouterr().err == f"iaff explore: {error.value}\n"


def test_traces_of_another_kind(trace, tmp_path):
    data = trace.to_bytes()
    for content, message in [
        (b"", "is not a trace"),
        (b"hello, this is text", "is not a trace"),
        (data[:-10], "is not a trace"),
        (data.replace(b'"schema":"1"', b'"schema":"9"'), "schema '9'; expected 'iaff-trace', 1"),
        (data.replace(b"passes", b"pisses"), r"wrong at rounds.0.affinity.scan.passes: Field required"),
        (data.replace(b'\\"grid\\": [88', b'\\"grid\\": [87'), r"grid: got \(87"),
    ]:
        path = tmp_path / "t.safetensors"
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            Trace.load(path)
    with pytest.raises(UserError, match="There is no trace"):
        Trace.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [(None, ["cat"]), ([], []), (["cat", "dog"], ["cat", "dog"]), (list(Run.load(SHIPPED).classes[1:]), None)],
)
def test_tags(tags, expected):
    result = iaff.explain(CAT, tags)
    assert result.meta["tags"] == (tags if expected is None else expected)
    np.testing.assert_allclose(result.rounds[2].alpha_p.sum(0), 1, atol=5e-3)
    assert len(result.to_bytes()) < 1_500_000
    assert Trace.from_bytes(result.to_bytes()).classes == ["background", *result.meta["tags"]]


def test_unknown_tags_and_photos_without_any_class():
    with pytest.raises(UserError, match="Got the tag 'unicorn'; the run animals knows: cat"):
        iaff.explain(CAT, ["unicorn"])
    empty = iaff.explain(np.full((100, 140, 3), 90, np.uint8), [])
    assert empty.rounds[1].alpha_p.shape == (1, 25, 35)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: shutil.rmtree(run), "is not a run: no config.json"),
        (lambda run: [f.unlink() for f in run.glob("weights/unary_*")], "has no finished round"),
        (lambda run: (run / "weights/pairwise_2.safetensors").write_bytes(b"\x10"), "pairwise_2.* cannot be read"),
        (lambda run: edit(run, schema=7), "got run schema 7, expected 1"),
        (lambda run: edit(run, backbone="vgg99"), "not of this version"),
        (lambda run: edit(run, classes=["background", "cat"]), "weights of another network"),
        (lambda run: (run / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda run: (run / "config.json").write_text("[]"), "got list, expected a JSON object"),
    ],
)
def test_spoilt_runs(tmp_path, spoil, message, capsys):
    run = tmp_path / "run"
    shutil.copytree(SHIPPED, run)
    spoil(run)
    with pytest.raises(UserError, match=message) as error:
        iaff.explain(CAT, ["cat"], run)
    one_sentence(error.value)
    photo = str(GALLERY / "chelsea.jpg")
    assert main(["refine", photo, "--run", str(run), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == f"iaff refine: {error.value}\n"
    assert not (tmp_path / "out").exists()


def edit(run, **changes):
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | changes))


def test_truncated_weights_are_named(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(SHIPPED, run)
    path = run / "weights/classifier.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"classifier.safetensors cannot be read"):
        iaff.explain(CAT, ["cat"], run)
    state = load_file(SHIPPED / "weights/classifier.safetensors")
    save_file({key: value for key, value in state.items() if not key.endswith("0.0.weight")}, path)
    with pytest.raises(UserError, match="weights of another network"):
        iaff.explain(CAT, ["cat"], run)


@pytest.fixture
def folder(tmp_path):
    """Two photos with odd names, one mask."""
    (tmp_path / "my photos").mkdir()
    (tmp_path / "masks/my photos").mkdir(parents=True)
    for name in ("my photos/Größe 1.JPG", "b.png"):
        Image.new("RGB", (60, 40), "grey").save(tmp_path / name)
    labels = np.zeros((40, 60), np.uint8)
    labels[:20], labels[0, 0] = 2, 255
    Image.fromarray(labels).save(tmp_path / "masks/my photos/Größe 1.png")
    (tmp_path / "tags.csv").write_text("file,tags\nmy photos/Größe 1.JPG,dog; cat\nb.png,\n", encoding="utf-8")
    return tmp_path


def test_a_folder_is_read(folder):
    data = open_split("folder", str(folder), "train")
    assert isinstance(data, Folder)
    assert data.classes == ("background", "cat", "dog")
    assert [data.tags(i).tolist() for i in range(2)] == [[True, True], [False, False]]
    assert data.image(0).shape == (40, 60, 3)
    assert np.unique(data.mask(0)).tolist() == [0, 2, 255]
    assert np.unique(Folder(folder, classes=("dog",)).mask(0)).tolist() == [0, 1, 255]
    with pytest.raises(UserError, match="There is no mask"):
        data.mask(1)


def add_photo(folder, name):
    Image.new("RGB", (60, 40)).save(folder / name)
    with (folder / "tags.csv").open("a") as file:
        file.write(f"{name},cat\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: shutil.rmtree(d), "There is no folder"),
        (lambda d: (d / "tags.csv").unlink(), "There is no .*tags.csv"),
        (lambda d: (d / "tags.csv").write_text(""), "lists no photo"),
        (lambda d: (d / "tags.csv").write_bytes(b"\xff\xfe\x00"), "UTF-8"),
        (lambda d: (d / "tags.csv").write_text("b.png,cat,640\n"), "line 1: got 640 among 3 columns"),
        (lambda d: (d / "tags.csv").write_text("../b.png,cat\n"), "line 1: got the file '../b.png'"),
        (lambda d: (d / "tags.csv").write_text("b.png,\n"), "names no tag at all"),
        (lambda d: (d / "b.png").unlink(), "lists b.png, but there is no"),
        (lambda d: add_photo(d, "b.JPG"), "lists b.png and b.JPG, expected names that differ by more than the suffix"),
        (lambda d: Image.new("L", (9, 9)).save(d / "masks/my photos/Größe 1.png"), "got 9 x 9 px, expected 60 x 40"),
        (lambda d: Image.new("RGB", (60, 40)).save(d / "masks/my photos/Größe 1.png"), "got mode RGB"),
        (lambda d: Image.new("L", (60, 40), 9).save(d / "masks/my photos/Größe 1.png"), "class index 9, expected 0..2"),
        (lambda d: (d / "my photos/Größe 1.JPG").write_bytes(b""), "is empty"),
    ],
)
def test_spoilt_folders(folder, spoil, message):
    spoil(folder)
    with pytest.raises(UserError, match=message) as error:
        Folder(folder).mask(0)
    one_sentence(error.value)


def test_a_class_that_never_occurs(folder):
    with pytest.raises(UserError, match=r"class 'zebra' occurs in no line .* it has: cat, dog"):
        Folder(folder, classes=("cat", "zebra"))


def test_refine_writes_label_maps_of_the_photos_size(tmp_path, capsys):
    out = tmp_path / "out"
    Image.open(GALLERY / "chelsea.jpg").resize((704, 468)).save(tmp_path / "cat.png")
    (tmp_path / "bad.jpg").write_bytes(b"")
    assert main(["refine", str(tmp_path), "--tags", "cat", "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert "bad.jpg is empty" in printed.err
    assert "cat.png: cat " in printed.out
    labels = Image.open(out / "cat" / "round_2.png")
    assert labels.size == (704, 468)
    assert labels.mode == "P"
    assert labels.getpalette()[3:6] == [128, 0, 0]
    truth = np.asarray(Image.open(GALLERY / "chelsea_mask.png").resize((704, 468), Image.Resampling.NEAREST))
    ours = np.asarray(labels)[truth != 255] == 1
    cat = truth[truth != 255] == 1
    assert (ours & cat).sum() / (ours | cat).sum() > 0.6
    assert Trace.load(out / "cat" / "trace.safetensors").meta["original_size"] == [704, 468]


def test_odd_photos_in_the_shell(tmp_path, capsys):
    """All of them at once: the good ones are refined, each of the others gets its sentence."""
    for name, (data, _) in ODD.items():
        (tmp_path / name).write_bytes(data)
    names = [str(tmp_path / name) for name in ODD]
    assert main(["refine", *names, "--tags", "cat", "--out", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    lines = [line for line in printed.err.splitlines() if line.startswith("iaff refine:")]
    bad = {name: message for name, (_, message) in ODD.items() if message}
    assert len(lines) == len(bad)
    for (name, message), line in zip(bad.items(), lines):
        assert name in line
        assert re.search(message, line)
    good = [name for name in ODD if name not in bad]
    written = list((tmp_path / "out").glob("*/round_2.png"))
    assert len(written) == len(good)
    assert Image.open(tmp_path / "out" / "wide" / "round_2.png").size == (20_000, 2_000)
    assert Image.open(tmp_path / "out" / "turned" / "round_2.png").size == (176, 117)  # as it is seen


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["refine", "none.jpg", "--out", "OUT"], "There is no file none.jpg"),
        (["refine", "PHOTO", "--tags", "unicorn", "--out", "OUT"], "Got the tag 'unicorn'"),
        (["refine", "PHOTO", "--run", "none", "--out", "OUT"], "none is not a run"),
        (["refine", "OUT", "--out", "OUT"], "There is no photo in"),
        (["refine", "PHOTO", "--out", "PHOTO"], "Cannot write to"),
        (["explore", "none"], "There is no run folder"),
        (["explore", "PHOTO"], "is not a trace"),
        (["explore", "OUT"], "is not a run"),
    ],
)
def test_the_shell_says_what_is_wrong(command, message, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    names = {"OUT": str(tmp_path / "out"), "PHOTO": str(GALLERY / "chelsea.jpg")}
    assert main([names.get(word, word) for word in command]) == 1
    assert message in one_sentence(capsys.readouterr().err.strip().splitlines()[-1])


def test_doctor_and_imports():
    done = subprocess.run([sys.executable, "-m", "iaff", "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "shipped run" in done.stdout
    bare = [sys.executable, "-S", "-m", "iaff", "doctor"]  # no package at all
    done = subprocess.run(bare, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install "torch>=' in done.stdout
    assert not done.stderr
    code = "import sys, iaff; print([name for name in ('torch', 'gradio', 'plotly') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
