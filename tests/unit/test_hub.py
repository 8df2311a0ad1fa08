"""Runs and traces on the Hugging Face Hub: opening, pinning, without a network, and what is refused.

The Hub is a stand-in on this machine (:mod:`tests.hub`): what it answers was read off what huggingface_hub expects. The
real one is not asked.
"""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from iaff.errors import UserError
from iaff.explorer.app import open_all
from iaff.explorer.server.trace_files import TraceFiles
from iaff.hub import fetched, on_hub, parse
from iaff.places import SHIPPED
from iaff.run import Run, claimed
from iaff.trace import Trace
from tests.hub import READER, TOKEN

ROOT = Path(__file__).parents[2]
TRACE = SHIPPED / "traces" / "coffee.safetensors"
INDEX = {"traces": [{"name": "coffee", "title": "Coffee", "file": "coffee.safetensors", "tags": []}]}


def run_files(name: str = "tiny", folder: str = "") -> dict[str, bytes]:
    """The files of a small run, and some that do not belong to one."""
    config = {"schema": 1, "name": name, "classes": ["background", "cat"], "rounds": 1, "data": {"root": "/etc"}}
    files = {
        "config.json": json.dumps(config).encode(),
        "figures.json": b'{"schema": 1, "rounds": []}',
        "weights/unary_1.safetensors": b"weights",
        "traces/index.json": json.dumps(INDEX).encode(),
        "traces/coffee.safetensors": TRACE.read_bytes(),
    }
    return {f"{folder}{file}": data for file, data in files.items()}


def refused(*words: str):
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, words)))


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("hf://a/b", ("model", "a/b", None, "")),
        ("hf://a/b@v1.0", ("model", "a/b", "v1.0", "")),
        ("hf://a/b@refs/pr/3/runs/one", ("model", "a/b", "refs/pr/3", "runs/one")),
        ("hf://a/b@my%2Fbranch/x.safetensors", ("model", "a/b", "my/branch", "x.safetensors")),
        ("hf://datasets/a/b/c", ("dataset", "a/b", None, "c")),
    ],
)
def test_addresses(address, parts):
    uri = parse(address)
    assert (uri.type, uri.id, uri.revision, uri.path_in_repo) == parts


@pytest.mark.parametrize(
    "address", ["hf://", "hf://a", "hf://a/b@", "hf://a/b c", "hf://a/b/../../c", "hf://buckets/a/b", "hf://model/a/b"]
)
def test_a_malformed_address_is_one_sentence(address):
    with refused(address.removesuffix("/"), "xpected"):
        Run.load(address)


def test_paths_are_no_addresses(tmp_path):
    assert fetched(tmp_path) == tmp_path
    assert on_hub(Path("hf://a/b"))  # of which one slash is left
    assert not on_hub("runs/hf")
    with refused("on the Hub", "--push"), claimed(Path("hf://a/b")):
        pass


def test_a_run_opens_with_only_what_it_needs(hub, capsys):
    others = {"README.md": b"card", "model.bin": b"pickle", "weights/optimiser.pt": b"pickle", ".lock": b""}
    sha = hub.repo("a/b").commit({**run_files(), **others})
    run = Run.load("hf://a/b")
    assert (run.name, run.classes, run.dir.name) == ("tiny", ("background", "cat"), sha)
    assert run.weights("unary_1").read_bytes() == b"weights"
    assert Trace.load(run.trace_path("coffee")).meta["name"] == "coffee"
    assert "root" not in run.config["data"]  # a run does not say which folder of this machine holds photos
    there = {path.relative_to(run.dir).as_posix() for path in run.dir.rglob("*") if path.is_file()}
    assert there == set(run_files())
    assert "Fetching" in capsys.readouterr().err  # a bar of progress, while there is some
    before = len(hub.downloads())
    assert [run.dir for run in open_all([Path("hf://a/b"), "hf://a/b"])] == [run.dir, run.dir]
    assert len(hub.downloads()) == before
    assert capsys.readouterr().err == ""


def test_a_revision_pins(hub):
    repo = hub.repo("a/b")
    first = repo.commit(run_files("first"))
    repo.refs["v1"] = first
    repo.commit(run_files("tried"), "my/branch")
    repo.commit(run_files("second"))
    names = {address: Run.load(f"hf://a/b{address}").name for address in ("", "@v1", f"@{first}", "@my%2Fbranch")}
    assert names == {"": "second", "@v1": "first", f"@{first}": "first", "@my%2Fbranch": "tried"}


def test_several_runs_in_one_repository(hub):
    weights = {"large.safetensors": b"not a run's"}
    hub.repo("a/b").commit(run_files("one", "one/") | run_files("two", "two/") | weights)
    assert [run.name for run in open_all(["hf://a/b"])] == ["one", "two"]
    assert Run.load("hf://a/b/two").name == "two"
    assert "large.safetensors" not in {Path(name).name for name in hub.downloads()}
    with refused("is not a run", "one, two"):
        Run.load("hf://a/b")


def test_a_trace_opens(hub):
    hub.repo("datasets/a/b").commit({"photos/coffee.safetensors": TRACE.read_bytes()})
    address = "hf://datasets/a/b@main/photos/coffee.safetensors"
    assert Trace.load(address).meta == Trace.load(TRACE).meta
    (run,) = open_all([address])
    assert [entry["name"] for entry in run.traces()] == ["coffee"]


def test_the_cached_copy_opens_without_a_network(hub, capsys):
    sha = hub.repo("a/b").commit(run_files())
    Run.load("hf://a/b")
    Run.load(f"hf://a/b@{sha}")
    capsys.readouterr()
    hub.stop()
    assert Run.load("hf://a/b").name == Run.load("hf://a/b").name == "tiny"
    said = capsys.readouterr().err
    assert said.count("opening the cached copy") == 1
    assert sha[:7] in said
    assert Run.load(f"hf://a/b@{sha}").name == "tiny"
    assert capsys.readouterr().err == ""  # a commit is a commit
    with refused("hf://a/c", "not in the cache", "Connect to the network"):
        Run.load("hf://a/c")
    with refused("hf://a/b@v2", "not in the cache"):
        Run.load("hf://a/b@v2")


def test_offline_mode_is_said(hub, capsys, monkeypatch):
    from huggingface_hub import constants

    hub.repo("a/b").commit({"coffee.safetensors": TRACE.read_bytes()})
    Trace.load("hf://a/b/coffee.safetensors")
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    Trace.load("hf://a/b/coffee.safetensors")
    assert "HF_HUB_OFFLINE is set" in capsys.readouterr().err
    assert hub.requests == []


def test_a_cached_part_is_no_run(hub):
    hub.repo("a/b").commit(run_files())
    folder = Run.load("hf://a/b").dir
    (folder / "figures.json").unlink()
    hub.stop()
    with refused("hf://a/b", "only a part", "Connect to the network"):
        Run.load("hf://a/b")


def test_private_and_gated_repositories_open_with_a_token(hub, monkeypatch):
    hub.repo("a/private", private=True).commit(run_files())
    hub.repo("a/gated", gated=True).commit(run_files())
    for token in ("", READER):
        monkeypatch.setenv("HF_TOKEN", token)
        with refused("a/private", "no such repository, or it is private", "hf auth login", "HF_TOKEN"):
            Run.load("hf://a/private")
        with refused("a/gated", "gated", "Ask for access"):
            Run.load("hf://a/gated")
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    with refused("a/gated", "401", "token is not valid"):
        Run.load("hf://a/gated")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert Run.load("hf://a/private").name == Run.load("hf://a/gated").name == "tiny"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://a/none", ["no such repository"]),
        ("hf://a/b@v2", ["no such revision"]),
        ("hf://a/b@" + "0" * 40, ["no such revision"]),
        ("hf://a/b/none.safetensors", ["no such file"]),
        ("hf://a/b/none", ["hf://a/b/none holds no run", "config.json", "weights/*.safetensors"]),
        ("hf://a/bert", ["hf://a/bert holds no run"]),
    ],
)
def test_what_is_not_there(hub, address, words):
    hub.repo("a/b").commit(run_files())
    hub.repo("a/bert").commit({"config.json": b'{"model_type": "bert"}', "weights/x.safetensors": b"0"})
    with refused(*words):
        open_all([address])
    assert "x.safetensors" not in str(hub.downloads())


def test_a_full_disk_is_one_sentence(hub, monkeypatch):
    from huggingface_hub import file_download

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    hub.repo("a/b").commit(run_files())
    monkeypatch.setattr(file_download, "http_get", full)
    with refused("hf://a/b", "disk is full", "HF_HUB_CACHE"):
        Run.load("hf://a/b")


@pytest.mark.parametrize(
    "entry",
    [
        {"file": "../../../secret.safetensors"},
        {"file": "/etc/secret.safetensors"},
        {"file": "..\\secret.safetensors"},
        {"file": "C:secret.safetensors"},
        {"file": "secret.txt"},
        {"thumb": "https://example.org/seen.png"},
        {"name": None},
    ],
)
def test_a_run_names_nothing_outside_itself(hub, entry):
    index = {"traces": [{**INDEX["traces"][0], **entry}]}
    hub.repo("a/b").commit({**run_files(), "traces/index.json": json.dumps(index).encode()})
    with refused("index.json", "got ", " at traces.0.", "xpected"):
        open_all(["hf://a/b"])
    with refused("index.json"):
        Run.load("hf://a/b").trace_path("coffee")


def test_the_page_may_fetch_what_was_downloaded(hub, tmp_path):
    """The cache holds links; only those into the cache's own files are followed."""
    hub.repo("a/b").commit(run_files())
    run = Run.load("hf://a/b")
    traces = run.dir / "traces"
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "secret").write_text("secret")
    (traces / "link.safetensors").symlink_to(tmp_path / "blobs" / "secret")
    files = TraceFiles(run)
    assert all(files.lookup_path(name)[0] for name in ("index.json", "coffee.safetensors"))
    assert files.lookup_path("link.safetensors") == ("", None)


def test_from_the_shell(hub, tmp_path):
    """With the environment's variables, as people set them."""
    hub.repo("a/b").commit(run_files())
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HUB_CACHE": str(tmp_path / "cache"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [
        sys.executable,
        "-m",
        "iaff",
        "export",
        "hf://a/b/traces/coffee.safetensors",
        "--html",
        tmp_path / "a.html",
    ]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "hf://a/b/traces/coffee.safetensors -> " in done.stdout
    assert (tmp_path / "a.html").stat().st_size > 100_000
    hub.stop()
    command[4] = "hf://a/none"
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("iaff export: hf://a/none: it is not in the cache")
