"""``key=value`` and ``~``: what a value is depends on its setting, and every path may begin with ``~``."""

import shutil

import pytest
from PIL import Image

import iaff
from iaff import Run, Trace, UserError
from iaff.cli.main import main
from iaff.config import load_config
from iaff.data import COCO, VOC, Folder
from iaff.images import read_photo
from iaff.nets.imagenet import read_state
from iaff.places import GALLERY, SHIPPED, expanded
from training.train import main as train

VALUES = {
    "data.root=2012": "2012",
    "data.root=1e3": "1e3",
    "data.root=C:\\voc=1": "C:\\voc=1",
    'data.root="my photos"': "my photos",
    "data.root='it''s": "'it''s",
    "data.root=": "",
    " data.tune = val ": "val",
    "name=2024-05-01": "2024-05-01",
    "name=true": "true",
    "name=[1]": "[1]",
    "affinity=none": "none",
    "data.classes=cat,dog": ("cat", "dog"),
    "data.classes=[cat, dog]": ("cat", "dog"),
    'data.classes=["cat","a,b",]': ("cat", "a,b"),
    "data.classes=7": ("7",),
    "data.classes=it's,dog": ("it's", "dog"),
    "data.classes=": (),
    "unary_scales=[0.5,1.5]": (0.5, 1.5),
    "unary_scales=0.5,1.5": (0.5, 1.5),
    "cam.scales=.5": (0.5,),
    "data.choice=none": None,
    "mining.tau_background=0.5": 0.5,
    "seeds.superpixels=no": False,
    "cam.flip=false": False,
    "rounds=1_0": 10,
    "classifier.lr=1e-3": 1e-3,
    "cam.climb.steps=2": 2,
}


@pytest.mark.parametrize("item", VALUES)
def test_a_value_is_what_its_setting_is(item):
    found = load_config("shapes_tiny", [item])
    for name in item.partition("=")[0].strip().split("."):
        found = getattr(found, name)
    assert found == VALUES[item]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("data.rot=x", "there is no setting data.rot; did you mean data.root"),
        ("root=x", "there is no setting root; did you mean data.root"),
        ("batch=3", "there is no setting batch; did you mean classifier.batch or unary.batch or mining.b"),
        ("rouds=3", "there is no setting rouds; did you mean rounds"),
        ("=3", "there is no setting ;"),
        ("data=3", "got a value for a section, expected one of its settings: data.kind, data.root"),
        ("rounds=true", "rounds: got True; Input should not be true or false"),
        ("cam.scales=[true]", r"cam.scales: got \[True\]; Input should not be true or false"),
        ("rounds=2\nname='x'", r"rounds: got \"2\\nname='x'\"; Input should be a valid integer"),
        ("cam.flip=maybe", "cam.flip: got 'maybe'; Input should be a valid boolean"),
    ],
)
def test_what_is_no_setting_or_no_value_is_said(item, message):
    with pytest.raises(UserError, match=message):
        load_config("shapes_tiny", [item])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"rounds = 2", "got no setting name, expected one"),
        (b"\xef\xbb\xbfrounds = true", "rounds: got True; Input should not be true or false"),
        (b"[data]\nrot = 'x'", "there is no setting data.rot; did you mean data.root"),
        ("rounds = 2".encode("utf-16"), "is no text in UTF-8"),
        (b"rounds = [" + b"[" * 5000, "is not valid TOML"),
    ],
)
def test_faults_of_a_file_of_settings(tmp_path, text, message):
    (tmp_path / "mine.toml").write_bytes(text)
    with pytest.raises(UserError, match=message):
        load_config(tmp_path / "mine.toml")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_home_is_expanded_at_every_door(home, capsys):
    shutil.copy(GALLERY / "chelsea.jpg", home / "a.jpg")
    shutil.copytree(SHIPPED, home / "run")
    shutil.copy("training/configs/shapes_tiny.toml", home / "mine.toml")
    (home / "tags.csv").write_text("a.jpg,cat\n")
    assert read_photo("~/a.jpg").size == read_photo(home / "a.jpg").size
    assert Run.load("~/run").dir == home / "run"
    name = Run.load("~/run").traces()[0]["name"]
    trace = Trace.load(f"~/run/traces/{name}.safetensors")
    trace.save("~/new/copy.safetensors")
    assert (home / "new/copy.safetensors").is_file()
    assert load_config("~/mine.toml").name == load_config("shapes_tiny").name
    assert Folder("~").ids == ["a.jpg"]
    for reader in (VOC, COCO):
        with pytest.raises(UserError, match=str(home)):
            reader("~/none", "train")
    with pytest.raises(UserError, match=f"weights={home}/none.pth: no such file"):
        read_state(expanded("~/none.pth"), "a network")
    assert main(["export", f"~/run/traces/{name}.safetensors", "--html", "~/page.html"]) == 0
    assert (home / "page.html").is_file()
    assert main(["refine", "~/none.jpg", "--run", "~/run", "--out", "~/out"]) == 1
    assert f"There is no file {home}/none.jpg" in capsys.readouterr().err
    with pytest.raises(SystemExit, match=f"There is no folder {home}/photos"):
        train(["--config", "~/mine.toml", "--run", "~/runs/a", "data.kind=folder", "data.root=~/photos"])
    with pytest.raises(UserError, match=f"{home}/none is not a run"):
        iaff.explain(home / "a.jpg", run="~/none")


def test_a_name_that_begins_with_a_tilde_and_is_no_users(home, monkeypatch):
    monkeypatch.chdir(home)
    Image.new("RGB", (60, 40)).save("~nobody of that name.png")
    assert read_photo("~nobody of that name.png").size == (60, 40)
