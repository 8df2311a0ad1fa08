"""``training.ship --push``: what goes to the Hugging Face Hub, with which card, and who may push.

The Hub is a stand-in on this machine (:mod:`tests.hub`): uploads go through LFS there, not through the real one's Xet.
"""

import json
import shutil
import sys

import pytest
import yaml

from iaff.hub import FILES
from iaff.places import SHIPPED
from iaff.run import Run
from iaff.trace import Trace
from tests.hub import READER, TOKEN
from training import ship

PLAIN = SHIPPED.parent / "plain_cam"


@pytest.fixture
def owner(hub, monkeypatch):
    """The stand-in, with its owner logged in."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


def push(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["ship", *map(str, arguments)])
    ship.main()


def refused(monkeypatch, *arguments) -> str:
    with pytest.raises(SystemExit) as error:
        push(monkeypatch, *arguments)
    assert str(error.value).startswith("python -m training.ship: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_shipped_run_comes_back_as_it_was(owner, monkeypatch, capsys):
    """Also the weights; all in one commit, with its card; and the address that is printed opens it."""
    push(monkeypatch, "--run", SHIPPED, "--push", "a/animals")
    repo = owner.repos["a/animals"]
    assert len(repo.commits) == 2  # with the Hub's own first one
    assert repo.messages[-1].startswith("animals: 5 rounds")
    files = {path.relative_to(SHIPPED).as_posix() for kind in FILES for path in SHIPPED.glob(kind)}
    assert set(repo.commits[repo.refs["main"]]) == {*files, "README.md", ".gitattributes"}
    *_, said, opened = capsys.readouterr().out.splitlines()
    assert said == f"Pushed: {owner.url}/a/animals/commit/{repo.refs['main']}"
    address = opened.split()[-1]
    assert address == f"hf://a/animals@{repo.refs['main']}"
    run = Run.load(address)
    assert run.finished_rounds() == 5
    for file in files:
        assert (run.dir / file).read_bytes() == (SHIPPED / file).read_bytes()
    push(monkeypatch, "--run", SHIPPED, "--push", "a/animals")
    assert len(repo.commits) == 2  # nothing has changed


def test_the_card_holds_the_figures(owner, monkeypatch):
    push(monkeypatch, "--run", SHIPPED, "--push", "hf://a/animals", "--license", "mit")
    repo = owner.repos["a/animals"]
    _, head, text = repo.commits[repo.refs["main"]]["README.md"].decode().split("---\n", 2)
    about = yaml.safe_load(head)
    assert (about["license"], about["library_name"], about["pipeline_tag"]) == ("mit", "iaff", "image-segmentation")
    (result,) = about["model-index"][0]["results"]  # of val alone: train was trained on, and tune chose the settings
    last = json.loads((SHIPPED / "evaluation_val.json").read_text())["rounds"][-1]
    assert result["dataset"]["split"] == "val"
    assert result["metrics"][0]["value"] == round(100 * last["refined"]["miou"], 1)
    assert "iaff hf://a/animals" in text
    for split in ("train", "val"):
        evaluation = json.loads((SHIPPED / f"evaluation_{split}.json").read_text())
        part = text.split(f"### Split {split}\n")[1].split("###")[0]
        assert f"{evaluation['images']} photos" in part
        for entry in evaluation["rounds"]:
            keys = ("miou", "miou_proposed", "miou_tags")
            values = [f"{100 * entry[name][key]:.1f}" for key in keys for name in ("unary", "refined")]
            assert f"| {entry['round']} | {' | '.join(values)} |" in part
    assert "GPL-2" in text  # two of the photos


def test_a_branch_keeps_main_and_loses_what_the_run_has_not(owner, monkeypatch, tmp_path):
    push(monkeypatch, "--run", PLAIN, "--push", "a/plain")
    main = owner.repos["a/plain"].refs["main"]
    shutil.copytree(PLAIN, tmp_path / "copy")
    run = Run.load(tmp_path / "copy")
    gone = run.traces()[0]["file"]
    run.write("traces/index.json", {"traces": run.traces()[1:]})
    (run.dir / "traces" / gone).unlink()
    (run.dir / ".lock").touch()
    push(monkeypatch, "--run", run.dir, "--push", "a/plain", "--revision", "less")
    repo = owner.repos["a/plain"]
    assert repo.refs["main"] == main
    before, after = (set(repo.commits[repo.refs[name]]) for name in ("main", "less"))
    assert before - after == {f"traces/{gone}"}
    assert after < before
    assert len(Run.load("hf://a/plain@less").traces()) == len(Run.load("hf://a/plain").traces()) - 1


def test_photos_of_a_training_stay_here(owner, monkeypatch, tmp_path):
    shutil.copytree(PLAIN, tmp_path / "run")
    run = Run.load(tmp_path / "run")
    Trace.load(PLAIN / "traces" / "frisbee.safetensors").save(run.dir / "traces" / "sample_0.safetensors")
    said = refused(monkeypatch, "--run", run.dir, "--push", "a/b")
    assert "'sample_0'" in said
    assert "--out DIR" in said
    (run.dir / "traces" / "sample_0.safetensors").unlink()
    run.append_images([{"round": 1, "image": "2007_000033"}])
    assert "'2007_000033'" in refused(monkeypatch, "--run", run.dir, "--push", "a/b")
    run.write("config.json", {**run.config, "supervision": "masks"})
    assert "upper bound" in refused(monkeypatch, "--run", run.dir, "--push", "a/b")
    assert owner.requests == []


def test_who_may_push(owner, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READER)
    said = refused(monkeypatch, "--run", PLAIN, "--push", "a/b")
    assert "403" in said
    assert "hf auth login" in said
    monkeypatch.delenv("HF_TOKEN")
    said = refused(monkeypatch, "--run", PLAIN, "--push", "a/b")
    assert "nobody is logged in" in said
    assert "hf auth login" in said
    assert "HF_TOKEN" in said
    assert owner.repos == {}
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    assert "token" in refused(monkeypatch, "--run", PLAIN, "--push", "a/b")


def test_private_stays_private(owner, monkeypatch):
    push(monkeypatch, "--run", PLAIN, "--push", "a/mine", "--private")
    assert owner.repos["a/mine"].private
    owner.repo("a/public").commit({".gitattributes": b""})
    assert "public" in refused(monkeypatch, "--run", PLAIN, "--push", "a/public", "--private")
    assert len(owner.repos["a/public"].commits) == 1


@pytest.mark.parametrize("place", ["animals", "a/b/c", "a/b@v1", "datasets/a/b"])
def test_where_nothing_can_be_pushed(owner, monkeypatch, place):
    said = refused(monkeypatch, "--run", PLAIN, "--push", place)
    assert "xpected" in said
    assert owner.requests == []


def test_without_a_network(owner, monkeypatch):
    owner.stop()
    assert "hf://a/b" in refused(monkeypatch, "--run", PLAIN, "--push", "a/b")
